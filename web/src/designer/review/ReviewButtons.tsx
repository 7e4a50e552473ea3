import { Button, ButtonGroup, DialogContainer } from "@adobe/react-spectrum";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "@/api/error";
import { useT } from "@/i18n/useT";
import { useAct } from "@/ui/useAct";
import { type JourneyVersion, versionQuery } from "../version";
import { ReviewDialog } from "./ReviewDialog";
import { approvalQuery, type ReviewVerb, review } from "./review";

interface Props {
  version: JourneyVersion;
  verbs: ReviewVerb[];
  /** The open request, which a decision is about. */
  requestUid: string | undefined;
  /** Bring the draft to the server first. */
  beforeAct: () => Promise<void>;
  onFaults: () => void;
}

/** Request an approval, approve, send back, take back: each with a comment. */
export function ReviewButtons({ version, verbs, requestUid, beforeAct, onFaults }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<ReviewVerb | null>(null);
  const act = useAct(
    async ({ verb, comment }: { verb: ReviewVerb; comment: string }) => {
      if (verb === "requestApproval") await beforeAct();
      return review(version.uid, verb, comment, requestUid).catch((error: unknown) => {
        void queries.invalidateQueries({ queryKey: approvalQuery(version.uid).queryKey });
        if (error instanceof ApiError && error.faults.length > 0) onFaults();
        throw error;
      });
    },
    {
      invalidates: [versionQuery(version.uid).queryKey, ["journeys"]],
      showsError: true,
      done: (after, { verb }) =>
        t(verb === "approve" && after.status === "In Review" ? "approvals.did.approveInPart" : `approvals.did.${verb}`),
      onDone: () => setAsked(null),
    },
  );
  const open = (verb: ReviewVerb) => {
    act.reset();
    setAsked(verb);
  };
  return (
    <>
      <ButtonGroup>
        {verbs.map((verb, index) => (
          <Button
            key={verb}
            variant={index === 0 && verb !== "cancelApproval" ? "accent" : "secondary"}
            style={index === 0 && verb !== "cancelApproval" ? "fill" : "outline"}
            onPress={() => open(verb)}
          >
            {t(`approvals.do.${verb}`)}
          </Button>
        ))}
      </ButtonGroup>
      <DialogContainer onDismiss={() => setAsked(null)}>
        {asked !== null && (
          <ReviewDialog
            verb={asked}
            error={act.error}
            isPending={act.isPending}
            onSend={(comment) => act.mutate({ verb: asked, comment })}
            onClose={() => setAsked(null)}
          />
        )}
      </DialogContainer>
    </>
  );
}
