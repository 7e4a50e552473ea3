import { expect, test } from "vitest";
import { complete } from "./completion";
import type { ExpressionType, Scope, ScopeField } from "./scope";

const field = (reference: string, path: string, type: ExpressionType, values: unknown[] | null = null): ScopeField => ({
  path,
  expression: `${reference}.${path}}`,
  type,
  title: path.split(".").at(-1) ?? path,
  enum: values,
  isCollection: type.startsWith("list"),
});
const ORDER = "@event{Order";
const scope: Scope = {
  roots: [
    {
      reference: ORDER,
      kind: "event",
      title: "Order events",
      fields: [
        field(ORDER, "_acme", "object"),
        field(ORDER, "_acme.total", "decimal"),
        field(ORDER, "_acme.status", "string", ["open", "paid"]),
        field(ORDER, "lines", "listObject"),
        field(ORDER, "lines.sku", "listString"),
        field(ORDER, "identityMap", "map"),
      ],
    },
    {
      reference: "#{ExperiencePlatform.ProfileFieldGroup",
      kind: "profile",
      title: "Profile",
      fields: [field("#{ExperiencePlatform.ProfileFieldGroup", "person.name", "string")],
    },
    {
      reference: "${",
      kind: "journeyProperties",
      title: "Journey",
      fields: [{ ...field("${", "externalKey", "string"), expression: `\${externalKey}` }],
    },
  ],
  functions: [
    { name: "now", signature: "now() : dateTime", type: "dateTime", summary: "Now.", category: "Dates" },
    {
      name: "inAudience",
      signature: "inAudience(string) : boolean",
      type: "boolean",
      summary: "In it.",
      category: "Audiences",
    },
  ],
};

/** The labels offered where `|` stands. */
function labels(marked: string): string[] | null {
  const at = marked.indexOf("|");
  const found = complete(marked.replace("|", ""), at, scope, ["VIP", "Lost"]);
  return found?.options.map((option) => option.label) ?? null;
}

test.each([
  ["@event{|", ["Order"]],
  ["@event{Or|", ["Order"]],
  ["@{|", ["Order"]],
  ["@event{Order.|", ["_acme", "lines", "identityMap"]],
  ["@event{Order._acme.|", ["total", "status"]],
  ["@event{Order._acme.to|} > 1", ["total", "status"]],
  ["1 > 2 and @event{Order._acme.|} > 1", ["total", "status"]],
  ["@event{Order.lines.|", ["sku", "all", "first", "last", "at"]],
  ["@event{Order.identityMap.|", ["entry", "keys", "firstEntryKey"]],
  ["count(@event{Order.lines.all(currentEventField.|", ["sku", "all", "first", "last", "at"]],
  ["#{|", ["ExperiencePlatform"]],
  ["#{ExperiencePlatform.|", ["ProfileFieldGroup"]],
  ["#{ExperiencePlatform.ProfileFieldGroup.person.|", ["name"]],
  ["${|", ["externalKey"]],
  ['inAudience("|")', ["VIP", "Lost"]],
  ['inAudience("V|', ["VIP", "Lost"]],
  ['@event{Order._acme.status} == "|"', ["open", "paid"]],
  ["@event{Order._acme.status} == '|", ["open", "paid"]],
  ['in(@event{Order._acme.status}, ["open", "|"])', ["open", "paid"]],
])("%s", (marked, expected) => {
  expect(labels(marked)).toEqual(expected);
});

test("outside references functions, keywords and every field are offered", () => {
  const offered = labels("no|") ?? [];
  expect(offered).toContain("now");
  expect(offered).toContain("and");
  expect(offered).toContain("@event{Order._acme.total}");
  expect(offered).not.toContain("@event{Order._acme}");
});

test("after a comparison with an enumeration its values come first", () => {
  expect(labels("@event{Order._acme.status} == |")?.slice(0, 2)).toEqual(['"open"', '"paid"']);
});

test("in a selector its element is offered", () => {
  expect(labels("@event{Order.lines.all(|")).toContain("currentEventField");
});

test("nothing is offered in a number or in a free text", () => {
  expect(labels("12|")).toBeNull();
  expect(labels('"free|"')).toBeNull();
});

test("what replaces begins where the word began", () => {
  expect(complete("1 + no", 6, scope)?.from).toBe(4);
  expect(complete("@event{Order._acme.to", 21, scope)?.from).toBe(19);
});
