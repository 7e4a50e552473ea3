/** One path of a condition or an optimize: its id, its label, and what its type has. */
export interface Path {
  id: string;
  label?: string;
  [member: string]: unknown;
}

/** An id that no path has: `path1`, `path2` … */
export function freePathId(paths: readonly Path[], stem = "path"): string {
  const taken = new Set(paths.map((path) => path.id));
  for (let number = paths.length + 1; ; number++) {
    const id = `${stem}${number}`;
    if (!taken.has(id)) return id;
  }
}

/** Moves some paths before or after another one, in their order. */
export function reordered(
  paths: readonly Path[],
  moved: ReadonlySet<string>,
  target: string,
  where: "before" | "after",
): Path[] {
  const staying = paths.filter((path) => !moved.has(path.id));
  const going = paths.filter((path) => moved.has(path.id));
  const index = staying.findIndex((path) => path.id === target);
  if (index < 0) return [...paths];
  const at = where === "before" ? index : index + 1;
  return [...staying.slice(0, at), ...going, ...staying.slice(at)];
}

/** Moves a path one place up (-1) or down (1); at an end it stays. */
export function shifted(paths: readonly Path[], id: string, by: -1 | 1): Path[] {
  const index = paths.findIndex((path) => path.id === id);
  const neighbour = paths[index + by];
  if (index < 0 || neighbour === undefined) return [...paths];
  return reordered(paths, new Set([id]), neighbour.id, by < 0 ? "before" : "after");
}

export const shareOf = (path: Path): number => (typeof path.percentage === "number" ? path.percentage : 0);

/** What the shares add up to, with what is held out. */
export function totalOf(paths: readonly Path[], holdout = 0): number {
  return paths.reduce((sum, path) => sum + shareOf(path), holdout);
}

/** Equal shares of what isn't held out, in whole percents; the first paths get what is left over. */
export function distributed(paths: readonly Path[], holdout = 0): Path[] {
  const whole = 100 - holdout;
  const each = Math.floor(whole / paths.length);
  const extra = whole - each * paths.length;
  return paths.map((path, index) => ({ ...path, percentage: each + (index < extra ? 1 : 0) }));
}

/** The path with what its type has, and nothing of other types. */
export function keptMembers(path: Path, members: readonly string[]): Path {
  const kept: Path = { id: path.id };
  if (path.label !== undefined) kept.label = path.label;
  for (const member of members) if (path[member] !== undefined) kept[member] = path[member];
  return kept;
}
