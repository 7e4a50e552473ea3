"""Links that tell of a click, an open or an unsubscription: sealed, so that nobody can make or read one."""

import html
import re
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import orjson

from parcours.kit.secrets import SecretBox, SecretUnreadable

PATH = "/m"
"""Where the server takes them."""
MAX_TOKEN_CHARACTERS = 8_000
Kind = Literal["c", "o", "u"]
"""Click, open, unsubscribe."""
_HREF = re.compile(
    r"""(<a\b[^<>]*?\bhref\s*=\s*)(?:"(https?://[^"<>]*)"|'(https?://[^'<>]*)')""", re.IGNORECASE | re.DOTALL
)
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)


class Link(NamedTuple):
    """What a link says."""

    kind: str
    scope_id: int
    key: str
    """Of the message."""
    url: str = ""
    """Of a click: where it leads."""
    channel: str = ""
    """Of an unsubscription, with the address: it holds even when the message is forgotten. It fits a header's line."""
    address: str = ""


class LinkInvalid(ValueError):
    """No link of ours."""


class Links:
    """Makes and reads links."""

    def __init__(self, secrets: SecretBox, base_url: str) -> None:
        self._box = SecretBox(secrets.derive(b"message-links"))
        self._base_url = base_url.rstrip("/")

    def url(self, link: Link) -> str:
        """The link's address."""
        return f"{self._base_url}{PATH}/{link.kind}/{self._box.encrypt(orjson.dumps(list(link)).decode())}"

    def read(self, kind: Kind, token: str) -> Link:
        """What a link of this kind says. Raises LinkInvalid."""
        if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
            raise LinkInvalid("no link of ours")
        try:
            values: Any = orjson.loads(self._box.decrypt(token))
            link = Link(*values)
        except (SecretUnreadable, orjson.JSONDecodeError, TypeError):
            raise LinkInvalid("no link of ours") from None
        if link.kind != kind:
            raise LinkInvalid("a link of another kind")
        return link


def track(source: str, click: Callable[[str], str], skip: str | None, open_url: str | None) -> str:
    """HTML whose links lead through us, and that tells when it is opened.

    click: target → address of ours. skip: a target left as it is. open_url: of an image of one pixel; None for none.
    """

    def replace(found: re.Match[str]) -> str:
        target = html.unescape(found[2] or found[3])
        if target == skip:
            return found[0]
        return f'{found[1]}"{html.escape(click(target))}"'

    tracked = _HREF.sub(replace, source)
    if open_url is None:
        return tracked
    pixel = f'<img src="{html.escape(open_url)}" alt="" width="1" height="1" style="display:block">'
    ends = list(_BODY_END.finditer(tracked))
    at = ends[-1].start() if ends else len(tracked)
    return tracked[:at] + pixel + tracked[at:]


PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
"""A transparent GIF of one pixel."""
