import {
  ActionBar,
  ActionBarContainer,
  Cell,
  Column,
  Item,
  Row,
  type Selection,
  TableBody,
  TableHeader,
  TableView,
  Text,
  ToastQueue,
} from "@adobe/react-spectrum";
import Pause from "@spectrum-icons/workflow/Pause";
import Play from "@spectrum-icons/workflow/Play";
import { useQuery } from "@tanstack/react-query";
import { type ComponentProps, useState } from "react";
import { FormattedNumber } from "react-intl";
import { call } from "@/api/call";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { PageLink } from "@/ui/PageLink";
import { Sparkline } from "@/ui/Sparkline";
import { shortName } from "@/ui/shortName";
import { Time } from "@/ui/Time";
import { useAct } from "@/ui/useAct";
import { versionPath } from "./addresses";
import { JourneyActions } from "./JourneyActions";
import { JourneyStatus } from "./JourneyStatus";
import styles from "./JourneysTable.module.css";
import { canPause, canResume, type JourneyRow } from "./journey";
import { countsQuery, insideOf, type Overview } from "./queries";

interface Props {
  rows: JourneyRow[];
  overview: Overview | undefined;
  /** `name` or `-name`: descending. */
  sort: string;
  onSort: (sort: string) => void;
}

interface BulkAnswer {
  results: { uid: string; status?: string; error?: string }[];
}

/** Most versions that the server takes in one call. */
const MOST = 10;

export function JourneysTable({ rows, overview, sort, onSort }: Props) {
  const t = useT();
  const mayPublish = useMay("journeys.publish");
  const [selection, setSelection] = useState<Selection>(new Set());
  const selected = rows.filter((row) => selection === "all" || selection.has(row.uid));
  const bulk = useAct(
    ({ verb, uids }: { verb: "pause" | "resume"; uids: string[] }) =>
      call<BulkAnswer>("POST", `/journey/orchestration/list/journeyVersions/${verb}`, { body: { uids } }),
    {
      invalidates: [["journeys"]],
      onDone: ({ results }, { verb }) => {
        const refused = results.filter((one) => one.error !== undefined);
        const count = results.length - refused.length;
        const detail = refused[0]?.error ?? "";
        if (count > 0) ToastQueue.positive(t(`journeys.bulk.${verb}.done`, { count }), { timeout: 5_000 });
        if (refused.length > 0)
          ToastQueue.negative(t(`journeys.bulk.${verb}.failed`, { count: refused.length, detail }));
        setSelection(new Set());
      },
    },
  );
  const inBulk = (verb: "pause" | "resume") => {
    const apt = selected.filter(verb === "pause" ? canPause : canResume);
    const uids = apt.flatMap((row) => (row.live === null ? [] : [row.live.uid])).slice(0, MOST);
    if (uids.length === 0) ToastQueue.info(t(`journeys.bulk.${verb}.none`), { timeout: 5_000 });
    else bulk.mutate({ verb, uids });
  };
  const isChosen = selection === "all" || selection.size > 0;
  const descriptor: ComponentProps<typeof TableView>["sortDescriptor"] = {
    column: sort.replace(/^-/, ""),
    direction: sort.startsWith("-") ? "descending" : "ascending",
  };
  const enteredBy = new Map<string, number>();
  for (const one of overview?.journeys ?? []) {
    enteredBy.set(one.journeyUid, (enteredBy.get(one.journeyUid) ?? 0) + one.entered);
  }
  return (
    <ActionBarContainer UNSAFE_style={{ paddingBottom: isChosen ? 72 : 0 }}>
      <TableView
        aria-label={t("journeys.title")}
        selectionMode={mayPublish ? "multiple" : "none"}
        selectedKeys={selection}
        onSelectionChange={setSelection}
        sortDescriptor={descriptor}
        onSortChange={({ column, direction }) => onSort(direction === "descending" ? `-${column}` : String(column))}
        overflowMode="wrap"
      >
        <TableHeader>
          <Column key="name" allowsSorting isRowHeader minWidth={180} width="3fr">
            {t("journeys.column.name")}
          </Column>
          <Column key="status" width={110}>
            {t("journeys.column.status")}
          </Column>
          <Column key="version" width={90}>
            {t("journeys.column.version")}
          </Column>
          <Column key="entry" width={115}>
            {t("journeys.column.entry")}
          </Column>
          <Column key="lastModifiedAt" allowsSorting minWidth={150}>
            {t("journeys.column.modified")}
          </Column>
          <Column key="entrances" width={155}>
            {t("journeys.column.entrances")}
          </Column>
          <Column key="inside" width={100} align="end">
            {t("journeys.column.inside")}
          </Column>
          <Column key="actions" width={60} align="end" hideHeader>
            {t("journeys.column.actions")}
          </Column>
        </TableHeader>
        <TableBody items={rows.map((one) => ({ ...one }))}>
          {(row) => (
            <Row key={row.uid}>
              <Cell textValue={row.name}>
                <div className={styles.name}>
                  <PageLink to={versionPath(row.uid, row.latest.uid)}>{row.name}</PageLink>
                  {row.description && <span className={styles.description}>{row.description}</span>}
                  {row.tags.length > 0 && <span className={styles.tags}>{row.tags.join(" · ")}</span>}
                </div>
              </Cell>
              <Cell>
                <JourneyStatus status={(row.live ?? row.latest).status} />
              </Cell>
              <Cell>
                <VersionCell row={row} />
              </Cell>
              <Cell>{row.entryType === null ? "–" : t(`journeys.entry.${row.entryType}`)}</Cell>
              <Cell textValue={row.modifiedAt ?? ""}>
                <div className={styles.name}>
                  {row.modifiedAt && <Time value={row.modifiedAt} />}
                  <span className={styles.description} title={row.modifiedBy}>
                    {shortName(row.modifiedBy)}
                  </span>
                </div>
              </Cell>
              <Cell>
                <Entrances row={row} entered={enteredBy.get(row.uid) ?? 0} />
              </Cell>
              <Cell>
                <Inside row={row} />
              </Cell>
              <Cell textValue={t("common.actionsOf", { name: row.name })}>
                <JourneyActions row={row} />
              </Cell>
            </Row>
          )}
        </TableBody>
      </TableView>
      <ActionBar
        isEmphasized
        selectedItemCount={selection === "all" ? "all" : selection.size}
        onClearSelection={() => setSelection(new Set())}
        onAction={(key) => inBulk(key === "pause" ? "pause" : "resume")}
      >
        <Item key="pause">
          <Pause />
          <Text>{t("journeys.act.pause")}</Text>
        </Item>
        <Item key="resume">
          <Play />
          <Text>{t("journeys.act.resume")}</Text>
        </Item>
      </ActionBar>
    </ActionBarContainer>
  );
}

/** The live version, and the draft that stands beside it. */
function VersionCell({ row }: { row: JourneyRow }) {
  const t = useT();
  const shown = row.live ?? row.latest;
  return (
    <div className={styles.name}>
      <PageLink to="/journeys/$uid" params={{ uid: row.uid }}>
        {shown.version}
      </PageLink>
      {row.live !== null && row.live.uid !== row.latest.uid && (
        <span className={styles.description}>{t("journeys.alsoDraft", { version: row.latest.version })}</span>
      )}
    </div>
  );
}

function Entrances({ row, entered }: { row: JourneyRow; entered: number }) {
  const t = useT();
  const total = row.entered ?? entered;
  const label = t("journeys.entrances", { count: total });
  return (
    <div className={styles.entrances}>
      {row.entrances !== null && total > 0 && <Sparkline values={row.entrances} label={label} />}
      <span>
        <FormattedNumber value={total} />
      </span>
    </div>
  );
}

/** Who is inside the live version now. */
function Inside({ row }: { row: JourneyRow }) {
  const counts = useQuery({ ...countsQuery(row.live?.uid ?? ""), enabled: row.live !== null });
  return counts.data === undefined ? "–" : <FormattedNumber value={insideOf(counts.data)} />;
}
