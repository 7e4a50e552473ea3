import fc from "fast-check";
import { expect, test } from "vitest";
import { journeyDocuments } from "./arbitrary.testing";
import { fromCanvas, toCanvas } from "./graph";

test("document → canvas → document is the same text, byte for byte, for 1 000 journeys", () => {
  fc.assert(
    fc.property(journeyDocuments, (document) => {
      expect(JSON.stringify(fromCanvas(document, toCanvas(document)))).toBe(JSON.stringify(document));
    }),
    { numRuns: 1_000 },
  );
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
