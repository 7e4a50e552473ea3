import fc from "fast-check";
import { expect, test } from "vitest";
import { type Condition, type Group, hasCase, other, type Row, rowText, toRows, toText, type Value } from "./rows";

const reference = fc.constantFrom(
  "@event{Order.total}",
  "@event{Order._acme.order.status}",
  "#{ExperiencePlatform.ProfileFieldGroup.person.name.firstName}",
  "#{Weather.current.rain.'3h'}",
  '@action{Send."a b"}',
);
const text = fc.record({ type: fc.constant("text" as const), text: fc.string({ unit: "binary" }) });
const number = fc.tuple(fc.boolean(), fc.nat(), fc.option(fc.nat())).map(
  ([minus, whole, part]): Value => ({
    type: "number",
    text: `${minus ? "-" : ""}${whole}${part === null ? "" : `.${part}`}`,
  }),
);
const date = fc.constantFrom("2026-01-31", "2026-01-31T10:00:00", "2026-01-31T10:00:00Z").map(
  (value): Value => ({
    type: "date",
    text: value,
  }),
);
const flag = fc.boolean().map((value): Value => ({ type: "boolean", value }));
const texts = fc
  .array(fc.string(), { minLength: 1, maxLength: 4 })
  .map((values): Value => ({ type: "texts", texts: values }));
const numbers = fc
  .array(fc.integer().map(String), { minLength: 1, maxLength: 4 })
  .map((values): Value => ({ type: "numbers", texts: values }));
const span = fc.record({
  type: fc.constant("span" as const),
  count: fc.nat(999),
  unit: fc.constantFrom("hours" as const, "days" as const, "months" as const, "years" as const),
});
const none = fc.constant<Value>({ type: "none" });

const make = (operators: Row["operator"][], value: fc.Arbitrary<Value>): fc.Arbitrary<Row> =>
  fc
    .tuple(reference, fc.constantFrom(...operators), value, fc.boolean())
    .map(([field, operator, given, ignoreCase]): Row => {
      const row: Row = { kind: "row", field, operator, value: given };
      return ignoreCase && hasCase(row) ? { ...row, ignoreCase } : row;
    });

const row = fc.oneof(
  make(["equal", "notEqual"], fc.oneof(text, number, date, flag)),
  make(["less", "lessOrEqual", "greater", "greaterOrEqual"], fc.oneof(number, date)),
  make(["contain", "notContain", "startWith", "endWith", "matchRegExp"], text),
  make(["in", "notIn"], fc.oneof(texts, numbers)),
  make(["holds", "holdsNot"], fc.oneof(text, number)),
  make(["isNull", "isNotNull", "isEmpty", "isNotEmpty", "listEmpty", "listNotEmpty"], none),
  make(["inLast", "inNext"], span),
  make(["inAudience", "notInAudience"], text).map((made) => ({ ...made, field: "" })),
);
const joiner = fc.constantFrom("and" as const, "or" as const);

/** A condition as the builder makes them: what joins a single row is not kept, for it means nothing. */
const condition = fc
  .record({
    kind: fc.constant("group" as const),
    joiner,
    items: fc.array(
      fc.oneof(
        { weight: 3, arbitrary: row as fc.Arbitrary<Row | Group<Row>> },
        {
          weight: 1,
          arbitrary: fc.record({
            kind: fc.constant("group" as const),
            joiner,
            items: fc.array(row, { minLength: 1, maxLength: 4 }),
          }),
        },
      ),
      { maxLength: 5 },
    ),
  })
  .map((made): Condition => {
    const top = made.items.length > 1 ? made.joiner : "and";
    const items = made.items.map((item) =>
      item.kind === "group" && item.items.length === 1 ? { ...item, joiner: other(top) } : item,
    );
    return { ...made, joiner: top, items };
  })
  .filter((made) => !(made.items.length === 1 && made.items[0]?.kind === "group"));

test("a condition becomes text and the same condition again", () => {
  fc.assert(
    fc.property(condition, (made) => {
      expect(toRows(toText(made))).toEqual(made);
    }),
    { numRuns: 1_000 },
  );
});

test("text that can be shown is the same text after it was shown", () => {
  fc.assert(
    fc.property(condition, (made) => {
      const written = toText(made);
      const shown = toRows(written);
      expect(shown && toText(shown)).toBe(written);
    }),
  );
});

test("no text at all makes the reader fail", () => {
  const piece = fc.constantFrom(
    "(",
    ")",
    "and",
    "or",
    "not",
    "@event{",
    "a",
    ".",
    "}",
    '"',
    "'",
    "1",
    "==",
    "in",
    ",",
    "[",
    "]",
    " is null",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => pieces.join(" ")),
      ),
      (written) => {
        const shown = toRows(written);
        if (shown !== null) expect(toRows(toText(shown))).toEqual(shown);
      },
    ),
    { numRuns: 2_000 },
  );
});

test.each([
  ["@event{A.x} > 1 and @event{A.y} == 'z'", '@event{A.x} > 1 and @event{A.y} == "z"'],
  [
    "@event{A.x} > 1 and @event{A.y} > 2 or @event{A.z} > 3",
    "(@event{A.x} > 1 and @event{A.y} > 2) or @event{A.z} > 3",
  ],
  ["1 < @event{A.x}", "@event{A.x} > 1"],
  ["( @event{ A . x }  is   not null )", "@event{ A . x } is not null"],
  ["not inAudience('VIP')", 'not inAudience("VIP")'],
  ["matchRegExp(@event{A.x}, '\\\\d+')", 'matchRegExp(@event{A.x}, "\\\\d+")'],
])("%s is shown as %s", (written, shown) => {
  const rows = toRows(written);
  expect(rows && toText(rows)).toBe(shown);
});

test.each([
  "count(@event{A.list}) > 1",
  "@event{A.x, defaultValue: 1} > 1",
  "@event{A.list.first(currentEventField.a == 1).b} == 1",
  "@event{A.x} > @event{A.y}",
  "not (@event{A.x} > 1 and @event{A.y} > 1)",
  "((@event{A.x} > 1 and @event{A.y} > 1) or @event{A.z} > 1) and @event{A.z} > 1",
  "@event{A.x} > 1 and",
  "@event{A.x} == 'open",
  "@event{A.flag}",
  "true",
  "AND",
])("%s is left to the advanced editor", (written) => {
  expect(toRows(written)).toBeNull();
});

test("a row says what it compares", () => {
  const value: Value = { type: "text", text: 'say "hi" \\ bye' };
  expect(rowText({ kind: "row", field: "@event{A.x}", operator: "contain", value, ignoreCase: true })).toBe(
    'containIgnoreCase(@event{A.x}, "say \\"hi\\" \\\\ bye")',
  );
});
