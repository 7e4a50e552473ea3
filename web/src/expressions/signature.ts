import { tokenize } from "./tokens";

/** The innermost call around an offset, and which argument of it is written there, from 0; null outside of calls. */
export function callAt(text: string, at: number): { name: string; argument: number } | null {
  const open: { name: string | null; argument: number }[] = [];
  let before: { kind: string; text: string } | null = null;
  for (const token of tokenize(text)) {
    if (token.from >= at) break;
    const isInText = token.kind === "string" && token.to > at;
    if (token.kind === "reference" || token.kind === "property" || /^[([{]$/.test(token.text)) {
      open.push({ name: token.text === "(" && before?.kind === "function" ? before.text : null, argument: 0 });
    } else if (/^[)\]}]$/.test(token.text)) open.pop();
    else if (token.text === ",") {
      const innermost = open.at(-1);
      if (innermost !== undefined) innermost.argument += 1;
    }
    if (isInText) break;
    if (token.kind !== "space") before = token;
  }
  const call = [...open].reverse().find((frame) => frame.name !== null);
  return call?.name ? { name: call.name, argument: call.argument } : null;
}

/** The parameters of a signature such as `limit(list, integer, boolean?) : same`. */
export function parametersOf(signature: string): string[] {
  const within = /\((.*)\)/.exec(signature)?.[1] ?? "";
  return within === "" ? [] : within.split(",").map((parameter) => parameter.trim());
}
