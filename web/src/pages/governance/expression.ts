/** What labels fulfil: one label, or several with `AND` or `OR` between them. */
export type Expression = { label: string } | { operator: Operator; operands: Expression[] };
export const OPERATORS = ["AND", "OR"] as const;
export type Operator = (typeof OPERATORS)[number];

/** An expression as it is edited: the outermost is always a group; a label that is not chosen yet is empty. */
export interface Group {
  operator: Operator;
  operands: (string | Group)[];
}

export const MAX_DEPTH = 10;
export const EMPTY_GROUP: Group = { operator: "AND", operands: [""] };

const draftOf = (one: Expression): string | Group =>
  "label" in one ? one.label : { operator: one.operator, operands: one.operands.map(draftOf) };

export function groupOf(expression: Expression): Group {
  const found = draftOf(expression);
  return typeof found === "string" ? { operator: "AND", operands: [found] } : found;
}

/** What a group stands for; a group of one is that one. null: it holds no label. */
export function expressionOf(group: Group): Expression | null {
  const operands = group.operands
    .map((one) => (typeof one === "string" ? (one === "" ? null : { label: one }) : expressionOf(one)))
    .filter((one) => one !== null);
  const [first, ...others] = operands;
  if (first === undefined) return null;
  return others.length === 0 ? first : { operator: group.operator, operands };
}

/** Whether every label is chosen. */
export const isWhole = (group: Group): boolean =>
  group.operands.length > 0 && group.operands.every((one) => (typeof one === "string" ? one !== "" : isWhole(one)));

/** `C1 AND (I1 OR S1)`, with the words of a language for the operators. */
export function wordsOf(expression: Expression, word: (operator: Operator) => string): string {
  if ("label" in expression) return expression.label;
  return expression.operands
    .map((one) => ("operands" in one && one.operands.length > 1 ? `(${wordsOf(one, word)})` : wordsOf(one, word)))
    .join(` ${word(expression.operator)} `);
}
