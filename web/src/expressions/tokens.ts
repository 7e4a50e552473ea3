/** The words of the expression language (docs/reference/expressions.md), found without a parser: for colours, completion and rows. */
export type TokenKind =
  | "space"
  | "string"
  | "number"
  | "keyword"
  | "literal"
  | "operator"
  | "function"
  | "reference"
  | "property"
  | "element"
  | "selector"
  | "option"
  | "segment"
  | "bracket"
  | "punctuation"
  | "unknown";

export interface Token {
  kind: TokenKind;
  text: string;
  from: number;
  to: number;
}

const KEYWORDS = new Set(["and", "or", "not", "is", "has", "if", "then", "else", "numeric", "integer", "decimal"]);
const LITERALS = new Set(["true", "false", "null"]);
const SELECTORS = new Set(["all", "first", "last", "at", "entry", "firstEntryKey", "keys"]);
const OPTIONS = new Set(["defaultValue", "params"]);
const ELEMENT = /^current(?:Event|DataPack|Action|DatasetLookup)Field$/;

const PATTERNS: [TokenKind, RegExp][] = [
  ["space", /\s+/y],
  ["string", /"(?:[^"\\]|\\[\s\S])*(?:"|$)|'(?:[^'\\]|\\[\s\S])*(?:'|$)/y],
  ["reference", /@(?:event|action|decision|dataset[Ll]ookup)?\{|#\{/y],
  ["property", /\$\{/y],
  ["number", /[0-9]+(?:\.[0-9]+)?/y],
  ["segment", /[A-Za-z_][A-Za-z0-9_-]*/y],
  ["operator", /==|!=|>=|<=|[><+\-*/%]/y],
  ["bracket", /[()[\]{}]/y],
  ["punctuation", /[.,:]/y],
];

/** Every token of a text, the white space included: joined they are the text. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let before: Token | null = null;
  /** Whether each open brace is that of a reference or property, where words are segments of a path. */
  const braces: ("path" | "other")[] = [];
  while (at < text.length) {
    const token = next(text, at, before, braces.at(-1) === "path");
    tokens.push(token);
    if (token.kind === "reference" || token.kind === "property") braces.push("path");
    else if (token.text === "{" || token.text === "(") braces.push("other");
    else if (token.text === "}" || token.text === ")") braces.pop();
    if (token.kind !== "space") before = token;
    at = token.to;
  }
  return tokens;
}

function next(text: string, at: number, before: Token | null, inPath: boolean): Token {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) continue;
    const word = found[0];
    if (kind !== "segment") return { kind, text: word, from: at, to: at + word.length };
    return wordAt(text, at, word, before, inPath);
  }
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  return { kind: "unknown", text: character, from: at, to: at + character.length };
}

/** A word by where it stands. Outside a path it ends at a hyphen, which is a minus there. */
function wordAt(text: string, at: number, word: string, before: Token | null, inPath: boolean): Token {
  const isStep = before?.text === "." || before?.kind === "reference" || before?.kind === "property";
  const isCalled = /^\s*\(/.test(text.slice(at + word.length, at + word.length + 20));
  if (isStep) {
    const kind = before?.text === "." && isCalled && SELECTORS.has(word) ? "selector" : "segment";
    return { kind, text: word, from: at, to: at + word.length };
  }
  if (inPath && before?.text === "," && OPTIONS.has(word)) {
    return { kind: "option", text: word, from: at, to: at + word.length };
  }
  const plain = word.split("-", 1)[0] ?? word;
  const to = at + plain.length;
  const called = /^\s*\(/.test(text.slice(to, to + 20));
  let kind: TokenKind = "segment";
  if (LITERALS.has(plain)) kind = "literal";
  else if (KEYWORDS.has(plain)) kind = "keyword";
  else if (ELEMENT.test(plain)) kind = "element";
  else if (called) kind = "function";
  return { kind, text: plain, from: at, to };
}

/** The text of a string token, its escapes read. */
export function unquote(token: string): string {
  return token.slice(1, -1).replace(/\\(u[0-9a-fA-F]{4}|[\s\S])/g, (whole, escaped: string) => {
    if (escaped.length === 5) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return SIMPLE[escaped] ?? whole;
  });
}

const SIMPLE: Record<string, string> = { n: "\n", t: "\t", r: "\r", '"': '"', "'": "'", "\\": "\\" };

/** A text as a literal of the language. */
export function quote(text: string): string {
  const escaped = text
    .replace(/\\/g, "\\\\")
    .replace(/"/g, '\\"')
    .replace(/\n/g, "\\n")
    .replace(/\t/g, "\\t")
    .replace(/\r/g, "\\r");
  return `"${escaped}"`;
}
