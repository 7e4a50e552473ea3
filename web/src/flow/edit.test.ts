import fc from "fast-check";
import { expect, test } from "vitest";
import { journeyDocuments } from "./arbitrary.testing";
import type { JourneyDocument } from "./document";
import { add, addBehind, connect, copy, paste, readClip, refusalOf, remove, replace } from "./edit";
import { edgeId, edgesOf, handleOf } from "./graph";
import { reachable, unreachable } from "./reach";

const ALWAYS = () => true;
const story: JourneyDocument = {
  name: "Story",
  entry: { node: "order" },
  nodes: {
    order: { type: "event" },
    big: { type: "condition", paths: [{ id: "yes" }] },
    pause: { type: "wait" },
    thanks: { type: "message" },
  },
  edges: [
    { from: "order", to: "big" },
    { from: "big", to: "pause", kind: "path", path: "yes" },
    { from: "pause", to: "thanks" },
  ],
};

test.each([
  ["pause", "default|", "pause", "self"],
  ["thanks", "default|", "order", "entry"],
  ["thanks", "default|", "big", "loop"],
  ["order", "default|", "big", "same"],
  ["order", "default|", "thanks", "parallel"],
  ["thanks", "error|", "nobody", "order"],
  ["big", "error|", "thanks", null],
])("an arrow from %s (%s) to %s: %s", (from, handle, to, refusal) => {
  expect(refusalOf(story, from, handle, to, ALWAYS)).toBe(refusal);
});

test("waits and events may stand side by side behind one way", () => {
  const { document, id } = add(story, { type: "event" }, { x: 0, y: 0 });
  expect(refusalOf(document, "big", "path|yes", id, ALWAYS)).toBeNull();
  expect(refusalOf(document, "big", "path|yes", id, () => false)).toBe("order");
});

test("the first activity of an empty journey is its entry", () => {
  const empty: JourneyDocument = { name: "New", entry: { node: "" }, nodes: {} };
  const { document, id } = add(empty, { type: "event" }, { x: 10, y: 20 });
  expect(document.entry.node).toBe(id);
  expect(document.layout).toEqual({ event: { x: 10, y: 20 } });
});

test("an activity added behind a taken way stands between the two", () => {
  const { document, id } = addBehind(story, "order", "default|", { type: "wait" }, "default|");
  expect(edgesOf(document).map(edgeId)).toEqual([
    "order|default||wait",
    "big|path|yes|pause",
    "pause|default||thanks",
    "wait|default||big",
  ]);
  expect(id).toBe("wait");
  const ended = addBehind(story, "order", "default|", { type: "end" }, null);
  expect(edgesOf(ended.document).some((edge) => edge.from === "end")).toBe(false);
});

test("what is taken away is bridged where one way leads on", () => {
  const without = remove(story, new Set(["big"]));
  expect(edgesOf(without).map(edgeId)).toEqual(["order|default||pause", "pause|default||thanks"]);
  expect(remove(story, new Set(["order"])).entry.node).toBe("big");
});

test("arrows of paths that are gone are gone", () => {
  const changed = replace(story, "big", { type: "condition", paths: [] }, new Set(["error|"]));
  expect(edgesOf(changed).map(edgeId)).toEqual(["order|default||big", "pause|default||thanks"]);
  expect(unreachable(changed)).toEqual(["pause", "thanks"]);
});

test("a clip of another text is none", () => {
  expect(readClip("{}")).toBeNull();
  expect(readClip("hello")).toBeNull();
  expect(readClip(JSON.stringify(copy(story, new Set(["pause"]))))?.nodes).toEqual({ pause: { type: "wait" } });
});

test("whatever is done, arrows lead from an activity to an activity, and never back", () => {
  fc.assert(
    fc.property(
      journeyDocuments,
      fc.array(fc.tuple(fc.nat(4), fc.nat(50), fc.nat(50)), { maxLength: 12 }),
      (start, acts) => {
        let document = start;
        for (const [act, a, b] of acts) {
          const ids = Object.keys(document.nodes);
          const [one, other] = [ids[a % ids.length] ?? "", ids[b % ids.length] ?? ""];
          if (act === 0) document = addBehind(document, one, "default|", { type: "wait" }, "default|").document;
          else if (act === 1 && refusalOf(document, one, "default|", other, ALWAYS) === null)
            document = connect(document, one, "default|", other);
          else if (act === 2 && ids.length > 1) document = remove(document, new Set([one]));
          else if (act === 3) document = paste(document, copy(document, new Set([one, other]))).document;
        }
        const names = edgesOf(document).map(edgeId);
        expect(new Set(names).size).toBe(names.length);
        for (const { from, to } of edgesOf(document)) {
          expect(document.nodes[from]).toBeDefined();
          expect(document.nodes[to]).toBeDefined();
          expect(reachable(document, to).has(from)).toBe(false);
        }
        expect(document.nodes[document.entry.node]).toBeDefined();
        expect(handleOf(undefined, undefined)).toBe("default|");
      },
    ),
  );
});
