import { setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import styles from "./ExpressionEditor.module.css";
import { diagnostics, extensions, type Surroundings } from "./extensions";
import type { ExpressionFault } from "./scope";

interface Props {
  value: string;
  onChange: (value: string) => void;
  /** Told where the cursor is; null when the editor lost the focus. */
  onCursor?: (at: number | null) => void;
  surroundings: Surroundings;
  /** What is wrong with `checked`, which may be an earlier text. */
  faults: readonly ExpressionFault[];
  checked: string | null;
  labelledBy: string;
  describedBy: string;
  isReadOnly: boolean;
  /** A text to be put where the cursor is, once for each `id`. */
  insertion: { id: number; text: string } | null;
}

/** The text of an expression in CodeMirror; Escape and then Tab leaves it. */
export function CodeMirror(props: Props) {
  const { value, surroundings, faults, checked, isReadOnly, labelledBy, describedBy, insertion } = props;
  const holder = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const attributes = useRef(new Compartment());
  const latest = useRef(props);
  latest.current = props;
  const near = useRef<Surroundings>(surroundings);
  near.current = surroundings;
  const isInvalid = faults.some((fault) => fault.severity !== "warning");

  useEffect(() => {
    if (holder.current === null) return;
    const editor = new EditorView({
      parent: holder.current,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          ...extensions(
            () => near.current,
            (text) => latest.current.onChange(text),
          ),
          attributes.current.of([]),
          EditorView.updateListener.of((update) => {
            if (!update.selectionSet && !update.focusChanged && !update.docChanged) return;
            latest.current.onCursor?.(update.view.hasFocus ? update.state.selection.main.head : null);
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, []);

  useEffect(() => {
    view.current?.dispatch({
      effects: attributes.current.reconfigure([
        EditorState.readOnly.of(isReadOnly),
        EditorView.editable.of(!isReadOnly),
        EditorView.contentAttributes.of({
          "aria-labelledby": labelledBy,
          "aria-describedby": describedBy,
          "aria-invalid": String(isInvalid),
          "aria-readonly": String(isReadOnly),
          ...(isReadOnly ? { tabindex: "0" } : {}),
        }),
      ]),
    });
  }, [isReadOnly, labelledBy, describedBy, isInvalid]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null || editor.state.doc.toString() !== (checked ?? "")) return;
    editor.dispatch(setDiagnostics(editor.state, diagnostics(checked ?? "", faults)));
  }, [checked, faults]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null || insertion === null) return;
    editor.dispatch(editor.state.replaceSelection(insertion.text));
    editor.focus();
  }, [insertion]);

  return <div ref={holder} className={`${styles.editor} ${isInvalid ? styles.invalid : ""}`} />;
}
