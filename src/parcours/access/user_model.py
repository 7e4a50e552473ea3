"""The nouns of sign-in, and what may be in them: names, addresses, passwords, how long failures lock. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from parcours.access.errors import UserInvalid
from parcours.kit.clock import to_datetime

WEB_CLIENT = "parcours-web"
"""Stands as the client of what a user does in a session."""
MIN_PASSWORD, MAX_PASSWORD_BYTES = 12, 1000
_MAX_EMAIL = 120
"""As long as the columns that say who changed something."""
_MAX_NAME = 255
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\\\]]+@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_LOCALE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}")
LinkKind = Literal["setup", "invitation", "reset"]
LINK_LIFETIMES_S: Mapping[LinkKind, int] = {"setup": 86_400, "invitation": 604_800, "reset": 86_400}


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs in."""

    id: str
    org_id: str
    """The organisation that invited them: it alone changes name, address and password links."""
    email: str
    """In lower case; no two users share one."""
    name: str
    locale: str | None
    has_joined: bool
    """Whether they can sign in: with a password, or by the identity provider."""
    is_enabled: bool
    created_at_ms: int
    created_by: str
    updated_at_ms: int
    updated_by: str
    signed_in_at_ms: int | None


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in."""

    digest: str
    """Of the cookie's value, which is stored nowhere."""
    id: str
    """As the list of sessions names it."""
    user_id: str
    org_id: str
    """The organisation that calls are for."""
    created_at_ms: int
    seen_at_ms: int
    """At most a minute behind."""
    idle_ends_at_ms: int
    ends_at_ms: int
    user_agent: str
    address: str

    @property
    def expires_at_ms(self) -> int:
        """When it ends if nothing is called."""
        return min(self.idle_ends_at_ms, self.ends_at_ms)


def iso(at_ms: int) -> str:
    """A time as documents say it: 2026-01-31T09:00:00.000Z."""
    return to_datetime(at_ms * 1000).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def subject_of(user_id: str, org_id: str) -> str:
    """What a user is called among those who hold roles; no client id has a colon."""
    return f"user:{user_id}:{org_id}"


def read_email(value: Any, path: str = "$.email") -> str:
    """An address in lower case. Raises UserInvalid."""
    text = value.strip().lower() if isinstance(value, str) else ""
    if len(text) > _MAX_EMAIL or not text.isprintable() or not _EMAIL.fullmatch(text):
        raise UserInvalid(f"email is an e-mail address of at most {_MAX_EMAIL} characters", path)
    return text


def read_name(value: Any, path: str = "$.name") -> str:
    """What the user is called. Raises UserInvalid."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > _MAX_NAME or not text.isprintable():
        raise UserInvalid(f"name is a text of 1 to {_MAX_NAME} characters", path)
    return text


def read_locale(value: Any, path: str = "$.locale") -> str | None:
    """A language tag such as `fr` or `en-GB`; None for whatever the browser prefers. Raises UserInvalid."""
    if value is None:
        return None
    if not isinstance(value, str) or not _LOCALE.fullmatch(value):
        raise UserInvalid("locale is a language tag such as fr or en-GB, or null", path)
    return value


def read_password(value: Any, email: str, path: str = "$.password") -> str:
    """A password that may be chosen, as it is hashed. Raises UserInvalid.

    Length is all that is asked for, as NIST SP 800-63B advises; the address itself is what is tried first.
    """
    text = normalized(value) if isinstance(value, str) else ""
    if len(text) < MIN_PASSWORD or len(text.encode("utf-8", "replace")) > MAX_PASSWORD_BYTES:
        raise UserInvalid(
            f"a password has at least {MIN_PASSWORD} characters and at most {MAX_PASSWORD_BYTES} bytes", path
        )
    if not _is_unicode(text):
        raise UserInvalid("a password is Unicode text", path)
    if text.strip().casefold() == email.casefold():
        raise UserInvalid("the e-mail address is no password", path)
    return text


def normalized(password: str) -> str:
    """The same text however a keyboard composed it (NFC)."""
    return unicodedata.normalize("NFC", password)


def _is_unicode(text: str) -> bool:
    """Whether it has no lone surrogates, which JSON can bring and UTF-8 can't say."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def lock_s(failures: int, free: int) -> int:
    """How long the next attempt has to wait after that many failures in a row, in seconds.

    free: how many cost nothing. Then 15 s, doubled each time, 15 minutes at most.
    """
    if failures < free:
        return 0
    return int(min(15 * 2 ** min(failures - free, 10), 900))
