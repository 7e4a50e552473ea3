import { expect, test } from "vitest";
import { mappingSetOf, sourcePaths } from "./flows";

test("a sample tells its paths", () => {
  expect(sourcePaths({ a: 1, contact: { email: "x", tags: ["y"] } })).toEqual(["a", "contact.email", "contact.tags"]);
});

test("rows that are not filled in make no mapping", () => {
  const rows = [
    { id: 1, source: " upper(a) ", destination: "person.name" },
    { id: 2, source: "b", destination: "" },
  ];
  expect(mappingSetOf("s", rows).mappings).toEqual([
    { destinationXdmPath: "person.name", sourceAttribute: "upper(a)", identity: false, version: 0 },
  ]);
});
