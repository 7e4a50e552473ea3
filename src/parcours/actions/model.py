"""The nouns of actions."""

from collections.abc import Mapping
from ssl import SSLContext
from typing import Literal, NamedTuple

from parcours.expressions.types import Type

Place = Literal["header", "queryParameter", "payload"]

PARAMETER_TYPES = frozenset(
    {
        Type.STRING, Type.INTEGER, Type.DECIMAL, Type.BOOLEAN, Type.DATE_TIME, Type.DATE_TIME_ONLY, Type.DATE_ONLY,
        Type.LIST_STRING, Type.LIST_INTEGER, Type.LIST_DECIMAL, Type.LIST_BOOLEAN, Type.LIST_DATE_TIME,
        Type.LIST_DATE_TIME_ONLY, Type.LIST_DATE_ONLY, Type.LIST_OBJECT, Type.LIST_ANY,
    }
)  # fmt: skip
"""Source: journeys §6.2."""


class HttpRequest(NamedTuple):
    """One request, ready to be written on a connection."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    """None when nothing is sent."""
    client: SSLContext | None = None
    """With the certificate to present; never stored, and not sent to another origin by a redirect."""


class ActionParameter(NamedTuple):
    """A place of the request that the journey fills."""

    path: str
    """`paramPath`: a JSON pointer into the payload, or `headers/<name>`, or `queryParameters/<name>`."""
    place: Place
    label: str
    type: Type
    is_optional: bool


class AnswerShape(NamedTuple):
    """What an answer of the action holds, for references and for what an instance keeps of it."""

    sample: Mapping[str, object]
    types: Mapping[str, Type]
    """Type of every value of the sample by JSON pointer; objects are not listed."""


class Usage(NamedTuple):
    """How many journeys use an action."""

    draft: int = 0
    """Versions in draft, which may still take added parameters."""
    live: int = 0
    """Versions that run: live or closed."""
