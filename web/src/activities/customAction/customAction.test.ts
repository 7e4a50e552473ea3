import { expect, test } from "vitest";
import { mapped, mappingsOf, missingOf, parametersOfAction, strayOf } from "../mappings";
import type { ActionRef } from "../references";
import { previewOf } from "./preview";

const action: ActionRef = {
  uid: "u",
  name: "Send",
  url: "https://api.example.com/messages",
  method: "POST",
  headers: [
    { name: "X-App", kind: "constant", value: "shop" },
    { name: "X-Trace", kind: "variable", label: "Trace", optional: true },
  ],
  queryParameters: [{ name: "lang", kind: "variable" }],
  request: {
    sample: { to: { email: "x" }, points: 1, note: "n", source: "shop", items: [{ price: 1 }] },
    fields: [
      { path: "/to/email", kind: "variable", type: "string", label: "Address" },
      { path: "/points", kind: "variable", type: "integer" },
      { path: "/note", kind: "variable", optional: true },
      { path: "/source", kind: "constant", value: "web" },
      { path: "/items", kind: "variable", type: "listObject", optional: true },
      { path: "/items/[]/price", kind: "variable", type: "decimal" },
    ],
  },
};

test("what a journey fills, by the action's own names", () => {
  expect(
    parametersOfAction(action).map(({ paramPath, label, type, isOptional }) => [paramPath, label, type, isOptional]),
  ).toEqual([
    ["headers/X-Trace", "Trace", "string", true],
    ["queryParameters/lang", "lang", "string", false],
    ["/to/email", "Address", "string", false],
    ["/points", "/points", "integer", false],
    ["/note", "/note", null, true],
    ["/items", "/items", "listObject", true],
  ]);
});

test("the call with expressions in their places; what is optional and not filled is left out", () => {
  const mappings = mappingsOf([
    { paramPath: "/to/email", expression: '@event{Order.mail, defaultValue: "a"}' },
    { paramPath: "queryParameters/lang", expression: '"en"' },
  ]);
  expect(previewOf(action, "'/7'", mappings)).toBe(
    [
      "POST https://api.example.com/messages‹'/7'›?lang=‹\"en\"›",
      "X-App: shop",
      "",
      "{",
      '  "to": {',
      '    "email": ‹@event{Order.mail, defaultValue: "a"}›',
      "  },",
      '  "points": ‹?›,',
      '  "source": "web"',
      "}",
    ].join("\n"),
  );
});

test("filling a place and emptying it again", () => {
  const one = mapped([], "/a", "1") ?? [];
  expect(one).toEqual([{ paramPath: "/a", expression: "1" }]);
  expect(mapped([{ paramPath: "/a", expression: "1", label: "A" }], "/a", "2")).toEqual([
    { paramPath: "/a", expression: "2", label: "A" },
  ]);
  expect(mapped(one, "/a", "")).toBeUndefined();
});

test("what is missing, and what is no parameter any more", () => {
  const mappings = mappingsOf([
    { paramPath: "/to/email", expression: "'x'" },
    { paramPath: "/gone", expression: "1" },
  ]);
  const parameters = parametersOfAction(action);
  expect(missingOf(parameters, mappings).map((one) => one.paramPath)).toEqual(["queryParameters/lang", "/points"]);
  expect(strayOf(parameters, mappings).map((one) => one.paramPath)).toEqual(["/gone"]);
});
