import { type ExpressionFault, offsetOf } from "./scope";
import { tokenize } from "./tokens";

/** The stretch of text that a fault is about: the word at its position, or the last one where it is at the end. */
export function rangeOf(text: string, fault: ExpressionFault): { from: number; to: number } {
  if (fault.position === null) return { from: 0, to: text.length };
  const at = Math.min(offsetOf(text, fault.position), text.length);
  const tokens = tokenize(text).filter((token) => token.kind !== "space");
  const token = tokens.find((one) => one.from <= at && at < one.to) ?? tokens.filter((one) => one.to <= at).at(-1);
  return token === undefined ? { from: 0, to: text.length } : { from: token.from, to: token.to };
}

/** The text with the name that was meant in the place of the unknown one; null when there is none to offer. */
export function mended(text: string, fault: ExpressionFault): string | null {
  if (fault.nearest === null || fault.position === null) return null;
  const { from, to } = rangeOf(text, fault);
  const given = text.slice(from, to);
  const mark = given.charAt(0) === '"' || given.charAt(0) === "'" ? given.charAt(0) : "";
  return text.slice(0, from) + mark + fault.nearest + mark + text.slice(to);
}
