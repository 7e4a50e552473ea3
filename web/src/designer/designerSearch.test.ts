import { expect, test } from "vitest";
import { type Panel, panelOf, readDesignerSearch, searchOf } from "./designerSearch";

test("what an address can't say is left out", () => {
  expect(readDesignerSearch({ panel: "nothing", node: 3, data: "x", period: "" })).toEqual({});
  expect(readDesignerSearch({ panel: "backtest", node: "a", data: ["x", 1], period: "7d" })).toEqual({
    panel: "backtest",
    node: "a",
    data: ["x"],
    period: "7d",
  });
});

test("each panel is found again by the address that it is written to", () => {
  const panels: Panel[] = [
    null,
    { kind: "node", id: "a" },
    { kind: "people", id: null },
    { kind: "people", id: "a" },
    { kind: "backtest" },
    { kind: "simulate" },
    { kind: "test" },
  ];
  for (const status of ["Draft", "Testing", "Dry Run", "Live"])
    for (const panel of panels) expect(panelOf(searchOf(panel, status, "b"), status)).toEqual(panel);
});

test("a test under way is shown by itself, until it is closed", () => {
  expect(panelOf({}, "Testing")).toEqual({ kind: "test" });
  expect(panelOf({}, "Dry Run")).toEqual({ kind: "dryRun" });
  expect(panelOf({}, "In Review")).toEqual({ kind: "approval" });
  expect(panelOf({}, "Draft")).toBeNull();
  expect(searchOf(null, "Testing", undefined)).toEqual({ panel: "none", node: undefined });
  expect(searchOf(null, "Draft", "b")).toEqual({ panel: undefined, node: "b" });
});

test("a panel about an activity without one shows nothing", () => {
  expect(panelOf({ panel: "node" }, "Draft")).toBeNull();
});
