import { expect, test } from "vitest";
import { isDeletable, notesOf, readRow, statusId } from "./journey";

const journey = {
  uid: "j",
  name: "Thank the customer",
  latestVersionUid: "v2",
  status: "Draft",
  versions: [
    { uid: "v1", version: "1.0", status: "Deployed" },
    { uid: "v2", version: "2.0", status: "Draft" },
  ],
  metadata: { createdBy: "ada@example.com", createdAt: "2026-01-30T12:00:00.000Z" },
};

test("the latest version is not the live one", () => {
  const row = readRow(journey);
  expect(row.latest.uid).toBe("v2");
  expect(row.live?.uid).toBe("v1");
  expect(row.modifiedAt).toBeNull();
  expect(isDeletable(row)).toBe(false);
});

test("what the server leaves out is nothing, not zero", () => {
  const row = readRow({ uid: "j" });
  expect([row.entrances, row.entered, row.live, row.name]).toEqual([null, null, null, ""]);
});

test("entrances by the hour are those of all versions", () => {
  const traffic = { entered: 7, hours: { entered: [0, 5, 2], failed: [0, 0, 1] } };
  const row = readRow({ ...journey, traffic, live: { uid: "v1", version: "1.0", status: "Paused" } });
  expect([row.entrances, row.entered, row.live?.status]).toEqual([[0, 5, 2], 7, "Paused"]);
});

test("a stopped version doesn't keep a journey", () => {
  const row = readRow({ ...journey, versions: [{ uid: "v1", version: "1.0", status: "Stopped" }] });
  expect(isDeletable(row)).toBe(true);
});

test("notes are those on the canvas, the oldest first", () => {
  const note = (id: string, at: string) => ({ id, at, text: id, author: "ada", x: 0, y: 0 });
  const layout = { "#comments": [note("b", "2026-01-02"), note("a", "2026-01-01")], order: { x: 1, y: 2 } };
  expect(notesOf({ layout }).map((one) => one.id)).toEqual(["a", "b"]);
  expect(notesOf({})).toEqual([]);
});

test("a status is one word in the catalogues", () => {
  expect(statusId("Dry Run")).toBe("DryRun");
});
