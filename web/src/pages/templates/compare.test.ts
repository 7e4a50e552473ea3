import { expect, test } from "vitest";
import { differencesOf } from "./compare";
import { bodyOf, duplicateOf, EMPTY } from "./draft";
import { readTemplateSearch } from "./search";

const one = bodyOf({ ...EMPTY, name: "Welcome", content: { subject: "Hello", mjml: "<mjml></mjml>" } });

test("only fields that differ are told, in the order of the form", () => {
  expect(differencesOf(one, one)).toEqual([]);
  const other = { ...one, content: { html: "<p></p>", subject: "Hi" }, parameters: [] };
  expect(differencesOf(one, other)).toEqual([
    { field: "subject", before: "Hello", after: "Hi" },
    { field: "mjml", before: "<mjml></mjml>", after: "" },
    { field: "html", before: "", after: "<p></p>" },
  ]);
});

test("what is no text is compared as JSON", () => {
  const other = { ...one, parameters: [{ name: "state", label: "State", optional: false }] };
  const [found] = differencesOf(one, other);
  expect(found?.field).toBe("parameters");
  expect(found?.before).toBe("");
  expect(JSON.parse(found?.after ?? "")).toEqual(other.parameters);
});

test("a duplicate says all the same under a name that fits", () => {
  expect(duplicateOf(one, "Copy of Welcome")).toMatchObject({ ...one, name: "Copy of Welcome" });
  expect(duplicateOf(one, "x".repeat(80)).name).toHaveLength(60);
});

test("the versions to compare stand in the address", () => {
  expect(readTemplateSearch({ tab: "versions", from: 0, to: "2" })).toEqual({ tab: "versions", from: 0, to: 2 });
  expect(readTemplateSearch({ from: -1, to: "x" })).toEqual({ tab: undefined, from: undefined, to: undefined });
});
