import {
  acceptCompletion,
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  startCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { type Diagnostic, lintKeymap } from "@codemirror/lint";
import { type Extension, RangeSetBuilder, Transaction } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  keymap,
  tooltips,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import { complete, type Option } from "./completion";
import { rangeOf } from "./mend";
import type { ExpressionFault, Scope } from "./scope";
import { tokenize } from "./tokens";

/** What completion reads when it is asked; it changes while the editor stays. */
export interface Surroundings {
  scope: Scope;
  audiences: readonly string[];
}

/** Colours of the words. */
const colours = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = colour(view.state.doc.toString());
    }
    update(update: ViewUpdate) {
      if (update.docChanged) this.decorations = colour(update.state.doc.toString());
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function colour(text: string): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const token of tokenize(text)) {
    if (token.kind !== "space") builder.add(token.from, token.to, Decoration.mark({ class: `tok-${token.kind}` }));
  }
  return builder.finish();
}

function toCompletion(option: Option): Completion {
  const { label, apply, back = 0, detail, info, type, boost } = option;
  const text = apply ?? label;
  const insert = (view: EditorView, _completion: Completion, from: number, to: number) => {
    // A closing bracket that stands there already, as it does after typing an opening one, is not doubled.
    const isClosed = text.endsWith("}") && view.state.sliceDoc(to, to + 1) === "}";
    view.dispatch({
      changes: { from, to: isClosed ? to + 1 : to, insert: text },
      selection: { anchor: from + text.length - back },
      annotations: Transaction.userEvent.of("input.complete"),
    });
    if (type === "root") startCompletion(view);
  };
  return { label, detail, info, boost, type, apply: insert };
}

function source(surroundings: () => Surroundings) {
  return (context: CompletionContext): CompletionResult | null => {
    const { scope, audiences } = surroundings();
    const text = context.state.doc.toString();
    const found = complete(text, context.pos, scope, audiences);
    if (found === null) return null;
    const opens = /[.{"']$/.test(text.slice(0, context.pos));
    if (!context.explicit && found.from === context.pos && !opens) return null;
    return { from: found.from, options: found.options.map(toCompletion), validFor: /^[\w-]*$/ };
  };
}

/** Everything of the editor but its content; Tab takes a completion while one is offered, and else leaves the editor. */
export function extensions(surroundings: () => Surroundings, onChange: (text: string) => void): Extension[] {
  return [
    history(),
    closeBrackets(),
    bracketMatching(),
    colours,
    autocompletion({ override: [source(surroundings)], icons: false, maxRenderedOptions: 100 }),
    keymap.of([
      { key: "Tab", run: acceptCompletion },
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...lintKeymap,
      ...historyKeymap,
      ...defaultKeymap,
    ]),
    tooltips({ position: "fixed" }),
    EditorView.lineWrapping,
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onChange(update.state.doc.toString());
    }),
  ];
}

/** The faults as marks in the editor. */
export function diagnostics(text: string, faults: readonly ExpressionFault[]): Diagnostic[] {
  return faults.map((fault) => ({
    ...rangeOf(text, fault),
    severity: fault.severity === "warning" ? "warning" : "error",
    message: fault.message,
  }));
}
