import { fieldOf, isList, type Scope, type ScopeField, type ScopeRoot } from "./scope";
import { quote, type Token, tokenize, unquote } from "./tokens";

/** One thing that may be written where the cursor is. */
export interface Option {
  label: string;
  /** What is written instead of the label. */
  apply?: string;
  /** How far the cursor goes back after it was written, so that it stands between brackets. */
  back?: number;
  detail?: string;
  info?: string;
  type: "function" | "field" | "keyword" | "root" | "selector" | "text";
  boost?: number;
}

export interface Completions {
  /** Where what is replaced begins; it ends at the cursor. */
  from: number;
  options: Option[];
}

/** A path that is being written: where it begins, and its steps so far. */
interface Path {
  opener: string;
  steps: string[];
}

interface Frame {
  bracket: string;
  /** Of a selector's bracket: the collection whose elements are looked at. */
  collection: Path | null;
  /** Of a call's bracket: the function's name. */
  call: string | null;
  outer: Path | null;
}

interface Where {
  path: Path | null;
  frames: Frame[];
  /** The token that ends at the cursor or holds it; null after white space. */
  current: Token | null;
  /** The last token before it that is no white space. */
  before: Token | null;
  /** The reference that was closed last. */
  lastReference: string | null;
}

const PLAIN = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const SELECTORS: [string, string][] = [
  ["all", "all()"],
  ["first", "first()"],
  ["last", "last()"],
  ["at", "at()"],
];
const KEYWORDS = ["and", "or", "not", "is null", "is not null", "true", "false"];
const ELEMENTS: Record<string, string> = {
  "@event{": "currentEventField",
  "@{": "currentEventField",
  "#{": "currentDataPackField",
  "@action{": "currentActionField",
  "@datasetLookup{": "currentDatasetLookupField",
};

/** What may be written at an offset of a text; null where nothing can be told. */
export function complete(
  text: string,
  at: number,
  scope: Scope,
  audiences: readonly string[] = [],
): Completions | null {
  const where = locate(text, at);
  const { current, before, path } = where;
  if (current?.kind === "string") return inString(text, current, at, where, scope, audiences);
  if (path !== null) return inPath(path, current, at, scope);
  const word = current !== null && /[A-Za-z_]$/.test(text.slice(current.from, at)) ? current : null;
  if (current !== null && word === null && current.kind === "number") return null;
  const from = word?.from ?? at;
  return { from, options: [...values(before, where, scope, audiences), ...elements(where), ...everything(scope)] };
}

// --- where the cursor is --------------------------------------------------------------------------------------------

function locate(text: string, at: number): Where {
  const frames: Frame[] = [];
  let path: Path | null = null;
  let before: Token | null = null;
  let lastReference: string | null = null;
  let opened = 0;
  let current: Token | null = null;
  for (const token of tokenize(text)) {
    if (token.from >= at) break;
    const isOpenString = token.kind === "string" && token.to === at && !isClosed(token.text);
    const isWord = token.kind !== "space" && token.kind !== "bracket" && token.kind !== "punctuation";
    const opens = token.kind === "reference" || token.kind === "property" || token.kind === "operator";
    if (token.to > at || isOpenString || (token.to === at && isWord && !opens && token.kind !== "string")) {
      if (token.kind !== "space") current = { ...token, text: text.slice(token.from, at), to: at };
      break;
    }
    if (token.kind === "space") continue;
    if (token.kind === "reference" || token.kind === "property") {
      frames.push({ bracket: "{", collection: null, call: null, outer: path });
      path = { opener: token.text, steps: [] };
      opened = token.from;
    } else if (token.text === "(" || token.text === "[" || token.text === "{") {
      const collection = before?.kind === "selector" ? path : null;
      frames.push({
        bracket: token.text,
        collection,
        call: before?.kind === "function" ? before.text : null,
        outer: path,
      });
      path = null;
    } else if (token.text === ")" || token.text === "]" || token.text === "}") {
      const frame = frames.pop();
      if (token.text === "}" && path !== null) lastReference = text.slice(opened, token.to);
      path = frame?.outer ?? null;
    } else if (token.kind === "element") {
      const collection = [...frames].reverse().find((frame) => frame.collection !== null)?.collection ?? null;
      path = collection === null ? null : { opener: collection.opener, steps: [...collection.steps] };
    } else if (path !== null && (token.kind === "segment" || token.kind === "string") && before?.text !== ",") {
      path = stepped(path, token);
    } else if (path !== null && token.kind !== "selector" && token.text !== ".") {
      // After an element's path anything else begins anew; within braces an option follows.
      const isElement = frames.at(-1)?.bracket !== "{";
      path = isElement || token.text === ":" || token.text === "," ? null : path;
    }
    before = token;
  }
  return { path, frames, current, before, lastReference };
}

function stepped(path: Path, token: Token): Path {
  return { opener: path.opener, steps: [...path.steps, token.kind === "string" ? unquote(token.text) : token.text] };
}

const isClosed = (text: string) => text.length > 1 && text.at(-1) === text[0] && text.at(-2) !== "\\";

// --- paths ----------------------------------------------------------------------------------------------------------

function inPath(path: Path, current: Token | null, at: number, scope: Scope): Completions | null {
  const from = current === null ? at : current.from;
  if (path.opener === "${") {
    const root = scope.roots.find((one) => one.kind === "journeyProperties");
    return { from, options: (root?.fields ?? []).map((field) => segment(field.path, field)) };
  }
  const roots = scope.roots
    .map((root) => ({ root, steps: rootSteps(root) }))
    .filter((one) => sameOpener(one.root, path));
  const options = new Map<string, Option>();
  for (const { root, steps } of roots) {
    const depth = path.steps.length;
    if (!path.steps.slice(0, steps.length).every((step, index) => step === steps[index])) continue;
    const next = steps[depth];
    if (next !== undefined) {
      if (!options.has(next)) options.set(next, { label: next, type: "root", detail: root.title });
      continue;
    }
    const within = path.steps.slice(steps.length);
    const here = root.fields.find((field) => field.path === within.join("."));
    for (const [name, field] of childrenOf(root, within)) options.set(name, segment(name, field));
    for (const option of selectorsOf(here)) options.set(option.label, option);
  }
  return options.size === 0 ? null : { from, options: [...options.values()] };
}

const rootSteps = (root: ScopeRoot) => root.reference.slice(root.reference.indexOf("{") + 1).split(".");

function sameOpener(root: ScopeRoot, path: Path): boolean {
  const opener = root.reference.slice(0, root.reference.indexOf("{") + 1);
  const written = path.opener === "@{" ? "@event{" : path.opener.replace("datasetlookup", "datasetLookup");
  return root.kind !== "journeyProperties" && opener === written;
}

/** The names below a path of a root, each with its field when the scope tells one. */
function childrenOf(root: ScopeRoot, within: string[]): Map<string, ScopeField | null> {
  const prefix = within.length === 0 ? "" : `${within.join(".")}.`;
  const children = new Map<string, ScopeField | null>();
  for (const field of root.fields) {
    if (!field.path.startsWith(prefix)) continue;
    const rest = field.path.slice(prefix.length);
    const name = rest.split(".", 1)[0] ?? rest;
    if (name === rest) children.set(name, field);
    else if (!children.has(name)) children.set(name, null);
  }
  return children;
}

function segment(name: string, field: ScopeField | null): Option {
  return {
    label: name,
    apply: PLAIN.test(name) ? name : `'${name}'`,
    detail: field?.type ?? "object",
    info: field === null || field.title === name ? undefined : field.title,
    type: "field",
  };
}

function selectorsOf(field: ScopeField | undefined): Option[] {
  if (field?.type === "map") {
    const names = [
      ["entry", "entry('')", 2] as const,
      ["keys", "keys()", 0] as const,
      ["firstEntryKey", "firstEntryKey()", 0] as const,
    ];
    return names.map(([label, apply, back]) => ({ label, apply, back, type: "selector", boost: -1 }));
  }
  if (field === undefined || !isList(field.type)) return [];
  return SELECTORS.map(([label, apply]) => ({ label, apply, back: 1, type: "selector", boost: -1 }));
}

// --- values and words -----------------------------------------------------------------------------------------------

function inString(
  text: string,
  current: Token,
  at: number,
  where: Where,
  scope: Scope,
  audiences: readonly string[],
): Completions | null {
  const mark = current.text.charAt(0);
  const names = choices(where.before, where, scope, audiences);
  if (names.length === 0) return null;
  const closing = text.charAt(at) === mark ? "" : mark;
  return {
    from: current.from + 1,
    options: names.map((name) => ({ label: name, apply: name + closing, type: "text" })),
  };
}

/** Texts that may stand here: audiences in `inAudience(`, the enumeration of a field beside `==`. */
function choices(before: Token | null, where: Where, scope: Scope, audiences: readonly string[]): string[] {
  const call = where.frames.at(-1)?.call ?? null;
  if (before?.text === "(" && (call === "inAudience" || call === "inSegment")) return [...audiences];
  const isCompared = before?.text === "==" || before?.text === "!=";
  const isListed = (before?.text === "[" || before?.text === ",") && where.frames.at(-2)?.call === "in";
  const isArgument = before?.text === "," && call !== null;
  if (where.lastReference === null || !(isCompared || isListed || isArgument)) return [];
  const values = fieldOf(scope, where.lastReference)?.enum ?? [];
  return values.filter((value): value is string => typeof value === "string");
}

function values(before: Token | null, where: Where, scope: Scope, audiences: readonly string[]): Option[] {
  return choices(before, where, scope, audiences).map((name) => ({ label: quote(name), type: "text", boost: 99 }));
}

function elements(where: Where): Option[] {
  const collection = [...where.frames].reverse().find((frame) => frame.collection !== null)?.collection;
  const name = collection && ELEMENTS[collection.opener];
  return name ? [{ label: name, type: "keyword", boost: 50 }] : [];
}

function everything(scope: Scope): Option[] {
  const functions = new Map<string, Option>();
  for (const { name, signature, summary, category } of scope.functions) {
    const known = functions.get(name);
    const takesNothing = signature.includes("()");
    if (known !== undefined) {
      known.info = `${known.info}\n${signature}`;
      if (!takesNothing) Object.assign(known, { apply: `${name}()`, back: 1 });
    } else {
      const back = takesNothing ? 0 : 1;
      const info = `${summary}\n${signature}`;
      functions.set(name, {
        label: name,
        apply: `${name}()`,
        back,
        detail: category,
        info,
        type: "function",
        boost: 1,
      });
    }
  }
  const fields = scope.roots.flatMap((root) =>
    root.fields
      .filter((field) => field.type !== "object")
      .map((field): Option => {
        const info = field.title && !field.path.endsWith(field.title) ? field.title : undefined;
        return { label: field.expression, detail: field.type, info, type: "field" };
      }),
  );
  const keywords = KEYWORDS.map((label): Option => ({ label, type: "keyword" }));
  const conditional: Option = { label: "if", apply: "if () then () else ()", back: 17, type: "keyword" };
  return [...functions.values(), ...keywords, conditional, ...fields];
}
