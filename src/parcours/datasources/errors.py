"""What can be wrong with a data source."""

from parcours.kit.errors import Conflict, Invalid, NotFound


class DataSourceNotFound(NotFound):
    """The sandbox has no data source with this uid."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"no data source {uid!r}")
        self.uid = uid


class FieldGroupNotFound(NotFound):
    """The data source has no field group of this name."""

    def __init__(self, source: str, group: str) -> None:
        super().__init__(f"data source {source!r} has no field group {group!r}")


class DataSourceInvalid(Invalid):
    """The document of a data source can't be accepted."""


class DataSourceExists(Conflict):
    """The name is taken in the sandbox."""

    def __init__(self, name: str) -> None:
        super().__init__(f"a data source named {name!r} exists already in this sandbox")
        self.name = name


class DataSourceInUse(Conflict):
    """The change would break a journey that uses the data source."""


class BuiltInSourceKept(Conflict):
    """The built-in data source can't be deleted."""

    def __init__(self) -> None:
        super().__init__("the built-in data source can't be deleted")
