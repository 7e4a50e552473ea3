import { expect, test } from "vitest";
import { propertiesOf, readAuditSearch } from "./audit";

test("filters are told as properties, the last day whole", () => {
  const properties = propertiesOf({ action: "Publish", asset: "Journey", from: "2026-01-01", to: "2026-01-01" });
  expect(properties.slice(0, 2)).toEqual(["action==Publish", "assetType==Journey"]);
  const [from, to] = properties.slice(2).map((one) => new Date(one.replace(/^timestamp(>=|<)/, "")).getTime());
  expect((to ?? 0) - (from ?? 0)).toBe(86_400_000);
});

test("an unknown result or a text that is no date filters nothing", () => {
  expect(propertiesOf(readAuditSearch({ result: "Maybe", from: "yesterday", page: "x" }))).toEqual([]);
});
