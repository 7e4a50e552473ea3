"""What the lake can refuse."""

from collections.abc import Sequence
from typing import Literal

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


class EngineFailed(ParcoursError):
    """The query engine has failed by a fault of its own; the query may be right."""

    def __init__(self, reason: str) -> None:
        first = reason.split("\n", 1)[0][:200]
        super().__init__(f"the query engine failed by a fault of its own; the query put another way may work: {first}")
        self.reason = reason
        """All that the engine said, with its stack and paths of this machine: for a log alone."""


class LakeUnreadable(ParcoursError):
    """A file of the lake is missing or damaged."""

    def __init__(self, how: Literal["missing", "damaged"], file: str, reason: str) -> None:
        """file: as `files.within` names it."""
        super().__init__(f"a file of the lake is {how}: {file}")
        self.reason = reason
        """All that was said of it, with paths of this machine: for a log alone."""


class CommitOvertaken(ParcoursError):
    """Another process committed to the table first; nothing of this commit has landed. Never leaves the lake."""
