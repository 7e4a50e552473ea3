import { expect, test } from "vitest";
import type { JourneyDocument } from "@/flow/document";
import { checkWait, ofType, WAIT_TYPES, wait } from "./wait";

const document: JourneyDocument = { name: "j", entry: { node: "a" }, nodes: {}, timeouts: { globalDays: 30 } };
const node = wait.create();

test("a new wait is complete", () => {
  expect(checkWait(node, document)).toEqual({});
});

test("of another type it has nothing of the former one", () => {
  const custom = ofType(node, "custom");
  expect(custom).toEqual({ type: "wait", waitType: "custom", expression: "" });
  expect(ofType(custom, "fixedDate")).toEqual({ type: "wait", waitType: "fixedDate", date: "" });
  expect(ofType(custom, "duration")).toEqual(node);
});

test("label and description stay, whatever the type", () => {
  for (const type of WAIT_TYPES) {
    expect(ofType({ ...node, label: "L", description: "D" }, type)).toMatchObject({ label: "L", description: "D" });
  }
});

test.each([
  [{ duration: { value: 30, unit: "days" } }, {}],
  [{ duration: { value: 721, unit: "hours" } }, { duration: "activities.problem.waitTooLong" }],
  [{ duration: { value: 1.5, unit: "days" } }, { duration: "activities.problem.whole" }],
  [{}, { duration: "activities.problem.whole" }],
  [{ waitType: "fixedDate", date: "" }, { date: "activities.problem.date" }],
  [{ waitType: "fixedDate", date: "2026-12-24T18:00" }, {}],
  [{ waitType: "custom", expression: "" }, { expression: "activities.problem.empty" }],
])("%o", (members, problems) => {
  expect(checkWait({ type: "wait", ...members }, document)).toEqual(problems);
});

test("without a limit of its own a journey lasts 91 days", () => {
  const long = { type: "wait" as const, duration: { value: 91, unit: "days" } };
  const { timeouts: _, ...plain } = document;
  expect(checkWait(long, plain)).toEqual({});
  expect(checkWait({ ...long, duration: { value: 92, unit: "days" } }, plain)).not.toEqual({});
});
