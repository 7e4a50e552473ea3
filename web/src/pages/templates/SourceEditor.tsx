import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { html } from "@codemirror/lang-html";
import { json } from "@codemirror/lang-json";
import { bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { useEffect, useRef } from "react";

export type Language = "html" | "json" | "text";

interface Props {
  value: string;
  onChange: (value: string) => void;
  language: Language;
  labelledBy: string;
  describedBy: string;
  isInvalid: boolean;
  isReadOnly: boolean;
}

const LANGUAGES = { html: () => html(), json: () => json(), text: () => [] };

/** Source text in CodeMirror; Tab leaves it. */
export default function SourceEditor(props: Props) {
  const { value, language, labelledBy, describedBy, isInvalid, isReadOnly } = props;
  const holder = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const attributes = useRef(new Compartment());
  const tongue = useRef(new Compartment());
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    if (holder.current === null) return;
    const editor = new EditorView({
      parent: holder.current,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          history(),
          lineNumbers(),
          bracketMatching(),
          syntaxHighlighting(classHighlighter),
          keymap.of([...historyKeymap, ...defaultKeymap]),
          EditorView.lineWrapping,
          attributes.current.of([]),
          tongue.current.of(LANGUAGES[latest.current.language]()),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
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
    view.current?.dispatch({ effects: tongue.current.reconfigure(LANGUAGES[language]()) });
  }, [language]);

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
          tabindex: "0",
        }),
      ]),
    });
  }, [isReadOnly, labelledBy, describedBy, isInvalid]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  return <div ref={holder} />;
}
