import fc from "fast-check";
import { expect, test } from "vitest";
import { journeyDocuments } from "./arbitrary.testing";
import type { JourneyDocument } from "./document";
import { refusalOf } from "./edit";
import { edgesOf, handleOf } from "./graph";
import { lead, leadsOf } from "./ways";

const ALWAYS = () => true;
const story: JourneyDocument = {
  name: "Story",
  entry: { node: "order" },
  nodes: {
    order: { type: "event" },
    big: { type: "condition", paths: [{ id: "yes" }] },
    pause: { type: "wait" },
    later: { type: "wait" },
    thanks: { type: "message" },
  },
  edges: [
    { from: "order", to: "big" },
    { from: "big", to: "pause", kind: "path", path: "yes" },
    { from: "pause", to: "thanks" },
  ],
};

test("a way that leads somewhere may lead elsewhere, but not back", () => {
  expect(leadsOf(story, "order", "default|", ALWAYS)).toEqual([
    { to: "big", choices: ["big", "pause", "later", "thanks"] },
  ]);
  expect(leadsOf(story, "thanks", "default|", ALWAYS)).toEqual([{ to: null, choices: ["later"] }]);
});

test("beside a wait there is room for one more", () => {
  expect(leadsOf(story, "big", "path|yes", ALWAYS)).toEqual([
    { to: "pause", choices: ["pause", "later", "thanks"] },
    { to: null, choices: ["later"] },
  ]);
});

test("an arrow is moved, drawn and taken away", () => {
  const moved = lead(story, "big", "path|yes", "pause", "thanks");
  expect(edgesOf(moved)).toContainEqual({ from: "big", to: "thanks", kind: "path", path: "yes" });
  expect(edgesOf(moved)).toHaveLength(3);
  expect(edgesOf(lead(story, "thanks", "error|", null, "later"))).toContainEqual({
    from: "thanks",
    to: "later",
    kind: "error",
  });
  expect(edgesOf(lead(story, "pause", "default|", "thanks", null))).toEqual((story.edges ?? []).slice(0, 2));
});

test("whatever is chosen may be drawn", () => {
  fc.assert(
    fc.property(journeyDocuments, fc.nat(), (document, at) => {
      const edges = edgesOf(document);
      const edge = edges[at % Math.max(edges.length, 1)];
      if (edge === undefined) return;
      const handle = handleOf(edge.kind, edge.path);
      for (const { to, choices } of leadsOf(document, edge.from, handle, ALWAYS)) {
        const without = lead(document, edge.from, handle, to, null);
        for (const choice of choices)
          if (choice !== to) expect(refusalOf(without, edge.from, handle, choice, ALWAYS)).toBeNull();
      }
    }),
  );
});
