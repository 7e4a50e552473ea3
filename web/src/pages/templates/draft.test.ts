import { expect, test } from "vitest";
import { ApiError } from "@/api/error";
import { addressesOf, bodyOf, canShow, draftOf, EMPTY, faultOf, shownAt, valuesOf } from "./draft";

test("a document holds what its channel and format have, and nothing empty", () => {
  const content = { subject: "Hi", mjml: "<mjml/>", html: "<p>", text: "", preheader: "", body: "sms", title: "t" };
  expect(bodyOf({ ...EMPTY, content }).content).toEqual({ subject: "Hi", mjml: "<mjml/>" });
  expect(bodyOf({ ...EMPTY, format: "html", content }).content).toEqual({ subject: "Hi", html: "<p>" });
  expect(bodyOf({ ...EMPTY, format: "text", content }).content).toEqual({ subject: "Hi", text: "" });
  expect(bodyOf({ ...EMPTY, channel: "sms", content }).content).toEqual({ body: "sms" });
  const push = bodyOf({ ...EMPTY, channel: "push", content: { ...content, data: { a: "1" } } });
  expect(push.content).toEqual({ title: "t", body: "sms", data: { a: "1" } });
  expect(push).not.toHaveProperty("format");
});

test("a stored document comes back as it was", () => {
  const stored = bodyOf({ ...EMPTY, name: "A", content: { subject: "S", html: "<p>", text: "T" }, format: "html" });
  expect(bodyOf(draftOf(stored))).toEqual(stored);
  const withFile = {
    ...stored,
    content: { ...stored.content, attachments: [{ url: "https://a.example/b", name: "b" }] },
  };
  expect(bodyOf(draftOf(withFile))).toEqual(withFile);
});

test("a message is shown once its required texts are there", () => {
  expect(canShow(EMPTY)).toBe(false);
  expect(canShow({ ...EMPTY, content: { ...EMPTY.content, subject: "S" } })).toBe(true);
  expect(canShow({ ...EMPTY, format: "html", content: { ...EMPTY.content, subject: "S" } })).toBe(false);
  expect(canShow({ ...EMPTY, channel: "sms", content: { body: " " } })).toBe(false);
});

test("a fault is shown at its field and above what lies below it, nowhere else", () => {
  const fault = faultOf(new ApiError(400, { detail: "no", report: { path: "$.parameters[1].name" } }));
  expect(fault).toEqual({ path: "$.parameters[1].name", message: "no" });
  expect(shownAt(fault, "$.parameters[1]")).toEqual({ validationState: "invalid", errorMessage: "no" });
  expect(shownAt(fault, "$.parameters[10]")).toEqual({});
  expect(shownAt(fault, "$.param")).toEqual({});
  expect(faultOf(new ApiError(409, { detail: "taken", report: {} }))).toBeNull();
});

test("values have every parameter; a stored profile stands in place of the one given", () => {
  const parameters = [
    { name: "state", label: "State", optional: false },
    { name: "code", label: "", optional: true },
  ];
  const sample = { text: '{"profile": {"a": 1}, "params": {"code": "X"}}', namespace: "", id: "" };
  expect(valuesOf(sample, parameters)).toEqual({ profile: { a: 1 }, params: { state: "[State]", code: "X" } });
  expect(valuesOf({ ...sample, namespace: "Email", id: " a@b.c " }, [])?.profile).toEqual({
    namespace: "Email",
    id: "a@b.c",
  });
  expect(valuesOf({ ...sample, text: "" }, [])).toEqual({});
  expect(valuesOf({ ...sample, text: "[1]" }, [])).toBeNull();
  expect(valuesOf({ ...sample, text: "{" }, [])).toBeNull();
});

test("addresses are one a line or with commas", () => {
  expect(addressesOf("a@b.c, d@e.f\n\n g@h.i;")).toEqual(["a@b.c", "d@e.f", "g@h.i"]);
});
