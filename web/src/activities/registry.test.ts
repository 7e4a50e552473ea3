import { expect, test } from "vitest";
import type { JourneyNode, NodeType } from "@/flow/document";
import type { Names } from "./kind";
import { KINDS } from "./registry";

const t = (id: string, values?: Record<string, string | number>) => (values ? `${id} ${Object.values(values)}` : id);
const nobody = () => null;
const NAMES: Names = {
  event: nobody,
  action: nobody,
  audience: nobody,
  template: nobody,
  journey: nobody,
  dataSet: nobody,
};
const known: Names = { ...NAMES, event: (uid) => `event ${uid}`, audience: (id) => `audience ${id}` };
const types = Object.keys(KINDS) as NodeType[];

test.each(types)("%s makes a node of its own type, anew each time", (type) => {
  const node = KINDS[type].create();
  expect(node.type).toBe(type);
  expect(KINDS[type].create()).toEqual(node);
  expect(KINDS[type].create()).not.toBe(node);
});

test.each(types)("%s has ways and a line whatever its members hold", (type) => {
  const strange: JourneyNode[] = [
    { type },
    { type, paths: "x", timeout: 1, duration: null, eventUid: 2, reactions: {}, updates: null, channel: [] },
    { type, paths: [null, { id: 1 }, { id: "a" }], timeout: { path: true } },
  ];
  for (const node of [KINDS[type].create(), ...strange]) {
    const handles = KINDS[type].ways(node, t).map((way) => `${way.kind} ${way.path}`);
    expect(new Set(handles).size).toBe(handles.length);
    expect(typeof KINDS[type].summary(node, NAMES, t)).toBe("string");
  }
});

test("what can begin a journey, and only that, may stand first", () => {
  const beginning = types.filter((type) => KINDS[type].canBegin);
  expect(beginning).toEqual(["event", "businessEvent", "audienceQualification", "readAudience"]);
  expect(types.filter((type) => KINDS[type].canFollow(null))).toEqual(beginning);
});

test("a business event begins a journey and stands nowhere else", () => {
  expect(types.filter((type) => KINDS.businessEvent.canFollow({ type }))).toEqual([]);
});

test.each(["event", "audienceQualification", "reaction"] as const)(
  "%s has a way for its timeout where that has a path",
  (type) => {
    const kinds = (timeout: unknown) => KINDS[type].ways({ type, timeout }, t).map((way) => way.kind);
    expect(kinds(undefined)).toEqual(["default"]);
    expect(kinds({ value: 1, unit: "days" })).toEqual(["default"]);
    expect(kinds({ value: 1, unit: "days", path: true })).toEqual(["default", "timeout"]);
  },
);

test.each(["customAction", "message", "jump", "updateProfile", "datasetLookup"] as const)(
  "%s has a way for failures",
  (type) => {
    expect(KINDS[type].ways({ type }, t).map((way) => way.kind)).toEqual(["default", "error"]);
  },
);

test("an end leads nowhere", () => {
  expect(KINDS.end.ways({ type: "end" }, t)).toEqual([]);
});

test("a line names what an activity is about", () => {
  expect(KINDS.event.summary({ type: "event", eventUid: "u" }, known, t)).toBe("event u");
  expect(KINDS.audienceQualification.summary({ type: "audienceQualification", audienceId: "a" }, known, t)).toBe(
    "audience a",
  );
  expect(KINDS.wait.summary(KINDS.wait.create(), known, t)).toBe("activities.span.days 1");
  expect(KINDS.reaction.summary(KINDS.reaction.create(), known, t)).toBe("activities.reaction.opened");
});
