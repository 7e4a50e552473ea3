import { expect, test } from "vitest";
import { fillTemplate, ImportRefused, type JourneyTemplate, readImport, resolveNames } from "./create";

const template: JourneyTemplate = {
  uid: "welcome",
  name: "Welcome",
  description: "",
  needs: [],
  document: {
    name: "Welcome",
    nodes: {
      start: { type: "event", eventUid: "SIGNED_UP" },
      check: { type: "condition", paths: [{ id: "a", expression: "@event{SIGNED_UP.age} > 17" }] },
    },
  },
};

test("a whole text becomes the uid, within an expression the name", () => {
  const choices = new Map([["SIGNED_UP", { uid: "u-1", name: "NewCustomer" }]]);
  expect(fillTemplate(template, "Hello", choices)).toEqual({
    name: "Hello",
    nodes: {
      start: { type: "event", eventUid: "u-1" },
      check: { type: "condition", paths: [{ id: "a", expression: "@event{NewCustomer.age} > 17" }] },
    },
  });
});

test("the longer of two placeholders is replaced first", () => {
  const choices = new Map([
    ["SIGNED", { uid: "u-2", name: "Wrong" }],
    ["SIGNED_UP", { uid: "u-1", name: "NewCustomer" }],
  ]);
  expect(JSON.stringify(fillTemplate(template, "x", choices))).not.toContain("Wrong");
});

test("a file is a document, a version as read, or an export", () => {
  const document = { name: "A", entry: { node: "a" }, nodes: {} };
  expect(readImport(document)).toEqual({ kind: "document", document });
  expect(readImport({ uid: "v", document })).toEqual({ kind: "document", document });
  expect(readImport({ formatVersion: "1.0", journeyVersion: {} }).kind).toBe("export");
  for (const wrong of [null, [], "text", { name: "A" }]) expect(() => readImport(wrong)).toThrow(ImportRefused);
});

test("names of a file become uids, and what isn't there is told once", () => {
  const document = {
    name: "A",
    nodes: {
      a: { type: "event", event: "OrderPlaced" },
      b: { type: "event", event: "Gone" },
      c: { type: "event", event: "Gone" },
      d: { type: "event", eventUid: "kept" },
    },
    exitCriteria: [{ id: "x", audience: "Gold" }],
  };
  const known = {
    event: [{ uid: "e-1", name: "OrderPlaced" }],
    action: [],
    audience: [{ uid: "a-1", name: "Gold" }],
    template: [],
  };
  const found = resolveNames(document, known);
  expect(found.missing).toEqual(["event: Gone"]);
  expect(found.document).toMatchObject({
    nodes: { a: { eventUid: "e-1" }, d: { eventUid: "kept" } },
    exitCriteria: [{ id: "x", audienceId: "a-1" }],
  });
});
