"""Requests for approval as a version keeps them: made, decided, shown. Pure; source: journeys §3.3 and §10.4."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from parcours.access.model import Caller
from parcours.approvals.model import Facts, Person, Policy
from parcours.journeys.versions import at_text, entry_type_of
from parcours.kit.errors import Invalid
from parcours.kit.ids import new_uuid

Verdict = Literal["approved", "changesRequested", "canceled"]
MAX_REQUESTS = 50
"""Requests of a version that are kept; the audit log tells of earlier ones."""
MAX_COMMENT = 2_000

Request = Mapping[str, Any]
"""A request as stored: {"uid", "state", "comment", "by", "subject", "writer", "atMs", "policies", "decisions"}.

state: "open", or the verdict that ended it. subject: who requested it; writer: who had saved the document last, both as
roles name them. policies: [{"uid", "name"}] that covered the version then. decisions: [{"verdict", "comment", "by",
"subject", "atMs", "policies"}], oldest first; policies: whose approval one is.
"""


class ReviewInvalid(Invalid):
    """What is told of a request for approval can't be read."""


def subject_of(caller: Caller) -> str:
    """Whom roles name."""
    return caller.subject or caller.client_id


def facts_of(document: Mapping[str, Any]) -> Facts:
    """What the conditions of policies may ask of a document without errors."""
    nodes = document["nodes"].values()
    done = {str(node.get("channel")) for node in nodes if node["type"] == "message"}
    if any(node["type"] == "customAction" for node in nodes):
        done.add("customAction")
    return Facts(str(document["name"]), frozenset(document.get("tags", ())), entry_type_of(document), frozenset(done))


def read_comment(settings: Mapping[str, Any], *, is_needed: bool = False) -> str:
    """`comment` of a request's body. Raises ReviewInvalid."""
    comment = settings.get("comment", "")
    if not isinstance(comment, str) or len(comment) > MAX_COMMENT:
        raise ReviewInvalid(f"comment is a text of at most {MAX_COMMENT} characters", "$.comment")
    if is_needed and not comment.strip():
        raise ReviewInvalid("a comment says which changes are wanted", "$.comment")
    return comment.strip()


def requested(body: Mapping[str, Any], caller: Caller, comment: str, policies: Iterable[Policy], at_ms: int) -> Any:
    """The requests of a version's body, and a new one."""
    request = {
        "uid": new_uuid(),
        "state": "open",
        "comment": comment,
        "by": caller.user_id,
        "subject": subject_of(caller),
        "writer": body.get("savedBy", ""),
        "atMs": at_ms,
        "policies": _named(policies),
        "decisions": [],
    }
    return [*body.get("reviews", ()), request][-MAX_REQUESTS:]


def decided(
    body: Mapping[str, Any], caller: Caller, verdict: Verdict, comment: str, policies: Iterable[Policy], at_ms: int,
    *, is_last: bool = True,
) -> Any:  # fmt: skip
    """The requests of a version's body after a decision. is_last: whether it ends the open one."""
    *earlier, request = body["reviews"]
    decision = {
        "verdict": verdict,
        "comment": comment,
        "by": caller.user_id,
        "subject": subject_of(caller),
        "atMs": at_ms,
        "policies": _named(policies),
    }
    state = verdict if is_last else "open"
    return [*earlier, {**request, "state": state, "decisions": [*request["decisions"], decision]}]


def open_request(body: Mapping[str, Any]) -> Request | None:
    """What a version waits for; None for nothing."""
    reviews: Sequence[Request] = body.get("reviews", ())
    return reviews[-1] if reviews and reviews[-1]["state"] == "open" else None


def is_author(request: Request, subject: str) -> bool:
    """Whether somebody would approve what they wrote or requested themselves."""
    return subject in (request["subject"], request["writer"])


def given_by(request: Request, policy: Policy, people: Mapping[str, Person]) -> bool:
    """Whether an approver whom the policy names still has approved. people: by subject, as of now."""
    return any(
        decision["verdict"] == "approved" and policy.approvers.has(people[decision["subject"]])
        for decision in request["decisions"]
    )


def show_request(request: Request) -> dict[str, Any]:
    """A request as the API shows it."""
    return {
        "uid": request["uid"],
        "state": request["state"],
        "comment": request["comment"],
        "requestedBy": request["by"],
        "requestedAt": at_text(request["atMs"]),
        "policies": request["policies"],
        "decisions": [
            {
                "verdict": one["verdict"],
                "comment": one["comment"],
                "by": one["by"],
                "at": at_text(one["atMs"]),
                "policies": one["policies"],
            }
            for one in request["decisions"]
        ],
    }


def _named(policies: Iterable[Policy]) -> list[dict[str, str]]:
    return [{"uid": policy.uid, "name": policy.name} for policy in policies]
