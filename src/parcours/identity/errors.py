"""What the namespace and identity services refuse."""

from parcours.kit.errors import Conflict, Invalid, NotFound


class NamespaceNotFound(NotFound):
    """The sandbox has no namespace with this number."""

    title = "NAMESPACE_NOT_FOUND"
    report_code = "NAMESPACE_NOT_FOUND"


class NamespaceExists(Conflict):
    """The code is taken."""

    title = "NAMESPACE_CODE_CONFLICT"
    report_code = "INTEGRATION_CODE_EXISTS"


class NamespaceInvalid(Invalid):
    """A namespace document that can't be accepted."""

    title = "INVALID_REQUEST_PARAMS"
    report_code = "INVALID_REQUEST_PARAMS"


class IdentityInvalid(Invalid):
    """A query of the identity service that names no identity."""

    title = "InvalidInput"


class GraphRequestInvalid(Invalid):
    """A question about the graph that can't be understood."""
