"""What Flow Service refuses, by the codes of platform-apis §2.9."""

from collections.abc import Mapping

from parcours.kit.errors import ParcoursError

TITLES: Mapping[str, str] = {
    "1100": "Invalid request",
    "1101": "Resource not found",
    "1401": "Limit and count used together",
    "1403": "Header missing",
    "1404": "Version mismatch",
    "1405": "Empty body",
    "1406": "Invalid operation",
    "1409": "No update in progress",
    "1410": "State not allowed",
    "1412": "Invalid mapping version",
    "1413": "Unknown specification",
    "1414": "Connection specification can't be changed",
    "1415": "Auth specification not found",
    "1418": "Base connection in use",
    "1419": "Mapping validation failed",
    "1420": "Invalid state transition",
    "1421": "Draft not published",
    "1422": "Not a draft",
    "1425": "Schema mismatch",
    "1432": "Invalid orderby",
    "1434": "Operator not supported",
    "1439": "Referenced resource not found",
    "1444": "Operator not allowed for several values",
    "1447": "Flows exist",
    "1448": "Invalid filter",
    "1455": "Invalid patch",
    "1456": "Invalid state",
}


class FlowRefused(ParcoursError):
    """A request that Flow Service can't do. `code` reads {number}-{status}, e.g. "1404-412"."""

    def __init__(self, code: str, message: str, path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.path = path
        """JSON path of the fault in the body, or empty."""

    @property
    def title(self) -> str:
        """The code in words."""
        return TITLES.get(self.code.partition("-")[0], "Flow Service error")
