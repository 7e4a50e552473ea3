import fc from "fast-check";
import type { EdgeKind, JourneyDocument, JourneyEdge, JourneyNode, NodeType } from "./document";

const TYPES: NodeType[] = [
  "event",
  "businessEvent",
  "audienceQualification",
  "readAudience",
  "reaction",
  "condition",
  "optimize",
  "wait",
  "datasetLookup",
  "customAction",
  "message",
  "jump",
  "updateProfile",
  "end",
];
const KINDS: (EdgeKind | undefined)[] = [undefined, "default", "path", "timeout", "error", "other"];
const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/).filter((text) => text !== "__proto__");
const text = fc.string({ unit: "grapheme", maxLength: 20 });

const node: fc.Arbitrary<JourneyNode> = fc
  .record(
    {
      type: fc.constantFrom(...TYPES),
      label: text,
      description: text,
      paths: fc.array(fc.record({ id, label: text, expression: text }, { requiredKeys: ["id"] }), { maxLength: 3 }),
      duration: fc.record({ value: fc.nat(), unit: fc.constantFrom("seconds", "days") }),
      more: fc.jsonValue({ maxDepth: 2 }),
    },
    { requiredKeys: ["type"] },
  )
  .map((made) => made as JourneyNode);

function edge(ids: string[]): fc.Arbitrary<JourneyEdge> {
  return fc
    .tuple(fc.nat(ids.length - 1), fc.nat(ids.length - 1), fc.constantFrom(...KINDS), id, fc.boolean())
    .map(([a, b, kind, path, isNamedFirst]) => {
      // arrows lead on in the order of the ids, so that there is no loop
      const ends = { from: ids[Math.min(a, b)] ?? "", to: ids[Math.max(a, b)] ?? "" };
      const how = kind === undefined ? {} : kind === "path" ? { kind, path } : { kind };
      return isNamedFirst ? { ...how, ...ends } : { ...ends, ...how };
    })
    .filter(({ from, to }) => from !== to);
}

/** Any journey document that keeps to its shape, with and without positions; for tests. */
export const journeyDocuments: fc.Arbitrary<JourneyDocument> = fc
  .uniqueArray(id, { minLength: 1, maxLength: 12 })
  .chain((ids) =>
    fc.record(
      {
        name: text,
        description: text,
        entry: fc.record(
          { node: fc.constant(ids[0] ?? ""), reentrance: fc.record({ allowed: fc.boolean() }) },
          { requiredKeys: ["node"] },
        ),
        priority: fc.nat(100),
        nodes: fc
          .tuple(...ids.map(() => node))
          .map((nodes) => Object.fromEntries(ids.map((name, i) => [name, nodes[i] as JourneyNode]))),
        edges:
          ids.length < 2
            ? fc.constant([])
            : fc.uniqueArray(edge(ids), {
                maxLength: 16,
                selector: (one) => `${one.from}|${one.kind ?? "default"}|${one.path ?? ""}|${one.to}`,
              }),
        layout: fc
          .subarray([...ids, "#comments", "zoom"])
          .chain((placed) =>
            fc
              .tuple(
                ...placed.map((name) =>
                  name === "#comments"
                    ? fc.constant([{ id: "c", text: "!", x: 1, y: 2, author: "a", at: "t" }])
                    : fc.record({ x: fc.integer(), y: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
                ),
              )
              .map((places) => Object.fromEntries(placed.map((name, i) => [name, places[i]]))),
          ),
      },
      { requiredKeys: ["name", "entry", "nodes"] },
    ),
  )
  .map((made) => made as unknown as JourneyDocument);
