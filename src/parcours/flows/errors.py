"""What Flow Service refuses, by the codes of platform-apis §2.9."""

from collections.abc import Mapping

from parcours.kit.errors import ParcoursError

TITLES: Mapping[str, str] = {
    "1101": "Resource not found",
    "1403": "Header is missing",
    "1404": "Version not matching",
    "1439": "Resource not found",
    "2118": "Missing permission",
}
"""Titles of codes, as published; that of every other code used here is OTHER_TITLE."""
OTHER_TITLE = "Invalid request"


class FlowRefused(ParcoursError):
    """A request that Flow Service can't do. `code` reads {number}-{status}, e.g. "1404-412"."""

    def __init__(self, code: str, message: str, path: str = "", about: Mapping[str, str] | None = None) -> None:
        """about: `id` and `type` of what was not found, for the report."""
        super().__init__(message)
        self.code = code
        self.path = path
        """JSON path of the fault in the body, or empty."""
        self.about = about or {}


def title_of(code: str) -> str:
    """A code in words."""
    return TITLES.get(code.partition("-")[0], OTHER_TITLE)
