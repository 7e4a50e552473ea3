import { expect, test } from "vitest";
import { ApiError } from "@/api/error";
import { errorKind } from "./errorKind";

const kind = (status: number, title: string, type = "") =>
  errorKind(new ApiError(status, { title, type, detail: "x" }));

test("each conflict that the server knows is told for what it is", () => {
  for (const title of [
    "SandboxExists",
    "ActionExists",
    "TemplateExists",
    "Audience exists",
    "NAMESPACE_CODE_CONFLICT",
  ]) {
    expect(kind(409, title), title).toBe("exists");
  }
  for (const title of ["ActionInUse", "EventInUse", "RuleSetInUse", "Mapping set in use"]) {
    expect(kind(409, title), title).toBe("inUse");
  }
  for (const title of ["JourneyStateConflict", "MessageStateConflict", "Upload not open", "BuiltInSourceKept"]) {
    expect(kind(409, title), title).toBe("state");
  }
  expect(kind(409, "TrialsDisabled")).toBe("state");
  expect(kind(409, "TooManyEvents")).toBe("full");
  expect(kind(409, "Conflict")).toBe("conflict");
});

test("a data set and an audience in use are that, whatever their services call it", () => {
  expect(kind(409, "ConflictError", "http://ns.adobe.com/aep/errors/CTLG-1009-409")).toBe("inUse");
  expect(kind(403, "Dependent audience")).toBe("inUse");
  expect(kind(403, "Permission denied")).toBe("denied");
});

test("only what changed meanwhile is told to be loaded anew", () => {
  expect(kind(412, "VersionMismatch")).toBe("changed");
  expect(kind(404, "JourneyNotFound")).toBe("missing");
  expect(kind(400, "JourneyInvalid")).toBe("invalid");
  expect(kind(503, "Unavailable")).toBe("busy");
  expect(kind(500, "")).toBe("server");
  expect(errorKind(null)).toBe("page");
  expect(errorKind(new ApiError(0, "gone"))).toBe("offline");
});
