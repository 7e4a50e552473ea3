"""What authoring a journey refuses."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from parcours.access.errors import PermissionDenied
from parcours.kit.errors import Conflict, Invalid, NotFound

if TYPE_CHECKING:
    from parcours.journeys.check import Fault


class JourneyNotFound(NotFound):
    """No journey, or version of one, has this uid."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"no journey or journey version {uid!r}")


class JourneyInvalid(Invalid):
    """The document can't be published; `faults` says all that is wrong."""

    def __init__(self, faults: "Sequence[Fault]") -> None:
        first = faults[0] if faults else None
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(
            f"{first.message}{more}" if first else "the journey can't be built", first.path if first else "$"
        )
        self.faults = tuple(faults)


class FragmentNotFound(NotFound):
    """No fragment has this uid in the caller's sandbox."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"no journey fragment {uid!r}")


class FragmentExists(Conflict):
    """The name is taken."""

    def __init__(self, name: str) -> None:
        super().__init__(f"a journey fragment is called {name!r} already")


class FragmentStateConflict(Conflict):
    """A change that the state of the fragment does not allow, or one active fragment too many."""


class DecisionRuleNotFound(NotFound):
    """No decision rule has this uid in the caller's sandbox."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"no decision rule {uid!r}")


class DecisionRuleExists(Conflict):
    """The name is taken."""

    def __init__(self, name: str) -> None:
        super().__init__(f"a decision rule is called {name!r} already")


class DecisionRuleInvalid(Invalid):
    """A document that is no decision rule, or none that journeys can share."""


class DecisionRuleInUse(Conflict):
    """Journeys use the rule: it can't go, or not be changed so."""


class JourneyTooLarge(JourneyInvalid):
    """The document is larger than what is stored."""


class JourneyStateConflict(Conflict):
    """The version's status does not allow this."""


class ApprovalDenied(PermissionDenied):
    """The caller is none of those who may decide about a request for approval, whatever their roles are."""

    def __init__(self, permission: str, sandbox: str, reason: str) -> None:
        super().__init__(permission, sandbox)
        self.args = (reason,)


class DraftQueryInvalid(Invalid):
    """A question about a document or an expression that can't be read."""


class SimulationInvalid(Invalid):
    """What is to be simulated or replayed can't be."""


class SimulationTooLong(Invalid):
    """A simulation that took longer than it may."""
