import { useReactFlow } from "@xyflow/react";
import { useEffect } from "react";
import { copy, disconnect, paste, readClip, remove } from "@/flow/edit";
import { removeComments } from "./comments";
import { useDraftStore } from "./draftContext";
import { type Direction, neighbour } from "./keys";

interface Acts {
  onOpen: (id: string) => void;
  onClose: () => void;
  onHelp: () => void;
}

const ARROWS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

/** The keyboard of the canvas; text fields and dialogs keep theirs. */
export function useKeys({ onOpen, onClose, onHelp }: Acts): void {
  const store = useDraftStore();
  const flow = useReactFlow();
  useEffect(() => {
    const undo = (isBack: boolean) => (isBack ? store.getState().undo() : store.getState().redo());

    const onKeyDown = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (target.closest("input, textarea, select, [contenteditable=true], [role=dialog], [role=menu], [role=listbox]"))
        return;
      const { document, selected, selectedEdges, isReadOnly, change, select } = store.getState();
      const isCommand = event.ctrlKey || event.metaKey;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const only = selected.size === 1 ? [...selected][0] : undefined;
      // The Tab key moves the focus alone, and it is the focus that one sees.
      const opened = target.closest<HTMLElement>(".react-flow__node")?.dataset.id ?? only;
      if (isCommand && (key === "z" || key === "y")) undo(key === "z" && !event.shiftKey);
      else if (isCommand && key === "a") select(Object.keys(document.nodes));
      else if (key === "Escape") {
        select([]);
        onClose();
      } else if (key === "?") onHelp();
      else if (key === "Enter" && opened !== undefined && target.closest(".react-flow")) {
        select([opened]);
        onOpen(opened);
      } else if (
        ARROWS.has(key) &&
        target.closest(".react-flow__node, .react-flow__pane, body") &&
        !event.altKey &&
        !isCommand
      ) {
        if (target.closest("aside, header, nav")) return;
        const from = only ?? document.entry.node;
        const to = only === undefined ? from : neighbour(document, from, key as Direction);
        if (to !== null && document.nodes[to] !== undefined) {
          select([to]);
          globalThis.document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(to)}"]`)?.focus();
          void flow.fitView({ nodes: [{ id: to }], maxZoom: flow.getZoom(), minZoom: flow.getZoom(), duration: 150 });
        }
      } else if ((key === "Delete" || key === "Backspace") && !isReadOnly) {
        const notes = new Set([...selected].filter((id) => id.startsWith("#")).map((id) => id.slice(1)));
        change(removeComments(remove(disconnect(document, selectedEdges), selected), notes));
        select([]);
      } else return;
      event.preventDefault();
      event.stopPropagation();
    };

    const isOurs = (event: ClipboardEvent) =>
      !(event.target as HTMLElement).closest("input, textarea, [contenteditable=true], [role=dialog]");
    const onCopy = (event: ClipboardEvent) => {
      const { document, selected, isReadOnly, change, select } = store.getState();
      if (!isOurs(event) || selected.size === 0 || window.getSelection()?.isCollapsed === false) return;
      event.clipboardData?.setData("text/plain", JSON.stringify(copy(document, selected), null, 2));
      event.preventDefault();
      if (event.type === "cut" && !isReadOnly) {
        change(remove(document, selected));
        select([]);
      }
    };
    const onPaste = (event: ClipboardEvent) => {
      const { document, isReadOnly, change, select } = store.getState();
      const clip = isOurs(event) && !isReadOnly ? readClip(event.clipboardData?.getData("text/plain") ?? "") : null;
      if (clip === null) return;
      const pasted = paste(document, clip);
      change(pasted.document);
      select(pasted.ids);
      event.preventDefault();
    };

    window.addEventListener("keydown", onKeyDown, true);
    window.addEventListener("copy", onCopy);
    window.addEventListener("cut", onCopy);
    window.addEventListener("paste", onPaste);
    return () => {
      window.removeEventListener("keydown", onKeyDown, true);
      window.removeEventListener("copy", onCopy);
      window.removeEventListener("cut", onCopy);
      window.removeEventListener("paste", onPaste);
    };
  }, [store, flow, onOpen, onClose, onHelp]);
}
