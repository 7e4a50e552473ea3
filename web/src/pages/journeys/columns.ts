/** Columns of the list that may be left out; the name and the menu are always there. */
export const COLUMNS = [
  "status",
  "version",
  "entry",
  "lastModifiedAt",
  "createdAt",
  "published",
  "entrances",
  "inside",
] as const;
export type ColumnId = (typeof COLUMNS)[number];

export const SHOWN_AT_FIRST: readonly ColumnId[] = [
  "status",
  "version",
  "entry",
  "lastModifiedAt",
  "entrances",
  "inside",
];

const keyOf = (userId: string) => `parcours.journeys.columns.${userId}`;

/** The columns somebody has chosen in this browser, in the order of the table. */
export function storedColumns(userId: string): readonly ColumnId[] {
  const stored = localStorage.getItem(keyOf(userId));
  if (stored === null) return SHOWN_AT_FIRST;
  const names = stored.split(",");
  return COLUMNS.filter((id) => names.includes(id));
}

export const storeColumns = (userId: string, chosen: readonly ColumnId[]): void =>
  localStorage.setItem(keyOf(userId), chosen.join(","));
