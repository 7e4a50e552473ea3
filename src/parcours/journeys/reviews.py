"""In Review: versions that wait for an approval, which publishes them (journeys §3.3, §10.4)."""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.approvals.errors import NobodyApproves
from parcours.approvals.model import Policy
from parcours.approvals.service import APPROVE, ApprovalPolicies
from parcours.audit import AuditEvent
from parcours.audit.store import record
from parcours.db import Database
from parcours.events.model import EVENT_KIND
from parcours.journeys.errors import ApprovalDenied, JourneyStateConflict
from parcours.journeys.lifecycle import Lifecycle, Shown
from parcours.journeys.review import (
    Request,
    decided,
    facts_of,
    given_by,
    is_author,
    open_request,
    read_comment,
    requested,
    show_request,
    subject_of,
)
from parcours.journeys.service import JourneyService
from parcours.journeys.versions import VERSION_KIND, show_version
from parcours.resources.store import Resource, ResourceStore

PUBLISH = "journeys.publish"
REASONS: Mapping[str, str] = {
    "author": "nobody approves what they wrote or requested themselves",
    "notNamed": "the approval policy names others",
    "notAllowed": "the approval policy names you, your roles do not let you",
    "uncovered": "no approval policy covers the version any more, so whoever may publish decides",
}
"""Why somebody may not decide about a request."""


class Standing(NamedTuple):
    """What the policies of now say of an open request and of a caller, whatever they said when it was made."""

    covering: list[Policy]
    """None: whoever may publish may approve."""
    mine: list[Policy]
    """Those that name the caller."""
    missing: list[Policy]
    """Those whose approval is not given yet."""
    reason: str
    """Why the caller may not decide, by a key of REASONS; empty where they may."""

    @property
    def may_approve(self) -> bool:
        """Whether an approval of the caller's changes anything."""
        return not self.reason and (not self.covering or any(policy in self.missing for policy in self.mine))

    def check(self, caller: Caller) -> None:
        """Raises ApprovalDenied for somebody who may not decide."""
        if self.reason:
            raise ApprovalDenied(APPROVE if self.covering else PUBLISH, caller.sandbox.name, REASONS[self.reason])


class Reviews:
    """Requests for approval, and what is decided about them. A version is locked while it waits."""

    def __init__(
        self,
        db: Database,
        resources: ResourceStore,
        journeys: JourneyService,
        lifecycle: Lifecycle,
        policies: ApprovalPolicies,
    ) -> None:
        self._db = db
        self._resources = resources
        self._journeys = journeys
        self._lifecycle = lifecycle
        self._policies = policies

    def request(self, caller: Caller, version_uid: str, settings: Mapping[str, Any]) -> Shown:
        """Send a draft without faults for approval; a test of it ends. settings: {"comment"?}.

        Raises JourneyNotFound, JourneyStateConflict where no policy wants it, JourneyInvalid with every fault,
        NobodyApproves, ReviewInvalid.
        """
        comment = read_comment(settings)
        self._lifecycle.await_clear(version_uid)
        with self._db.write() as connection:
            version, _, faults = self._lifecycle.ready(
                connection, caller, version_uid, {"Draft", "Testing"}, "sent for approval"
            )
            policies = self._covering(connection, caller, version, subject_of(caller))
            if not policies:
                raise JourneyStateConflict("no approval policy covers the version: it can be published")
            authors = {subject_of(caller), version.body.get("savedBy", "")}
            lonely = [policy.name for policy in policies if self._is_lonely(connection, caller, policy, authors)]
            if lonely:
                raise NobodyApproves(lonely)
            self._lifecycle.clear(connection, version)
            reviews = requested(version.body, caller, comment, policies, _now_ms())
            version = self._set(connection, caller, version, "In Review", reviews)
        self._lifecycle.tell("review_requested", version)
        return show_version(caller, version, faults), version.etag

    def approve(self, caller: Caller, version_uid: str, settings: Mapping[str, Any]) -> Shown:
        """Approve what was requested; the last approval that is needed publishes it, in the same transaction.

        What the version names may have changed since the request: it is examined again. settings: {"requestUid",
        "comment"?}: another request than the one that was read is not approved by mistake. Raises JourneyNotFound,
        JourneyStateConflict, ApprovalDenied, JourneyInvalid with every fault, ReviewInvalid.
        """
        comment = read_comment(settings)
        with self._db.write() as connection:
            version, request = self._waiting(connection, caller, version_uid, "approved")
            _expect(request, settings.get("requestUid"))
            standing = self._standing(connection, caller, version, request)
            standing.check(caller)
            if not standing.may_approve:
                raise JourneyStateConflict("you have approved it already: others have to, as well")
            version, journey, faults = self._lifecycle.ready(connection, caller, version_uid, {"In Review"}, "approved")
            is_last = all(policy in standing.mine for policy in standing.missing)
            reviews = decided(version.body, caller, "approved", comment, standing.mine, _now_ms(), is_last=is_last)
            if is_last:
                record(connection, _approved(caller, version, comment))
                version = self._lifecycle.open(connection, caller, version, journey, reviews=reviews)
            else:
                version = self._set(connection, caller, version, "In Review", reviews)
        self._lifecycle.tell("published" if is_last else "approved_in_part", version)
        return show_version(caller, version, faults), version.etag

    def request_changes(self, caller: Caller, version_uid: str, settings: Mapping[str, Any]) -> Shown:
        """Back to a draft, with what an approver wants changed. settings: {"comment", "requestUid"?}.

        Raises JourneyNotFound, JourneyStateConflict, ApprovalDenied, ReviewInvalid.
        """
        comment = read_comment(settings, is_needed=True)
        with self._db.write() as connection:
            version, request = self._waiting(connection, caller, version_uid, "sent back")
            _expect(request, settings.get("requestUid", request["uid"]))
            standing = self._standing(connection, caller, version, request)
            standing.check(caller)
            reviews = decided(version.body, caller, "changesRequested", comment, standing.mine, _now_ms())
            version = self._set(connection, caller, version, "Draft", reviews)
        self._lifecycle.tell("changes_requested", version)
        return show_version(caller, version), version.etag

    def cancel(self, caller: Caller, version_uid: str, settings: Mapping[str, Any]) -> Shown:
        """Take a request back: the version is a draft again. settings: {"comment"?}.

        Raises JourneyNotFound, JourneyStateConflict, ReviewInvalid.
        """
        comment = read_comment(settings)
        with self._db.write() as connection:
            version, _ = self._waiting(connection, caller, version_uid, "taken back")
            reviews = decided(version.body, caller, "canceled", comment, (), _now_ms())
            version = self._set(connection, caller, version, "Draft", reviews)
        self._lifecycle.tell("review_canceled", version)
        return show_version(caller, version), version.etag

    # --- looking ---

    def get(self, caller: Caller, version_uid: str) -> dict[str, Any]:
        """What a version needs to be published, and the requests there were, the latest first. Raises JourneyNotFound.

        {"needed", "policies", "request", "mayApprove", "mayRequestChanges", "reason", "requests"}. policies: those that
        cover it, each with `approvers` and `isApproved`. reason: why the caller may not decide about the open request.
        """
        with self._db.read() as connection:
            version = self._journeys.find_version(connection, caller.scope_id, version_uid)
            request, status = open_request(version.body), version.body["status"]
            standing = None if request is None else self._standing(connection, caller, version, request)
            covering: list[Policy] = []
            if standing is not None:
                covering = standing.covering
            elif status in ("Draft", "Testing") and _is_whole(version.body["document"]):
                covering = self._covering(connection, caller, version, subject_of(caller))
            policies = [
                {
                    "uid": policy.uid,
                    "name": policy.name,
                    "approvers": [one.to_json() for one in self._policies.approvers(connection, caller, policy)],
                    "isApproved": standing is not None and policy not in standing.missing,
                }
                for policy in covering
            ]
        return {
            "needed": bool(covering),
            "policies": policies,
            "request": None if request is None else show_request(request),
            "mayApprove": standing is not None and standing.may_approve,
            "mayRequestChanges": standing is not None and not standing.reason,
            "reason": (standing.reason or None) if standing is not None else None,
            "requests": [show_request(one) for one in reversed(version.body.get("reviews", ()))],
        }

    def foresee(self, caller: Caller, document: Mapping[str, Any]) -> dict[str, Any]:
        """What the caller would need to publish a document that need not be saved.

        {"needed", "policies": [{"uid", "name", "isApprovable"}]}; a policy of which nobody but the caller could approve
        is not approvable. Of a document that is no journey, nothing is needed: it can't be published.
        """
        if not _is_whole(document) or not isinstance(document.get("name"), str):
            return {"needed": False, "policies": []}
        subject = subject_of(caller)
        with self._db.read() as connection:
            requester = self._policies.person(connection, subject)
            covering = self._policies.covering(connection, caller.scope_id, facts_of(document), requester)
            policies = [
                {
                    "uid": policy.uid,
                    "name": policy.name,
                    "isApprovable": not self._is_lonely(connection, caller, policy, {subject}),
                }
                for policy in covering
            ]
        return {"needed": bool(policies), "policies": policies}

    def list_waiting(self, caller: Caller, *, is_mine: bool) -> list[dict[str, Any]]:
        """The sandbox's versions that wait for an approval, the longest first. is_mine: for one of the caller's."""
        found: list[dict[str, Any]] = []
        with self._db.read() as connection:
            for version in self._resources.in_scope(connection, caller.scope_id, VERSION_KIND):
                request = open_request(version.body)
                if request is None:
                    continue
                may_approve = self._standing(connection, caller, version, request).may_approve
                if may_approve or not is_mine:
                    found.append(
                        {
                            "journeyUid": version.body["journeyUid"],
                            "versionUid": version.id,
                            "name": version.body["document"]["name"],
                            "version": version.body["version"],
                            "mayApprove": may_approve,
                            "request": show_request(request),
                        }
                    )
        return sorted(found, key=lambda one: one["request"]["requestedAt"])

    # --- helpers ---

    def _covering(self, connection: Connection, caller: Caller, version: Resource, subject: str) -> list[Policy]:
        requester = self._policies.person(connection, subject)
        facts = facts_of(version.body["document"])
        return self._policies.covering(connection, caller.scope_id, facts, requester)

    def _is_lonely(self, connection: Connection, caller: Caller, policy: Policy, authors: set[str]) -> bool:
        """Whether nobody else than the authors could approve."""
        return authors.issuperset(one.person.subject for one in self._policies.approvers(connection, caller, policy))

    def _waiting(self, connection: Connection, caller: Caller, version_uid: str, verb: str) -> tuple[Resource, Request]:
        self._resources.touch(connection, EVENT_KIND)  # of two who decide at once, one waits here, and sees the other
        version = self._journeys.find_version(connection, caller.scope_id, version_uid)
        request = open_request(version.body)
        if request is None or version.body["status"] != "In Review":
            raise JourneyStateConflict(f"the version is {version.body['status']} and can't be {verb}")
        return version, request

    def _standing(self, connection: Connection, caller: Caller, version: Resource, request: Request) -> Standing:
        covering = self._covering(connection, caller, version, request["subject"])
        if not covering:
            return Standing([], [], [], "" if caller.may(PUBLISH) else "uncovered")
        me = self._policies.person(connection, subject_of(caller))
        mine = [policy for policy in covering if policy.approvers.has(me)]
        subjects = {decision["subject"] for decision in request["decisions"]}
        people = {subject: self._policies.person(connection, subject) for subject in subjects}
        missing = [policy for policy in covering if not given_by(request, policy, people)]
        reason = ""
        if is_author(request, me.subject):
            reason = "author"
        elif not mine:
            reason = "notNamed"
        elif not caller.may(APPROVE):
            reason = "notAllowed"
        return Standing(covering, mine, missing, reason)

    def _set(self, connection: Connection, caller: Caller, version: Resource, status: str, reviews: Any) -> Resource:
        body = {**version.body, "status": status, "session": None, "reviews": reviews}
        return self._resources.replace(connection, version, caller.author, body)


def _expect(request: Request, uid: Any) -> None:
    if uid != request["uid"]:
        told = (
            "requestUid names the request that is approved" if uid is None else "it waits with another request by now"
        )
        raise JourneyStateConflict(f"{told}: {request['uid']!r}")


def _approved(caller: Caller, version: Resource, comment: str) -> AuditEvent:
    return AuditEvent(
        version.scope_id, "Approve", "Journey", version.id, version.body["document"]["name"], "journeys",
        permission="APPROVE", user_id=caller.author.user_id, client_id=caller.author.client_id, comment=comment,
    )  # fmt: skip


def _is_whole(document: Mapping[str, Any]) -> bool:
    """Whether an unfinished document can be asked what policies ask."""
    nodes, tags = document.get("nodes"), document.get("tags", [])
    return (
        isinstance(nodes, Mapping)
        and all(isinstance(node, Mapping) and "type" in node for node in nodes.values())
        and isinstance(tags, list)
        and all(isinstance(tag, str) for tag in tags)
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
