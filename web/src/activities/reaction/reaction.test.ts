import { expect, test } from "vitest";
import type { JourneyDocument } from "@/flow/document";
import { reaction, sendersBefore } from "./reaction";

const document: JourneyDocument = {
  name: "j",
  entry: { node: "start" },
  nodes: {
    start: { type: "event" },
    mail: { type: "message" },
    pause: { type: "wait" },
    react: { type: "reaction" },
  },
  edges: [
    { from: "start", to: "mail" },
    { from: "mail", to: "react" },
    { from: "mail", to: "react", kind: "error" },
    { from: "pause", to: "react" },
  ],
};

test("a reaction is about what sends right before it, told once", () => {
  expect(sendersBefore(document, "react")).toEqual(["mail"]);
  expect(sendersBefore(document, "mail")).toEqual([]);
});

test("it stands behind what sends, and nowhere else", () => {
  expect(reaction.canFollow({ type: "message" })).toBe(true);
  expect(reaction.canFollow({ type: "wait" })).toBe(false);
  expect(reaction.canBegin).toBe(false);
});
