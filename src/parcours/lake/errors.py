"""What the lake can refuse."""

from collections.abc import Sequence

from parcours.kit.errors import Invalid, ParcoursError


class QueryInvalid(Invalid):
    """The SQL can't be run: wrong syntax, an unknown table or column, not a SELECT, an error at run time."""

    def __init__(self, message: str, tables: Sequence[str] = ()) -> None:
        super().__init__(message, "$.sql")
        self.tables = tuple(tables)
        """Tables that may be named, sorted; empty when the error isn't about a table."""


class QueryTimedOut(ParcoursError):
    """The query ran longer than it may."""

    def __init__(self, limit_s: float) -> None:
        super().__init__(f"the query was stopped after {limit_s:g} s")
        self.limit_s = limit_s


class LakeUnreadable(ParcoursError):
    """A file of the lake is missing or damaged."""


class CommitOvertaken(ParcoursError):
    """Another process committed to the table first; nothing of this commit has landed. Never leaves the lake."""
