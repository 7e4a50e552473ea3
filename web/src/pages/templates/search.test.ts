import { expect, test } from "vitest";
import { matching, readChannelsSearch, readTemplateSearch, readTemplatesSearch } from "./search";

test("addresses keep what is known and drop the rest", () => {
  expect(readTemplatesSearch({ q: "a", channel: "sms", page: "2", x: 1 })).toEqual({ q: "a", channel: "sms", page: 2 });
  expect(readTemplatesSearch({ q: "", channel: "fax", page: -1 })).toEqual({});
  expect(readTemplateSearch({ tab: "versions" })).toEqual({ tab: "versions" });
  expect(readChannelsSearch({ tab: "suppressions", address: "a@b.c" })).toEqual({
    tab: "suppressions",
    address: "a@b.c",
  });
  expect(readChannelsSearch({ tab: "content" })).toEqual({});
});

test("every word must be in the name or the description, and the channel the one asked for", () => {
  const templates = [
    { name: "Order state", description: "after a purchase", channel: "email" },
    { name: "Code", channel: "sms" },
  ];
  expect(matching(templates, { q: "PURCHASE order" }).map((one) => one.name)).toEqual(["Order state"]);
  expect(matching(templates, { channel: "sms" }).map((one) => one.name)).toEqual(["Code"]);
  expect(matching(templates, { q: "order", channel: "sms" })).toEqual([]);
});
