import { expect, test } from "vitest";
import { bodyOf, readAlertsSearch, type SubscriptionBody } from "./alerts";

const draft: SubscriptionBody = {
  name: "On call",
  journeyUid: null,
  alerts: ["customActionErrorRate", "journeyPublished"],
  thresholds: {
    customActionErrorRate: { percent: 5, minimum: 1 },
    profileErrorRate: { percent: 1 },
    journeyPublished: { percent: 3 },
  },
  webhook: { url: " https://hooks.example.com/x ", secret: "" },
};

test("only thresholds that differ, of kinds that are chosen and have one", () => {
  expect(bodyOf(draft).thresholds).toEqual({ customActionErrorRate: { percent: 5 } });
});

test("an address is trimmed, an empty secret left out, no address is no webhook", () => {
  expect(bodyOf(draft).webhook).toEqual({ url: "https://hooks.example.com/x" });
  expect(bodyOf({ ...draft, webhook: { url: "  " } }).webhook).toBeNull();
});

test("an unknown kind filters nothing", () => {
  expect(readAlertsSearch({ kind: "x", state: "open", page: "2" })).toMatchObject({
    kind: undefined,
    state: "open",
    page: 2,
  });
});
