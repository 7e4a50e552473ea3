import { ActionBar, ActionBarContainer, Item, Text, ToastQueue } from "@adobe/react-spectrum";
import Pause from "@spectrum-icons/workflow/Pause";
import Play from "@spectrum-icons/workflow/Play";
import { useState } from "react";
import { call } from "@/api/call";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { FigureTable } from "@/ui/FigureTable";
import { PageLink } from "@/ui/PageLink";
import { useAct } from "@/ui/useAct";
import { versionPath } from "./addresses";
import type { ColumnId } from "./columns";
import { JourneyActions } from "./JourneyActions";
import { JourneyCell } from "./JourneyCell";
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

const SORTABLE: ReadonlySet<ColumnId> = new Set(["lastModifiedAt", "createdAt"]);
const COUNTED: ReadonlySet<ColumnId> = new Set(["entrances", "inside"]);

interface BulkAnswer {
  results: { uid: string; status?: string; error?: string }[];
}

/** Most versions that the server takes in one call. */
const MOST = 10;

export function JourneysTable({ rows, overview, sort, onSort, columns }: Props) {
  const t = useT();
  const mayPublish = useMay("journeys.publish");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const selected = rows.filter((row) => chosen.has(row.uid));
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
        setChosen(new Set());
      },
    },
  );
  const inBulk = (verb: "pause" | "resume") => {
    const apt = selected.filter(verb === "pause" ? canPause : canResume);
    const uids = apt.flatMap((row) => (row.live === null ? [] : [row.live.uid])).slice(0, MOST);
    if (uids.length === 0) ToastQueue.info(t(`journeys.bulk.${verb}.none`), { timeout: 5_000 });
    else bulk.mutate({ verb, uids });
  };
  const enteredBy = new Map<string, number>();
  for (const one of overview?.journeys ?? []) {
    enteredBy.set(one.journeyUid, (enteredBy.get(one.journeyUid) ?? 0) + one.entered);
  }
  return (
    <ActionBarContainer UNSAFE_style={{ paddingBottom: selected.length > 0 ? 72 : 0 }}>
      <FigureTable
        caption={t("journeys.title")}
        isWhole
        stacks
        chosen={chosen}
        onChoose={mayPublish ? setChosen : undefined}
        sort={sort}
        onSort={onSort}
        columns={[
          { id: "name", name: t("journeys.column.name"), allowsSorting: true },
          ...columns.map((id) => ({
            id,
            name: t(`journeys.column.${id}`),
            isText: !COUNTED.has(id),
            allowsSorting: SORTABLE.has(id),
          })),
          { id: "actions", name: t("journeys.column.actions"), isUnnamed: true },
        ]}
        rows={rows.map((row) => ({
          id: row.uid,
          name: row.name,
          detail: (row.description || row.tags.length > 0) && (
            <>
              {row.description && <div>{row.description}</div>}
              {row.tags.length > 0 && <em>{row.tags.join(" · ")}</em>}
            </>
          ),
          cells: {
            name: <PageLink to={versionPath(row.uid, row.latest.uid)}>{row.name}</PageLink>,
            actions: <JourneyActions row={row} />,
            ...Object.fromEntries(
              columns.map((id) => [
                id,
                <JourneyCell key={id} row={row} column={id} entered={enteredBy.get(row.uid) ?? 0} />,
              ]),
            ),
          },
        }))}
      />
      <ActionBar
        isEmphasized
        selectedItemCount={selected.length}
        onClearSelection={() => setChosen(new Set())}
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
