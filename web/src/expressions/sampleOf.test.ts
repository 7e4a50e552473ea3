import { expect, test } from "vitest";
import { sampleOf } from "./sampleOf";
import type { ExpressionType, Scope, ScopeField } from "./scope";

const field = (path: string, type: ExpressionType, choices: unknown[] | null = null): ScopeField => ({
  path,
  expression: path,
  type,
  title: path,
  enum: choices,
  isCollection: type.startsWith("list"),
});
const scope: Scope = {
  roots: [
    {
      reference: "@action{Send",
      kind: "action",
      title: "Send",
      fields: [
        field("id", "string"),
        field("sky", "object"),
        field("sky.clouds", "integer"),
        field("lines", "listObject"),
        field("lines.price", "listDecimal"),
        field("tags", "listString"),
        field("state", "string", ["queued", "sent"]),
      ],
    },
  ],
  functions: [],
};

test("a sample has a value for every field, objects in lists as their one element", () => {
  expect(sampleOf(scope, "action", "Send")).toEqual({
    id: "text",
    sky: { clouds: 1 },
    lines: [{ price: 1.5 }],
    tags: ["text"],
    state: "queued",
  });
});

test("of what the scope doesn't know there is none", () => {
  expect(sampleOf(scope, "event", "Send")).toBeNull();
  expect(sampleOf(scope, "action", "Other")).toBeNull();
});
