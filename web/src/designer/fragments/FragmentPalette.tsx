import Fragment from "@spectrum-icons/workflow/Layers";
import { useQuery } from "@tanstack/react-query";
import { useReactFlow } from "@xyflow/react";
import { positionOf } from "@/flow/edit";
import { freeWay, insertFragment } from "@/flow/fragment";
import { useT } from "@/i18n/useT";
import { DRAG_TYPE } from "../Canvas";
import { useDraftStore } from "../draftContext";
import { handlesOf } from "../kinds";
import styles from "../Palette.module.css";
import { activeFragments, DRAGGED, type Fragment as FragmentRow } from "./fragments";

/** Active fragments: dragged onto the canvas or, with Enter, put behind what is selected. */
export function FragmentPalette({ search }: { search: string }) {
  const t = useT();
  const store = useDraftStore();
  const flow = useReactFlow();
  const found = useQuery(activeFragments);
  const shown = (found.data?.results ?? []).filter((one) => one.name.toLocaleLowerCase().includes(search));
  if (shown.length === 0) return null;

  const insert = (fragment: FragmentRow) => {
    const { document: now, selected, change, select } = store.getState();
    const id = selected.size === 1 ? [...selected][0] : undefined;
    const before = id === undefined ? undefined : now.nodes[id];
    const handle = id === undefined || before === undefined ? null : freeWay(now, id, handlesOf(before));
    const behind = id === undefined || handle === null ? undefined : { id, handle };
    const origin = behind === undefined ? null : positionOf(now, behind.id);
    const at = origin === null ? { x: 0, y: 120 * Object.keys(now.nodes).length } : { x: origin.x + 300, y: origin.y };
    const inserted = insertFragment(now, fragment, at, behind);
    change(inserted.document);
    select(inserted.ids);
    requestAnimationFrame(
      () => void flow.fitView({ nodes: inserted.ids.map((one) => ({ id: one })), maxZoom: 1, duration: 150 }),
    );
  };

  return (
    <section aria-labelledby="palette-fragments">
      <h2 id="palette-fragments">{t("designer.palette.fragments")}</h2>
      <ul>
        {shown.map((one) => (
          <li key={one.uid}>
            <button
              type="button"
              className={styles.item}
              data-group="fragments"
              draggable
              title={one.description || undefined}
              onDragStart={(event) => {
                event.dataTransfer.setData(DRAG_TYPE, `${DRAGGED}${one.uid}`);
                event.dataTransfer.effectAllowed = "copy";
              }}
              onClick={() => insert(one)}
            >
              <Fragment size="S" />
              {one.name}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
