import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { journeyDocuments } from "./arbitrary.testing";
import type { JourneyDocument } from "./document";
import { fromCanvas, lanes, toCanvas } from "./graph";

test("document → canvas → document is the same text, byte for byte, for 1 000 journeys", () => {
  fc.assert(
    fc.property(journeyDocuments, (document) => {
      expect(JSON.stringify(fromCanvas(document, toCanvas(document)))).toBe(JSON.stringify(document));
    }),
    { numRuns: 1_000 },
  );
});

const EXAMPLES = join(process.cwd(), "../examples/tests");
const examples = readdirSync(EXAMPLES).filter((name) => name.endsWith(".yaml") && !name.endsWith(".test.yaml"));

test.each(examples)("the example %s comes back as the same text", (name) => {
  const document = parse(readFileSync(join(EXAMPLES, name), "utf8")) as JourneyDocument;
  expect(Object.keys(document.nodes).length).toBeGreaterThan(1);
  expect(JSON.stringify(fromCanvas(document, toCanvas(document)))).toBe(JSON.stringify(document));
});

test("an activity that is moved changes its position and nothing else", () => {
  fc.assert(
    fc.property(journeyDocuments, fc.nat(11), (document, pick) => {
      const canvas = toCanvas(document);
      const index = pick % canvas.nodes.length;
      const nodes = canvas.nodes.map((node, i) => (i === index ? { ...node, position: { x: 1.5, y: 7 } } : node));
      const moved = fromCanvas(document, { ...canvas, nodes });
      const { layout: _before, ...rest } = document;
      const { layout, ...same } = moved;
      expect(same).toEqual(rest);
      expect(layout?.[nodes[index]?.id ?? ""]).toMatchObject({ x: 1.5, y: 7 });
    }),
  );
});

test("every activity gets a place of its own where the document has none", () => {
  fc.assert(
    fc.property(journeyDocuments, (document) => {
      const { layout: _, ...bare } = document;
      const places = toCanvas(bare).nodes.map(({ position }) => `${position.x},${position.y}`);
      expect(new Set(places).size).toBe(places.length);
    }),
  );
});

test("what stands under an activity with many paths stands under all of its lines", () => {
  const paths = ["a", "b", "c"].map((id) => ({ id, percentage: 30 }));
  const bare = {
    name: "x",
    entry: { node: "in" },
    nodes: {
      in: { type: "condition", paths },
      tall: { type: "optimize", paths },
      below: { type: "wait" },
    },
    edges: ["tall", "below"].map((to, i) => ({ from: "in", to, kind: "path", path: String(i) })),
  } as unknown as JourneyDocument;
  const at = new Map(toCanvas(bare).nodes.map((node) => [node.id, node.position]));
  expect(at.get("below")?.x).toBe(at.get("tall")?.x);
  expect((at.get("below")?.y ?? 0) - (at.get("tall")?.y ?? 0)).toBeGreaterThan(160);
});

test("arrows between the same two activities have lanes of their own", () => {
  const edges = ["b", "c", "b", "b"].map((to) => ({ from: "a", to }));
  expect(lanes(edges).map((one) => one.lane)).toEqual([-1, 0, 0, 1]);
});
