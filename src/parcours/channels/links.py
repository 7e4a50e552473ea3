"""Links that tell of a click, an open or an unsubscription: nobody else can make one, or read an address in one."""

import base64
import hashlib
import hmac
import html
import re
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import orjson

from parcours.kit.secrets import SecretBox, SecretUnreadable

PATH = "/m"
"""Where the server takes them."""
CLICK_PATH = f"{PATH}/c/"
MAX_TOKEN_CHARACTERS = 8_000
_MAC_BYTES = 16
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
        self._key = secrets.derive(b"message-links-signed")
        self._base_url = base_url.rstrip("/")

    def url(self, link: Link) -> str:
        """The URL. One that holds an address of somebody is encrypted, any other signed, which costs less."""
        text = orjson.dumps(list(link))
        token = self._box.encrypt(text.decode()) if link.kind == "u" else self._signed(text)
        return f"{self._base_url}{PATH}/{link.kind}/{token}"

    def read(self, kind: Kind, token: str) -> Link:
        """What a link of this kind says. Raises LinkInvalid."""
        if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
            raise LinkInvalid("no link of ours")
        try:
            values: Any = orjson.loads(self._box.decrypt(token) if kind == "u" else self._checked(token))
            link = Link(*values)
        except (SecretUnreadable, orjson.JSONDecodeError, TypeError):
            raise LinkInvalid("no link of ours") from None
        if link.kind != kind:
            raise LinkInvalid("a link of another kind")
        return link

    def _signed(self, text: bytes) -> str:
        mac = hashlib.blake2b(text, key=self._key, digest_size=_MAC_BYTES).digest()
        return base64.urlsafe_b64encode(mac + text).decode().rstrip("=")

    def _checked(self, token: str) -> bytes:
        try:
            held = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise LinkInvalid("no link of ours") from None
        mac, text = held[:_MAC_BYTES], held[_MAC_BYTES:]
        made = hashlib.blake2b(text, key=self._key, digest_size=_MAC_BYTES).digest()
        if not hmac.compare_digest(mac, made):
            raise LinkInvalid("no link of ours")
        return text


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
