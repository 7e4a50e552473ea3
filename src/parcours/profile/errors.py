"""What profile access, merge policies and profile jobs refuse."""

from parcours.kit.errors import Conflict, Invalid, NotFound


class ProfileNotFound(NotFound):
    """Nothing is known of the person asked for."""

    code = "UPS-ACC-1000404"
    title = "Entity not found"


class ProfileQueryInvalid(Invalid):
    """A question about a profile that can't be understood."""

    code = "UPS-ACC-1000400"
    title = "Bad request"


class TooManyIdentities(Invalid):
    """More identities in one question than a graph has room for."""

    code = "UPS-MRG-1000001"
    title = "Too many related identities"


class MergePolicyNotFound(NotFound):
    """The sandbox has no merge policy with this id."""

    number = "110404"
    title = "Merge policy not found"


class MergePolicyInvalid(Invalid):
    """A merge policy that can't be accepted."""

    number = "110400"
    title = "Merge policy invalid"


class MergePolicyNeeded(Conflict):
    """The default merge policy can't go, and a sandbox holds only so many."""

    number = "110422"
    title = "Merge policy refused"


class JobNotFound(NotFound):
    """The sandbox has no profile job with this id."""

    number = "120404"
    title = "System job not found"


class JobInvalid(Invalid):
    """A profile job that can't be accepted."""

    number = "120400"
    title = "System job invalid"
