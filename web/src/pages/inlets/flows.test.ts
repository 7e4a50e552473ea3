import { expect, test } from "vitest";
import { mappingSetOf, partsOf, sourcePaths } from "./flows";

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

test("an inlet goes after all that hangs on it, each once", () => {
  const inlet = { id: "c", name: "Shop", etag: "", createdAt: 0, auth: { params: { dataType: "raw" } } };
  const flow = (id: string) => ({
    id,
    name: id,
    etag: "",
    state: "enabled",
    sourceConnectionIds: ["s"],
    targetConnectionIds: [`t-${id}`],
  });
  expect([...new Set(partsOf(inlet, [flow("a"), flow("b")]))]).toEqual([
    "flows/a",
    "flows/b",
    "sourceConnections/s",
    "targetConnections/t-a",
    "targetConnections/t-b",
    "connections/c",
  ]);
  expect(partsOf(inlet, [flow("a")], [{ ...flow("other"), targetConnectionIds: ["t-a"] }])).toEqual([
    "flows/a",
    "connections/c",
  ]);
  expect(partsOf(inlet, [flow("a")], [{ ...flow("other"), sourceConnectionIds: [] }])).toContain("sourceConnections/s");
});
