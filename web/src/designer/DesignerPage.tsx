import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { ReactFlowProvider } from "@xyflow/react";
import { useMemo } from "react";
import { useReferences } from "@/activities/useReferences";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { Designer } from "./Designer";
import { DraftContext } from "./draftContext";
import { createDraftStore } from "./draftStore";
import { JumpsContext, jumpsQuery, type Origin } from "./jumps";
import { NamesContext } from "./namesContext";
import { type JourneyVersion, versionQuery } from "./version";

const NONE: readonly Origin[] = [];

/** One version of a journey: a draft to edit, or a published one to look at. */
export function DesignerPage() {
  const { versionUid } = useParams({ from: "/shell/journeys/$uid/versions/$versionUid" });
  const { data, error, refetch } = useQuery(versionQuery(versionUid));
  if (error !== null && data === undefined) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  // a version that was published since is another thing to look at, and not to be edited
  return <Loaded key={`${versionUid} ${data.data.status}`} version={data.data} etag={data.etag} />;
}

function Loaded({ version, etag }: { version: JourneyVersion; etag: string }) {
  const { names } = useReferences();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is read anew later is merged by the autosave
  const store = useMemo(() => createDraftStore(version.document, etag, version.status !== "Draft"), []);
  const origins = useQuery(jumpsQuery(version.journeyUid)).data ?? NONE;
  return (
    <DraftContext value={store}>
      <NamesContext value={names}>
        <JumpsContext value={origins}>
          <ReactFlowProvider>
            <Designer version={version} />
          </ReactFlowProvider>
        </JumpsContext>
      </NamesContext>
    </DraftContext>
  );
}
