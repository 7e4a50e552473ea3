import { quote, type Token, tokenize, unquote } from "./tokens";

/** What a row of the condition builder compares with; numbers and dates are kept as they are written. */
export type Value =
  | { type: "none" }
  | { type: "text"; text: string }
  | { type: "number"; text: string }
  | { type: "boolean"; value: boolean }
  /** What stands in `date("…")`. */
  | { type: "date"; text: string }
  | { type: "texts"; texts: string[] }
  | { type: "numbers"; texts: string[] }
  | { type: "span"; count: number; unit: SpanUnit };

export type SpanUnit = "hours" | "days" | "months" | "years";

export type Operator =
  | "equal"
  | "notEqual"
  | "less"
  | "lessOrEqual"
  | "greater"
  | "greaterOrEqual"
  | "contain"
  | "notContain"
  | "startWith"
  | "endWith"
  | "matchRegExp"
  | "in"
  | "notIn"
  | "isEmpty"
  | "isNotEmpty"
  | "isNull"
  | "isNotNull"
  | "inLast"
  | "inNext"
  /** Of a list: one of its elements is the value. */
  | "holds"
  | "holdsNot"
  | "listEmpty"
  | "listNotEmpty"
  /** Of the individual: the value is the name of an audience. */
  | "inAudience"
  | "notInAudience";

export interface Row {
  kind: "row";
  /** The reference as it is written; empty for the individual's audiences. */
  field: string;
  operator: Operator;
  value: Value;
  /** Of comparisons of texts: capitals count as small letters. */
  ignoreCase?: boolean;
}

export type Joiner = "and" | "or";

/** Rows of which all (`and`) or one (`or`) must hold; a group in a group has rows only. */
export interface Group<Item = Row | Group<Row>> {
  kind: "group";
  joiner: Joiner;
  items: Item[];
}

export type Condition = Group;

const MAX_ITEMS = 50;
const COMPARED: Record<string, Operator> = {
  "==": "equal",
  "!=": "notEqual",
  "<": "less",
  "<=": "lessOrEqual",
  ">": "greater",
  ">=": "greaterOrEqual",
};
const SIGNS = Object.fromEntries(Object.entries(COMPARED).map(([sign, operator]) => [operator, sign]));
const MIRRORED: Record<string, string> = { "==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" };
const UNITS: Record<string, SpanUnit> = { Hours: "hours", Days: "days", Months: "months", Years: "years" };
const CASED = new Set<Operator>(["equal", "notEqual", "contain", "notContain", "startWith", "endWith"]);

/** Whether a row can ignore case. */
export const hasCase = (row: Row): boolean => CASED.has(row.operator) && row.value.type === "text";

// --- rows → text ----------------------------------------------------------------------------------------------------

/** The condition as an expression; empty without rows. */
export function toText(condition: Condition): string {
  const items = condition.items.map((item) => (item.kind === "row" ? rowText(item) : `(${groupText(item)})`));
  return items.join(` ${condition.joiner} `);
}

const groupText = (group: Group<Row>) => group.items.map(rowText).join(` ${group.joiner} `);

export function rowText(row: Row): string {
  const { field, operator } = row;
  const value = literal(row.value);
  const cased = row.ignoreCase === true && row.value.type === "text" ? "IgnoreCase" : "";
  switch (operator) {
    case "equal":
      return cased ? `equalIgnoreCase(${field}, ${value})` : `${field} == ${value}`;
    case "notEqual":
      return cased ? `notEqualIgnoreCase(${field}, ${value})` : `${field} != ${value}`;
    case "contain":
    case "startWith":
    case "endWith":
      return `${operator}${cased}(${field}, ${value})`;
    case "notContain":
      return `not contain${cased}(${field}, ${value})`;
    case "matchRegExp":
      return `matchRegExp(${field}, ${value})`;
    case "in":
      return `in(${field}, ${value})`;
    case "notIn":
      return `not in(${field}, ${value})`;
    case "isEmpty":
    case "isNotEmpty":
      return `${operator}(${field})`;
    case "isNull":
      return `${field} is null`;
    case "isNotNull":
      return `${field} is not null`;
    case "inLast":
    case "inNext":
      return spanCall(row);
    case "holds":
      return `in(${value}, ${field})`;
    case "holdsNot":
      return `not in(${value}, ${field})`;
    case "listEmpty":
      return `listSize(${field}) == 0`;
    case "listNotEmpty":
      return `listSize(${field}) > 0`;
    case "inAudience":
      return `inAudience(${value})`;
    case "notInAudience":
      return `not inAudience(${value})`;
    default:
      return `${field} ${SIGNS[operator]} ${value}`;
  }
}

function spanCall(row: Row): string {
  const { count, unit } = row.value.type === "span" ? row.value : { count: 1, unit: "days" as const };
  return `${row.operator}${unit.charAt(0).toUpperCase()}${unit.slice(1)}(${row.field}, ${count})`;
}

function literal(value: Value): string {
  switch (value.type) {
    case "text":
      return quote(value.text);
    case "number":
      return value.text;
    case "boolean":
      return String(value.value);
    case "date":
      return `date(${quote(value.text)})`;
    case "texts":
      return `[${value.texts.map(quote).join(", ")}]`;
    case "numbers":
      return `[${value.texts.join(", ")}]`;
    default:
      return "";
  }
}

// --- text → rows ----------------------------------------------------------------------------------------------------

/** The rows of an expression; null when the builder can't show it. An empty text has no rows. */
export function toRows(text: string): Condition | null {
  const tokens = tokenize(text).filter((token) => token.kind !== "space");
  if (tokens.length === 0) return { kind: "group", joiner: "and", items: [] };
  try {
    const reader = new Reader(text, tokens);
    const tree = reader.disjunction();
    if (!reader.isAtEnd) return null;
    return shaped(tree);
  } catch (error) {
    if (error instanceof NotShown) return null;
    throw error;
  }
}

class NotShown extends Error {}

interface Tree {
  kind: "tree";
  joiner: Joiner | null;
  items: (Row | Tree)[];
}

/** A tree of at most one group in another; throws NotShown for a deeper one. */
function shaped(tree: Row | Tree): Condition {
  const top = tree.kind === "row" ? { kind: "tree" as const, joiner: null, items: [tree] } : tree;
  const joiner = top.joiner ?? "and";
  const items = top.items.map((item) => (item.kind === "row" ? item : inner(item, joiner)));
  return { kind: "group", joiner, items };
}

function inner(tree: Tree, outer: Joiner): Group<Row> {
  const rows = tree.items.filter((item): item is Row => item.kind === "row");
  if (rows.length !== tree.items.length) throw new NotShown();
  return { kind: "group", joiner: tree.joiner ?? other(outer), items: rows };
}

export const other = (joiner: Joiner): Joiner => (joiner === "and" ? "or" : "and");

class Reader {
  private at = 0;
  private readonly text: string;
  private readonly tokens: Token[];
  private depth = 0;

  constructor(text: string, tokens: Token[]) {
    this.text = text;
    this.tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.at === this.tokens.length;
  }

  disjunction(): Row | Tree {
    return this.chain("or", () => this.chain("and", () => this.term()));
  }

  private chain(joiner: Joiner, read: () => Row | Tree): Row | Tree {
    const first = read();
    if (!this.sees(joiner)) return first;
    const items = [first];
    while (this.takes(joiner)) items.push(read());
    if (items.length > MAX_ITEMS) throw new NotShown();
    return { kind: "tree", joiner, items };
  }

  private term(): Row | Tree {
    if (this.sees("(")) {
      this.depth += 1;
      if (this.depth > MAX_ITEMS) throw new NotShown();
      this.must("(");
      const within = this.disjunction();
      this.must(")");
      this.depth -= 1;
      if (within.kind === "row") return { kind: "tree", joiner: null, items: [within] };
      return within.joiner === null ? within : { kind: "tree", joiner: within.joiner, items: within.items };
    }
    if (this.takes("not")) return negated(this.call());
    if (this.peek()?.kind === "function" && this.peek()?.text !== "date") return this.call();
    return this.comparison();
  }

  private comparison(): Row {
    if (this.peek()?.kind !== "reference") {
      const value = this.value();
      const sign = this.sign();
      return { kind: "row", field: this.reference(), operator: COMPARED[MIRRORED[sign] ?? ""] ?? "equal", value };
    }
    const field = this.reference();
    if (this.takes("is")) {
      const operator = this.takes("not") ? "isNotNull" : "isNull";
      this.must("null");
      return { kind: "row", field, operator, value: { type: "none" } };
    }
    const operator = COMPARED[this.sign()] ?? "equal";
    const value = this.value();
    if (value.type === "texts" || value.type === "numbers") throw new NotShown();
    return { kind: "row", field, operator, value };
  }

  private sign(): string {
    const sign = this.take()?.text ?? "";
    if (!(sign in COMPARED)) throw new NotShown();
    return sign;
  }

  private call(): Row {
    const token = this.take();
    if (token?.kind !== "function") throw new NotShown();
    this.must("(");
    const row = this.arguments(token.text);
    return row;
  }

  private arguments(name: string): Row {
    const base = name.replace(/IgnoreCase$/, "");
    const ignoreCase = base !== name ? { ignoreCase: true } : {};
    const span = /^(inLast|inNext)(Hours|Days|Months|Years)$/.exec(name);
    if (span !== null) {
      const field = this.reference();
      this.must(",");
      const count = this.value();
      this.must(")");
      if (count.type !== "number" || !/^\d{1,9}$/.test(count.text)) throw new NotShown();
      const unit = UNITS[span[2] ?? ""] ?? "days";
      const operator = span[1] === "inLast" ? "inLast" : "inNext";
      return { kind: "row", field, operator, value: { type: "span", count: Number(count.text), unit } };
    }
    if (["equal", "notEqual", "contain", "startWith", "endWith"].includes(base)) {
      if (["equal", "notEqual"].includes(name)) throw new NotShown();
      const field = this.reference();
      const value = this.second();
      if (value.type !== "text") throw new NotShown();
      return { kind: "row", field, operator: base as Operator, value, ...ignoreCase };
    }
    if (name === "matchRegExp") {
      const field = this.reference();
      const value = this.second();
      if (value.type !== "text") throw new NotShown();
      return { kind: "row", field, operator: "matchRegExp", value };
    }
    if (name === "isEmpty" || name === "isNotEmpty") {
      const field = this.reference();
      this.must(")");
      return { kind: "row", field, operator: name, value: { type: "none" } };
    }
    if (name === "in") return this.membership();
    if (name === "listSize") return this.size();
    if (name === "inAudience" || name === "inSegment") {
      const value = this.value();
      this.must(")");
      if (value.type !== "text" || name === "inSegment") throw new NotShown();
      return { kind: "row", field: "", operator: "inAudience", value };
    }
    throw new NotShown();
  }

  private membership(): Row {
    if (this.peek()?.kind === "reference") {
      const field = this.reference();
      const value = this.second();
      if (value.type !== "texts" && value.type !== "numbers") throw new NotShown();
      return { kind: "row", field, operator: "in", value };
    }
    const value = this.value();
    this.must(",");
    const field = this.reference();
    this.must(")");
    if (value.type === "texts" || value.type === "numbers") throw new NotShown();
    return { kind: "row", field, operator: "holds", value };
  }

  private size(): Row {
    const field = this.reference();
    this.must(")");
    const sign = this.sign();
    const value = this.value();
    if (value.type !== "number" || value.text !== "0" || (sign !== "==" && sign !== ">")) throw new NotShown();
    return { kind: "row", field, operator: sign === "==" ? "listEmpty" : "listNotEmpty", value: { type: "none" } };
  }

  private second(): Value {
    this.must(",");
    const value = this.value();
    this.must(")");
    return value;
  }

  private value(): Value {
    if (this.takes("[")) return this.list();
    if (this.peek()?.text === "date") {
      this.take();
      this.must("(");
      const text = this.string();
      this.must(")");
      return { type: "date", text };
    }
    if (this.peek()?.kind === "string") return { type: "text", text: this.string() };
    if (this.peek()?.kind === "literal") {
      const word = this.take()?.text;
      if (word === "null") throw new NotShown();
      return { type: "boolean", value: word === "true" };
    }
    return { type: "number", text: this.number() };
  }

  private list(): Value {
    const texts: string[] = [];
    const isText = this.peek()?.kind === "string";
    do {
      if (texts.length === 1_000) throw new NotShown();
      texts.push(isText ? this.string() : this.number());
    } while (this.takes(","));
    this.must("]");
    return isText ? { type: "texts", texts } : { type: "numbers", texts };
  }

  private string(): string {
    const token = this.take();
    if (token?.kind !== "string" || token.text.length < 2 || token.text.at(-1) !== token.text[0]) throw new NotShown();
    return unquote(token.text);
  }

  private number(): string {
    const minus = this.takes("-") ? "-" : "";
    const token = this.take();
    if (token?.kind !== "number") throw new NotShown();
    return minus + token.text;
  }

  /** A plain reference: steps only, neither selectors nor options. */
  private reference(): string {
    const open = this.take();
    if (open?.kind !== "reference") throw new NotShown();
    let isStep = true;
    for (;;) {
      const token = this.take();
      if (token === undefined) throw new NotShown();
      if (!isStep && token.text === "}") return this.text.slice(open.from, token.to);
      const fits = isStep ? token.kind === "segment" || token.kind === "string" : token.text === ".";
      if (!fits) throw new NotShown();
      isStep = !isStep;
    }
  }

  private peek(): Token | undefined {
    return this.tokens[this.at];
  }

  private take(): Token | undefined {
    const token = this.tokens[this.at];
    if (token !== undefined) this.at += 1;
    return token;
  }

  private sees(text: string): boolean {
    return this.tokens[this.at]?.text === text;
  }

  private takes(text: string): boolean {
    if (!this.sees(text)) return false;
    this.at += 1;
    return true;
  }

  private must(text: string): void {
    if (!this.takes(text)) throw new NotShown();
  }
}

const NEGATED: Partial<Record<Operator, Operator>> = {
  contain: "notContain",
  in: "notIn",
  holds: "holdsNot",
  inAudience: "notInAudience",
};

function negated(row: Row): Row {
  const operator = NEGATED[row.operator];
  if (operator === undefined) throw new NotShown();
  return { ...row, operator };
}
