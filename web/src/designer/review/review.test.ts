import { expect, test } from "vitest";
import { type Approval, offered } from "./review";

const BOTH = { mayWrite: true, mayPublish: true };
const approval = (changed: Partial<Approval>): Approval => ({
  needed: false,
  policies: [],
  request: null,
  mayApprove: false,
  mayRequestChanges: false,
  reason: null,
  requests: [],
  ...changed,
});

test("a draft is published, or its approval requested where a policy wants one", () => {
  expect(offered("Draft", approval({}), BOTH)).toEqual(["publish"]);
  expect(offered("Draft", approval({ needed: true }), BOTH)).toEqual(["requestApproval"]);
  expect(offered("Draft", approval({}), { mayWrite: true, mayPublish: false })).toEqual([]);
  expect(offered("Draft", approval({ needed: true }), { mayWrite: true, mayPublish: false })).toEqual([
    "requestApproval",
  ]);
  expect(offered("Draft", undefined, BOTH)).toEqual([]); // not known yet: nothing that might be refused
});

test("in review approvers decide, and authors take it back", () => {
  const waits = { needed: true };
  expect(offered("In Review", approval({ ...waits, reason: "author" }), BOTH)).toEqual(["cancelApproval"]);
  const mine = approval({ ...waits, mayApprove: true, mayRequestChanges: true });
  expect(offered("In Review", mine, { mayWrite: false, mayPublish: false })).toEqual(["approve", "requestChanges"]);
  const given = approval({ ...waits, mayRequestChanges: true });
  expect(offered("In Review", given, BOTH)).toEqual(["requestChanges", "cancelApproval"]);
});

test("of other statuses there is nothing to review", () => {
  for (const status of ["Testing", "Dry Run", "Deployed", "Closed", "Stopped"])
    expect(offered(status, approval({ needed: true, mayApprove: true }), BOTH)).toEqual([]);
});
