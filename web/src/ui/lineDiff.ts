export interface DiffRow {
  kind: "same" | "changed" | "added" | "removed";
  /** null: there is no such line on that side. Numbers begin at 1. */
  before: { number: number; text: string } | null;
  after: { number: number; text: string } | null;
}

/** Lines left out because nothing changed there. */
export interface Fold {
  kind: "fold";
  count: number;
}

/** More cells than this are not compared line by line: everything between the first and last difference is changed. */
const MOST_CELLS = 4_000_000;

/** Two texts beside each other, line by line; what was put in place of something stands beside it. */
export function sideBySide(before: string, after: string): DiffRow[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const kept = [
    ...Array.from({ length: head }, (_, i) => [i, i] as const),
    ...common(a.slice(head, a.length - tail), b.slice(head, b.length - tail)).map(
      ([i, j]) => [i + head, j + head] as const,
    ),
    ...Array.from({ length: tail }, (_, i) => [a.length - tail + i, b.length - tail + i] as const),
  ];
  const rows: DiffRow[] = [];
  const line = (lines: string[], i: number) => ({ number: i + 1, text: lines[i] ?? "" });
  let [i, j] = [0, 0];
  for (const [nextI, nextJ] of [...kept, [a.length, b.length] as const]) {
    while (i < nextI || j < nextJ) {
      const left = i < nextI ? line(a, i++) : null;
      const right = j < nextJ ? line(b, j++) : null;
      rows.push({ kind: left === null ? "added" : right === null ? "removed" : "changed", before: left, after: right });
    }
    if (i < a.length && j < b.length) rows.push({ kind: "same", before: line(a, i++), after: line(b, j++) });
  }
  return rows;
}

/** Rows with no more than `context` unchanged ones around each change. */
export function folded(rows: readonly DiffRow[], context = 3): (DiffRow | Fold)[] {
  const isNear = rows.map(() => false);
  rows.forEach((row, at) => {
    if (row.kind !== "same") isNear.fill(true, Math.max(0, at - context), at + context + 1);
  });
  const found: (DiffRow | Fold)[] = [];
  rows.forEach((row, at) => {
    const last = found.at(-1);
    if (isNear[at]) found.push(row);
    else if (last?.kind === "fold") last.count++;
    else found.push({ kind: "fold", count: 1 });
  });
  return found;
}

const linesOf = (text: string): string[] => (text === "" ? [] : text.replace(/\r?\n$/, "").split(/\r?\n/));

/** Places of a longest sequence of lines that both have, in order. */
function common(a: readonly string[], b: readonly string[]): [number, number][] {
  const width = b.length + 1;
  if ((a.length + 1) * width > MOST_CELLS) return [];
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const found: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) found.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return found;
}
