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
import { type ComponentProps, useState } from "react";
import { call } from "@/api/call";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { PageLink } from "@/ui/PageLink";
import { useAct } from "@/ui/useAct";
import { versionPath } from "./addresses";
import type { ColumnId } from "./columns";
import { JourneyActions } from "./JourneyActions";
import { JourneyCell } from "./JourneyCell";
import styles from "./JourneysTable.module.css";
import { canPause, canResume, type JourneyRow } from "./journey";
import type { Overview } from "./queries";

interface Props {
  rows: JourneyRow[];
  overview: Overview | undefined;
  /** `name` or `-name`: descending. */
  sort: string;
  onSort: (sort: string) => void;
  /** Those that are shown beside the name. */
  columns: readonly ColumnId[];
}

/** How wide columns are, and which can be sorted by. */
const LOOKS: Record<ColumnId, { width?: number; minWidth?: number; allowsSorting?: boolean; align?: "end" }> = {
  status: { width: 110 },
  version: { width: 90 },
  entry: { width: 115 },
  lastModifiedAt: { minWidth: 150, allowsSorting: true },
  createdAt: { minWidth: 150, allowsSorting: true },
  published: { minWidth: 150 },
  entrances: { width: 155 },
  inside: { width: 100, align: "end" },
};

interface BulkAnswer {
  results: { uid: string; status?: string; error?: string }[];
}

/** Most versions that the server takes in one call. */
const MOST = 10;

export function JourneysTable({ rows, overview, sort, onSort, columns }: Props) {
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
  const shown = (["name", ...columns, "actions"] as const).map((id) => ({ id }));
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
        <TableHeader columns={shown}>
          {({ id }) =>
            id === "name" ? (
              <Column key={id} allowsSorting isRowHeader minWidth={180} width="3fr">
                {t("journeys.column.name")}
              </Column>
            ) : id === "actions" ? (
              <Column key={id} width={60} align="end" hideHeader>
                {t("journeys.column.actions")}
              </Column>
            ) : (
              <Column key={id} {...LOOKS[id]}>
                {t(`journeys.column.${id}`)}
              </Column>
            )
          }
        </TableHeader>
        <TableBody items={rows.map((one) => ({ ...one }))}>
          {(row) => (
            <Row key={row.uid}>
              {(key) =>
                key === "name" ? (
                  <Cell textValue={row.name}>
                    <div className={styles.name}>
                      <PageLink to={versionPath(row.uid, row.latest.uid)}>{row.name}</PageLink>
                      {row.description && <span className={styles.description}>{row.description}</span>}
                      {row.tags.length > 0 && <span className={styles.tags}>{row.tags.join(" · ")}</span>}
                    </div>
                  </Cell>
                ) : key === "actions" ? (
                  <Cell textValue={t("common.actionsOf", { name: row.name })}>
                    <JourneyActions row={row} />
                  </Cell>
                ) : (
                  <Cell>
                    <JourneyCell row={row} column={key as ColumnId} entered={enteredBy.get(row.uid) ?? 0} />
                  </Cell>
                )
              }
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
