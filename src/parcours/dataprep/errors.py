"""What Data Prep refuses."""

from parcours.kit.errors import Conflict, Invalid, NotFound


class MappingSetNotFound(NotFound):
    """The sandbox has no mapping set, version or mapping of this id."""

    title = "Resource not found"


class MappingSetInvalid(Invalid):
    """A mapping set that can't be accepted; `path` names the mapping, e.g. "$.mappings[2].source"."""

    title = "Mapping set is not valid"


class MappingSetInUse(Conflict):
    """Flows still map with the set."""

    title = "Mapping set in use"
