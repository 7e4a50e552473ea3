import { expect, test } from "vitest";
import { ApiError } from "@/api/error";
import { matching, readActionSearch, readActionsSearch, readNewSearch } from "./actionsSearch";
import { type ActionDocument, MASK } from "./document";
import { documentOf, draftOf, duplicateOf, fieldKey, fillable, unreadable } from "./draft";
import { faultPlace, isAsSent, isRefusal } from "./faults";
import { inferType, placesOf } from "./places";
import { parametersOf, variablesOf } from "./trial";

const SEND: ActionDocument = {
  name: "SendWelcome",
  description: "Mail",
  url: "https://api.example.com/messages",
  method: "POST",
  headers: [
    { name: "X-Channel", kind: "constant", value: "email" },
    { name: "X-Trace", kind: "variable", label: "Trace id", optional: true },
  ],
  queryParameters: [{ name: "lang", kind: "variable", label: "lang", optional: false }],
  authentication: {
    type: "customAuthorization",
    endpoint: "https://auth.example.com/token",
    method: "POST",
    headers: { Authorization: MASK },
    body: { bodyType: "form", bodyParams: { scope: MASK } },
    tokenInResponse: "json://access_token",
    cacheDuration: { duration: 5, timeUnit: "minutes" },
    authorizationType: "header",
    tokenTarget: "x-auth-token",
  },
  request: {
    sample: { to: { email: "ann@example.com" }, points: 3, source: "shop", items: [{ sku: "a", price: 9 }] },
    fields: [
      { path: "/to/email", type: "string", kind: "variable", label: "Address", optional: false },
      { path: "/points", type: "decimal", kind: "variable", label: "points", optional: true },
      { path: "/source", type: "string", kind: "constant", value: "web" },
      { path: "/items", type: "listObject", kind: "variable", label: "items", optional: true },
      { path: "/items/[]/price", type: "decimal", kind: "variable", label: "price" },
    ],
    allowNull: true,
  },
  response: { sample: { id: "m-1", score: 1 }, types: { "/score": "decimal" } },
  failureResponse: null,
  marketing: { channel: "email", requiredMarketingAction: "offers" },
};

test("what is read and not changed is written as it was, secrets still masked", () => {
  expect(documentOf(draftOf(SEND))).toEqual(SEND);
});

test("a duplicate has a name that fits, and none of the secrets", () => {
  const draft = duplicateOf({ ...SEND, name: "a".repeat(30) });
  expect(draft.name).toBe(`${"a".repeat(25)}_copy`);
  expect(JSON.stringify(documentOf(draft))).not.toContain(MASK);
  expect(documentOf(draft).authentication?.headers).toEqual({ Authorization: "" });
});

test("types of a sample are those that the server infers", () => {
  expect([1, 1.5, "a", true, null, [1, 2.5], ["a", null], [], [1, "a"], [[1]], [{}]].map(inferType)).toEqual([
    "integer",
    "decimal",
    "string",
    "boolean",
    "null",
    "listDecimal",
    "listString",
    "listAny",
    "listAny",
    "listAny",
    "listObject",
  ]);
  expect(placesOf({ "a/b": { "c~": 1 }, mixed: [1, "x"] }).map((place) => place.path)).toEqual([
    "/a~1b/c~0",
    "/mixed/0",
    "/mixed/1",
  ]);
});

test("attributes can be filled only while their array is variable, and a GET sends no payload", () => {
  const draft = draftOf(SEND);
  expect(fillable(draft).map((place) => place.path)).toContain("/items/[]/sku");
  const items = { kind: "constant", type: "listObject", label: "", value: null } as const;
  const constant = { ...draft, fields: { ...draft.fields, "/items": items } };
  expect(fillable(constant).map((place) => place.path)).not.toContain("/items/[]/sku");
  expect(documentOf({ ...draft, method: "GET" }).request).toBeNull();
});

test("texts that are no JSON are found before anything is sent", () => {
  const draft = draftOf(SEND);
  expect(unreadable(draft)).toEqual([]);
  expect(unreadable({ ...draft, sample: "[1]", response: { sample: "{", types: {} } })).toEqual([
    "request.sample",
    "response.sample",
  ]);
  const points = { kind: "constant", type: "integer", label: "", value: "three" } as const;
  expect(unreadable({ ...draft, fields: { "/points": points } })).toEqual([fieldKey("/points")]);
});

test("a refusal is shown at its field", () => {
  const refusal = (path: string) => new ApiError(400, { detail: "no", report: { path } });
  expect(faultPlace(refusal("$.headers[1].name"), SEND)).toBe("headers[1].name");
  expect(faultPlace(refusal("$.request.fields[1].type"), SEND)).toBe(fieldKey("/points"));
  expect(faultPlace(refusal("$.request.sample.a.b"), SEND)).toBe("request.sample");
  expect(faultPlace(new ApiError(409, { type: "x/PARC-6009-409" }), SEND)).toBe("name");
  expect(faultPlace(new ApiError(500, null), SEND)).toBeNull();
  expect(isAsSent("headers[1].name", SEND, { ...SEND, url: "https://b.example.com" })).toBe(true);
  expect(isAsSent("headers[1].name", SEND, { ...SEND, headers: [] })).toBe(false);
  expect(isRefusal(new ApiError(409, { type: "x/PARC-6010-409" }))).toBe(true);
  expect(isRefusal(new ApiError(412, { type: "x/PARC-1412-412" }))).toBe(false);
});

test("a test request has what was typed, by type, and leaves empty optional values out", () => {
  const variables = variablesOf(SEND);
  expect(variables.map((one) => one.paramPath)).toEqual([
    "headers/X-Trace",
    "queryParameters/lang",
    "/to/email",
    "/points",
    "/items",
  ]);
  expect(parametersOf(variables, { "queryParameters/lang": "fr", "/points": "4.5" })).toEqual({
    parameters: {
      "queryParameters/lang": "fr",
      "/to/email": "ann@example.com",
      "/points": 4.5,
      "/items": [{ sku: "a", price: 9 }],
    },
    unreadable: [],
  });
  expect(parametersOf(variables, { "/points": "four" }).unreadable).toEqual(["/points"]);
});

test("an address keeps what is known, and a search looks at names, descriptions and URLs", () => {
  expect(readActionsSearch({ q: "mail", page: "2", x: 1 })).toEqual({ q: "mail", page: 2 });
  expect(readActionSearch({ tab: "test" })).toEqual({ tab: "test" });
  expect(readNewSearch({ from: 3 })).toEqual({});
  expect(matching([SEND], "api.example WELCOME")).toEqual([SEND]);
  expect(matching([SEND], "other")).toEqual([]);
});
