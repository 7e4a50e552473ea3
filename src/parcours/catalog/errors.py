"""What the catalog refuses."""

from parcours.kit.errors import Conflict, Invalid, NotFound, VersionMismatch


class CatalogInvalid(Invalid):
    """A catalog document or a list parameter that is malformed."""

    title = "BadRequestError"


class DataSetRefused(Invalid):
    """A well-formed data set that the platform's rules don't allow."""

    title = "UnprocessableEntityError"


class CatalogNotFound(NotFound):
    """The sandbox has no such catalog object."""

    title = "NotFoundError"

    def __init__(self, kind: str, object_id: str) -> None:
        super().__init__(f"no {kind} {object_id!r} in this sandbox")
        self.kind = kind
        self.object_id = object_id


class DataSetInUse(Conflict):
    """A data set that flows write to, or that the system keeps for itself, can't go nor be changed."""

    title = "ConflictError"


class CatalogVersionMismatch(VersionMismatch):
    """`If-Match` or `If-None-Match` forbids the change."""

    title = "PreconditionFailedError"


class ExportFileNotFound(NotFound):
    """A batch has no file of this name."""

    title = "NotFoundError"
