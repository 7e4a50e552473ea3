import { SearchField } from "@adobe/react-spectrum";
import { useReactFlow } from "@xyflow/react";
import { useMemo, useState } from "react";
import type { ActivityKind, Group } from "@/activities/kind";
import { KINDS } from "@/activities/registry";
import type { JourneyDocument, NodeId, NodeType } from "@/flow/document";
import { add, addBehind } from "@/flow/edit";
import { freeWay } from "@/flow/fragment";
import { useT } from "@/i18n/useT";
import { DRAG_TYPE } from "./Canvas";
import { useDraft, useDraftStore } from "./draftContext";
import { FragmentPalette } from "./fragments/FragmentPalette";
import { firstHandle, handlesOf } from "./kinds";
import styles from "./Palette.module.css";
import { lookAt } from "./useInView";

const GROUPS: Group[] = ["events", "orchestration", "actions"];

/** The kinds of activities: dragged onto the canvas or, with Enter, added behind what is selected. */
export function Palette({ onOpen }: { onOpen: (id: string) => void }) {
  const t = useT();
  const store = useDraftStore();
  const flow = useReactFlow();
  const [search, setSearch] = useState("");
  const document = useDraft((draft) => draft.document);
  const selected = useDraft((draft) => draft.selected);
  const previous = useMemo(() => {
    const only = selected.size === 1 ? [...selected][0] : undefined;
    return only === undefined ? undefined : document.nodes[only];
  }, [selected, document]);
  const isEmpty = Object.keys(document.nodes).length === 0;

  const isUsable = (kind: ActivityKind): boolean => {
    if (isEmpty) return kind.canBegin;
    return previous === undefined ? kind.canFollow({ type: "event" }) || kind.canBegin : kind.canFollow(previous);
  };

  const insert = (type: NodeType) => {
    const { document: now, selected: chosen, change, select } = store.getState();
    const node = KINDS[type].create();
    const behind = chosen.size === 1 ? [...chosen][0] : undefined;
    const before = behind === undefined ? undefined : now.nodes[behind];
    const handle = before === undefined ? null : wayBehind(now, behind ?? "", handlesOf(before));
    const added =
      behind === undefined || handle === null
        ? add(now, node, { x: 0, y: 120 * Object.keys(now.nodes).length })
        : addBehind(now, behind, handle, node, firstHandle(node));
    change(added.document);
    select([added.id]);
    onOpen(added.id);
    const zoom = flow.getZoom();
    lookAt(flow, added.id, { maxZoom: zoom, minZoom: zoom, duration: 150 });
  };

  const wanted = search.trim().toLocaleLowerCase();
  return (
    <aside className={styles.palette} aria-label={t("designer.palette")}>
      <SearchField aria-label={t("designer.palette.search")} value={search} onChange={setSearch} width="100%" isQuiet />
      {GROUPS.map((group) => {
        const kinds = Object.values(KINDS).filter(
          (kind) => kind.group === group && t(`activities.${kind.type}.name`).toLocaleLowerCase().includes(wanted),
        );
        if (kinds.length === 0) return null;
        return (
          <section key={group} aria-labelledby={`palette-${group}`}>
            <h2 id={`palette-${group}`}>{t(`designer.palette.${group}`)}</h2>
            <ul>
              {kinds.map((kind) => (
                <li key={kind.type}>
                  <button
                    type="button"
                    className={styles.item}
                    data-group={kind.group}
                    draggable={isUsable(kind)}
                    disabled={!isUsable(kind)}
                    title={
                      isUsable(kind) ? undefined : t(isEmpty ? "designer.palette.notFirst" : "designer.palette.notHere")
                    }
                    onDragStart={(event) => {
                      event.dataTransfer.setData(DRAG_TYPE, kind.type);
                      event.dataTransfer.effectAllowed = "copy";
                    }}
                    onClick={() => insert(kind.type)}
                  >
                    <kind.icon size="S" />
                    {t(`activities.${kind.type}.name`)}
                  </button>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
      <FragmentPalette search={wanted} />
      <p className={styles.hint}>{t("designer.palette.hint")}</p>
    </aside>
  );
}

/** The first way out that leads nowhere yet, else the first. */
const wayBehind = (document: JourneyDocument, id: NodeId, handles: string[]): string | null =>
  freeWay(document, id, handles) ?? handles[0] ?? null;
