import { useEffect, useRef } from "react";
import type { NodeId } from "@/flow/document";
import type { DesignerSearch } from "./designerSearch";
import { useDraft, useDraftStore } from "./draftContext";

/** Keep the one activity that is selected and the address together. A panel about an activity keeps its own. */
export function useSelectedInAddress(search: DesignerSearch, write: (node: NodeId | undefined) => void): void {
  const store = useDraftStore();
  const only = useDraft((draft) => (draft.selected.size === 1 ? [...draft.selected][0] : undefined));
  const selected = only === undefined || only.startsWith("#") ? undefined : only;
  const isOfNode = search.panel === "node" || search.panel === "people";
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      const { node } = search;
      if (node !== undefined && store.getState().document.nodes[node] !== undefined) store.getState().select([node]);
      return;
    }
    if (!isOfNode && selected !== search.node) write(selected);
  }, [search, selected, isOfNode, store, write]);
}
