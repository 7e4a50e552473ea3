import { expect, test } from "vitest";
import { datasetLookup, nameOf } from "./datasetLookup";

test("rows are read by the label when that is a plain word, else by the id", () => {
  const node = datasetLookup.create();
  expect(nameOf({ ...node, label: "Stock" }, "lookup1")).toBe("Stock");
  expect(nameOf({ ...node, label: "In stock?" }, "lookup1")).toBe("lookup1");
  expect(nameOf(node, "lookup1")).toBe("lookup1");
});
