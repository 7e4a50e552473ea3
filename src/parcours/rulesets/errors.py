"""What rule sets refuse."""

from collections.abc import Sequence

from parcours.kit.errors import Conflict, Invalid, NotFound


class RuleSetNotFound(NotFound):
    """No rule set has this uid in the caller's sandbox."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"no rule set {uid!r}")


class RuleSetInvalid(Invalid):
    """A document that is no rule set."""


class RuleSetStateConflict(Conflict):
    """A change that the state of the rule set does not allow, or one set too many."""


class RuleSetExists(Conflict):
    """The name is taken."""

    def __init__(self, name: str) -> None:
        super().__init__(f"a rule set is called {name!r} already")


class RuleSetInUse(Conflict):
    """Journeys name the set."""

    def __init__(self, name: str, journeys: Sequence[str]) -> None:
        shown = ", ".join(repr(one) for one in journeys[:5]) + (" …" if len(journeys) > 5 else "")
        super().__init__(f"rule set {name!r} is named by {shown}")
