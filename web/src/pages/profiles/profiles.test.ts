import { expect, test } from "vitest";
import { attributesOf, readProfileSearch } from "./profiles";

test("attributes by path, without the identities", () => {
  const entity = { person: { name: { first: "A" } }, tags: ["x"], n: 0, identityMap: { Email: [{ id: "a" }] } };
  expect(attributesOf(entity)).toEqual([
    { path: "person.name.first", value: "A" },
    { path: "tags", value: '["x"]' },
    { path: "n", value: "0" },
  ]);
});

test("an identity of digits in the address stays one", () => {
  expect(readProfileSearch({ id: 42, namespace: "CRM", tab: "?" })).toEqual({
    id: "42",
    namespace: "CRM",
    tab: undefined,
    start: undefined,
  });
});
