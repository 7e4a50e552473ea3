import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { useEffect, useRef } from "react";
import styles from "./SqlEditor.module.css";

interface Props {
  value: string;
  label: string;
  tables: readonly string[];
  onChange: (value: string) => void;
  /** Ctrl or ⌘ with Enter. */
  onRun: () => void;
}

/** SQL with the names of the tables completed. */
export function SqlEditor(props: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const names = props.tables.join(",");
  useEffect(() => {
    if (holder.current === null) return;
    const { value, label } = latest.current;
    const run = () => {
      latest.current.onRun();
      return true;
    };
    const editor = new EditorView({
      parent: holder.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          Prec.highest(keymap.of([{ key: "Mod-Enter", run }])),
          history(),
          autocompletion(),
          keymap.of([...completionKeymap, ...historyKeymap, ...defaultKeymap]),
          sql({
            dialect: PostgreSQL,
            schema: Object.fromEntries(names.split(",").map((name) => [name, []])),
            upperCaseKeywords: true,
          }),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    return () => editor.destroy();
  }, [names]);
  return <div ref={holder} className={styles.editor} />;
}
