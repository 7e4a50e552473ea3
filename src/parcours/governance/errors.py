"""What usage labels, marketing actions and policies refuse."""

from collections.abc import Sequence

from parcours.kit.errors import Conflict, Invalid, NotFound


class GovernanceNotFound(NotFound):
    """No usage label, marketing action or policy has this name or id in the caller's sandbox."""

    def __init__(self, what: str, name: str) -> None:
        """what: `usage label`, `marketing action` or `usage policy`."""
        super().__init__(f"no {what} {name!r}")


class GovernanceInvalid(Invalid):
    """A document that is no usage label, marketing action or policy; `path` says where."""


class UsagePolicyExists(Conflict):
    """The name is taken."""

    def __init__(self, name: str) -> None:
        super().__init__(f"a usage policy is called {name!r} already")


class GovernanceInUse(Conflict):
    """Policies or fields name what is to be deleted."""

    def __init__(self, what: str, name: str, users: Sequence[str]) -> None:
        shown = ", ".join(users[:5]) + (" …" if len(users) > 5 else "")
        super().__init__(f"{what} {name!r} is named by {shown}")
