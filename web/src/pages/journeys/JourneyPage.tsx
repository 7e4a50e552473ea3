import { ActionButton, Button, Checkbox, Flex, Heading, Text, View } from "@adobe/react-spectrum";
import Compare from "@spectrum-icons/workflow/Compare";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { Pager } from "@/ui/Pager";
import { shortName } from "@/ui/shortName";
import { Time } from "@/ui/Time";
import { useAct } from "@/ui/useAct";
import { comparePath, versionPath } from "./addresses";
import { JourneyActions } from "./JourneyActions";
import styles from "./JourneyPage.module.css";
import { JourneyStatus } from "./JourneyStatus";
import { notesOf, readRow, type VersionLine } from "./journey";
import { journeyQuery, newVersion, versionQuery } from "./queries";

const PAGE_SIZE = 20;
const DRAFTS = ["Draft", "Testing", "In Review", "Dry Run"];

/** One journey: its versions, who made them, and the notes on its canvas. */
export function JourneyPage() {
  const t = useT();
  const { uid } = useParams({ from: "/shell/journeys/$uid" });
  const search = useSearch({ from: "/shell/journeys/$uid" });
  const navigate = useNavigate();
  const mayWrite = useMay("journeys.write");
  const journey = useQuery(journeyQuery(uid));
  const lines = versionsOf(journey.data);
  const page = search.page ?? 0;
  const shown = lines.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
  const versions = useQueries({ queries: shown.map((line) => versionQuery(line.uid)) });
  const latest = useQuery({ ...versionQuery(lines[0]?.uid ?? ""), enabled: lines.length > 0 });
  const renew = useAct(() => newVersion(uid), {
    invalidates: [["journeys"]],
    onDone: (made) => void navigate({ to: versionPath(uid, made.uid) }),
  });

  if (journey.error) {
    return (
      <Page title={t("journeys.one")}>
        <ErrorNotice error={journey.error} onRetry={() => void journey.refetch()} />
      </Page>
    );
  }
  if (journey.data === undefined) return <Loading />;
  const row = readRow(journey.data);
  const picked = search.pick ?? [];
  // The address as it is, not as this render saw it: two boxes may be ticked within one render.
  const toggle = (versionUid: string, isOn: boolean) =>
    void navigate({
      to: "/journeys/$uid",
      params: { uid },
      search: (old) => ({ ...old, pick: pickOf(old.pick, versionUid, isOn) }),
      replace: true,
    });
  const compare = (from: string, to: string) => void navigate({ to: comparePath(uid), search: { from, to } as never });
  const ordered = lines.map((line) => line.uid).filter((one) => picked.includes(one));
  const notes = notesOf(latest.data?.document);
  return (
    <Page
      title={row.name}
      description={row.description || t("journeys.one.description")}
      actions={
        <>
          {mayWrite && !DRAFTS.includes(row.latest.status) && (
            <Button variant="accent" isPending={renew.isPending} onPress={() => renew.mutate()}>
              {t("journeys.act.newVersion")}
            </Button>
          )}
          <JourneyActions row={row} onDeleted={() => void navigate({ to: "/journeys", search: {} })} />
        </>
      }
    >
      <Flex alignItems="center" justifyContent="space-between" marginBottom="size-100" wrap gap="size-100">
        <Heading level={2} margin={0}>
          {t("journeys.versions")}
        </Heading>
        <ActionButton isDisabled={ordered.length !== 2} onPress={() => compare(ordered[1] ?? "", ordered[0] ?? "")}>
          <Compare />
          <Text>{t("journeys.compare.chosen")}</Text>
        </ActionButton>
      </Flex>
      <FigureTable
        stacks
        isWhole
        caption={t("journeys.versions")}
        columns={["version", "status", "created", "modified", "published", "actions"].map((id) => ({
          id,
          name: t(`journeys.versionColumn.${id}`),
          isText: true,
        }))}
        rows={shown.map((line, i) => {
          const found = versions[i]?.data;
          const before = lines[page * PAGE_SIZE + i + 1];
          const of = (at?: string, by?: string) => (at === undefined ? "–" : <When at={at} by={by ?? ""} />);
          return {
            id: line.uid,
            cells: {
              version: (
                <Checkbox isSelected={picked.includes(line.uid)} onChange={(isOn) => toggle(line.uid, isOn)}>
                  {line.version}
                </Checkbox>
              ),
              status: <JourneyStatus status={found?.status ?? line.status} />,
              created: of(found?.metadata.createdAt, found?.metadata.createdBy),
              modified: of(found?.metadata.lastModifiedAt, found?.metadata.lastModifiedBy),
              published: of(found?.metadata.firstDeployedAt, found?.metadata.firstDeployedBy),
              actions: <VersionLinks uid={uid} line={line} before={before} onCompare={compare} />,
            },
          };
        })}
      />
      <Pager
        page={page}
        hasNext={lines.length > (page + 1) * PAGE_SIZE}
        total={lines.length}
        onChange={(to) =>
          void navigate({ to: "/journeys/$uid", params: { uid }, search: { ...search, page: to || undefined } })
        }
      />
      <View marginTop="size-400">
        <Heading level={2}>{t("journeys.notes")}</Heading>
        {latest.data !== undefined && notes.length === 0 && (
          <Empty title={t("journeys.notes.empty")} detail={t("journeys.notes.emptyDetail")} />
        )}
        <ul className={styles.notes}>
          {notes.map((note) => (
            <li key={note.id}>
              <p>{note.text}</p>
              <span>
                {note.author} · {note.at && <Time value={note.at} />}
              </span>
            </li>
          ))}
        </ul>
      </View>
    </Page>
  );
}

/** The two versions to compare, after one was ticked or unticked: the last two that were ticked. */
function pickOf(picked: string[] | undefined, versionUid: string, isOn: boolean): string[] | undefined {
  const others = (picked ?? []).filter((one) => one !== versionUid);
  const pick = isOn ? [...others, versionUid].slice(-2) : others;
  return pick.length > 0 ? pick : undefined;
}

/** The newest first. */
function versionsOf(journey: Record<string, unknown> | undefined): VersionLine[] {
  const found = journey?.versions;
  return Array.isArray(found) ? [...(found as VersionLine[])].reverse() : [];
}

function When({ at, by }: { at: string; by: string }) {
  return (
    <span className={styles.when}>
      <Time value={at} />
      <span title={by}>{shortName(by)}</span>
    </span>
  );
}

interface LinksProps {
  uid: string;
  line: VersionLine;
  before: VersionLine | undefined;
  onCompare: (from: string, to: string) => void;
}

function VersionLinks({ uid, line, before, onCompare }: LinksProps) {
  const t = useT();
  const mayReport = useMay("journeys_report.read");
  const params = { uid, versionUid: line.uid };
  const name = { version: line.version };
  return (
    <span className={styles.links}>
      <PageLink to={versionPath(uid, line.uid)} aria-label={t("journeys.open.label", name)}>
        {t("journeys.act.open")}
      </PageLink>
      {mayReport && (
        <PageLink to="/journeys/$uid/report/$versionUid" params={params} aria-label={t("journeys.report.label", name)}>
          {t("journeys.act.report")}
        </PageLink>
      )}
      {before !== undefined && (
        <ActionButton isQuiet onPress={() => onCompare(before.uid, line.uid)}>
          {t("journeys.compare.with", { version: before.version })}
        </ActionButton>
      )}
    </span>
  );
}
