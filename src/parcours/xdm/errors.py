"""What the registry refuses. `number` is the middle of the service's code, XDM-{number}-{status}."""

from parcours.kit.errors import Conflict, Invalid, NotFound, ParcoursError


class XdmInvalid(Invalid):
    """Input the registry can't accept."""

    number = "1001"
    title = "Request not valid"


class XdmNotFound(NotFound):
    """No resource of the asked kind has this id in the container."""

    number = "1012"
    title = "Resource not found"

    def __init__(self, kind: str, resource_id: str) -> None:
        super().__init__(f"no {kind} {resource_id!r} in this container")
        self.kind = kind
        self.resource_id = resource_id


class AcceptRefused(ParcoursError):
    """The answer can't be given in a form the `Accept` header takes."""

    number = "1005"
    title = "Not acceptable"


class AcceptInvalid(XdmInvalid):
    """An `Accept` that another endpoint of the registry takes, not this one."""

    title = "Accept header not valid"

    def __init__(self, number: str, message: str) -> None:
        super().__init__(message, "$.accept")
        self.number = number


class SchemaInvalid(XdmInvalid):
    """A resource that breaks a rule of shape, naming or composition; `path` leads into the document sent."""

    number = "1521"
    title = "Resource not valid"


class TitleTaken(XdmInvalid):
    """Titles are unique among all resources of a sandbox."""

    number = "1021"
    title = "Title must be unique"

    def __init__(self, resource_id: str) -> None:
        super().__init__(
            f"Title must be unique. An object {resource_id} already exists with the same title.", "$.title"
        )
        self.resource_id = resource_id


class ChangeBreaking(Conflict):
    """The change would make records or profiles that exist unreadable. `changes` names every such effect."""

    number = "1406"
    title = "Breaking change"

    def __init__(self, message: str, changes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.changes = changes


class ReadOnly(XdmInvalid):
    """The global container and the unions can't be written."""

    number = "1018"
    title = "Container is read-only"


class DescriptorInvalid(XdmInvalid):
    """A descriptor that can't hold: a wrong path, an unknown schema, a second primary identity."""

    number = "1526"
    title = "Descriptor not valid"


class ImportFailed(XdmInvalid):
    """An import of which nothing was stored."""

    number = "3005"
    title = "Import Resource Failed"


class QueryInvalid(XdmInvalid):
    """A list parameter that can't be read."""

    number = "1004"
    title = "Query not valid"
