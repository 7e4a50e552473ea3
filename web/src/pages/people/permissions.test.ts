import { expect, test } from "vitest";
import type { Role } from "./people";
import { permissionsOf } from "./permissions";

const role = (id: string, permissionSets: string[], permissions: string[] = []): Role => ({
  id,
  name: id,
  description: "",
  roleType: "user-defined",
  permissionSets,
  permissions,
  sandboxes: ["*"],
  subjectAttributes: { labels: [] },
  etag: null,
});
const sets = {
  "view-journeys": { journeys: ["read"], profiles: ["read"] },
  "publish-journeys": { journeys: ["publish"] },
};

test("sets, single permissions and ready-made roles come together by resource", () => {
  const standard = role("standard-user", ["publish-journeys"]);
  const own = role("own", ["view-journeys", "standard-user"], ["monitoring.read", "journeys.read"]);
  const found = permissionsOf(own, sets, [standard, own]);
  expect([...(found.get("journeys") ?? [])].sort()).toEqual(["publish", "read"]);
  expect([...found.keys()].sort()).toEqual(["journeys", "monitoring", "profiles"]);
});

test("a role that names itself ends", () => {
  const own = role("own", ["own"], ["alerts.read"]);
  expect([...permissionsOf(own, sets, [own]).keys()]).toEqual(["alerts"]);
});
