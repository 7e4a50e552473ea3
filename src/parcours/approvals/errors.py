"""What approval policies refuse."""

from collections.abc import Sequence

from parcours.kit.errors import Conflict, Invalid, NotFound


class ApprovalPolicyNotFound(NotFound):
    """No approval policy has this uid in the caller's sandbox."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"no approval policy {uid!r}")


class ApprovalPolicyInvalid(Invalid):
    """A document that is no approval policy."""


class ApprovalPolicyExists(Conflict):
    """The name is taken, or there are as many policies as there may be."""


class ApprovalNeeded(Conflict):
    """A policy covers what is to be published: it is published by the approval."""

    def __init__(self, policies: Sequence[str]) -> None:
        super().__init__(f"the journey needs an approval ({_named(policies)}): request it")


class NobodyApproves(Conflict):
    """A request would wait for ever: nobody but its authors may approve."""

    def __init__(self, policies: Sequence[str]) -> None:
        super().__init__(f"nobody but who wrote the version or requests its approval may approve: {_named(policies)}")


def _named(policies: Sequence[str]) -> str:
    return f"approval polic{'y' if len(policies) == 1 else 'ies'} {', '.join(repr(one) for one in policies)}"
