import { expect, test } from "vitest";
import type { JourneyVersion } from "../version";
import { sizeOf, technicalDetails } from "./technicalDetails";

const document = { name: "é", entry: { node: "a" }, nodes: {}, edges: [] };
const version: JourneyVersion = {
  uid: "v",
  journeyUid: "j",
  name: "é",
  description: "",
  version: "1.0",
  status: "Draft",
  orgId: "ACME@AdobeOrg",
  sandboxName: "prod",
  document,
  metadata: {},
};

test("a size is that of the bytes that are stored", () => {
  expect(sizeOf(document)).toBe(JSON.stringify(document).length + 1);
});

test("what has not happened is not told", () => {
  expect(JSON.parse(technicalDetails(version))).toEqual({
    "JourneyVersion UID": "v",
    OrgID: "ACME@AdobeOrg",
    sandboxName: "prod",
  });
  const paused = { ...version, pausedJourneySettings: { pauseBehavior: "hold" }, metadata: { lastDeployedBy: "ann" } };
  expect(JSON.parse(technicalDetails(paused))).toMatchObject({
    lastDeployedBy: "ann",
    pausedJourneySettings: { pauseBehavior: "hold" },
  });
});
