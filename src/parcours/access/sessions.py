"""Sessions: who is signed in in a browser, and the walls against requests that a foreign page makes it send."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from parcours.access import store, user_store
from parcours.access.attempts import FORGOTTEN_AFTER_MS, Attempts
from parcours.access.errors import GatewayRefused, SessionNotFound, SignInRefused, UserInvalid
from parcours.access.model import Caller, Sandbox
from parcours.access.roles import EVERY_SANDBOX
from parcours.access.service import Access, hash_secret, verify_secret
from parcours.access.user_model import WEB_CLIENT, Session, User, normalized, subject_of
from parcours.audit import CALL, AuditEvent, Call
from parcours.audit.model import Status
from parcours.db import Database
from parcours.kit.ids import new_uuid
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.kit.telemetry import get_logger

COOKIE = "parcours_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_TOUCH_MS = 60_000
log = get_logger("access")


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a session is used."""

    user_agent: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that has just begun."""

    cookie: str
    """The one time it can be told."""
    session: Session
    user: User


class Sessions:
    """The sessions of every user."""

    def __init__(self, db: Database, access: Access, settings: Settings, box: SecretBox) -> None:
        self._db = db
        self._access = access
        self._idle_ms = settings.session_idle_s * 1000
        self._life_ms = settings.session_lifetime_s * 1000
        self._origin = _origin(settings.base_url)
        self._csrf_key = box.derive(b"csrf")
        self._nobody = ""
        self.is_secure = settings.base_url.startswith("https:")
        """Whether browsers reach the server by https alone, so that cookies may ask for it."""
        self.attempts = Attempts(db, box.derive(b"sign-in-attempts"))

    # --- calls ---

    def find(self, cookie: str) -> tuple[Session, User] | None:
        """The session of a cookie that has not ended, and its user; it lives on for being used."""
        if not cookie:
            return None
        now_ms = time.time_ns() // 1_000_000
        digest = digest_of(cookie)
        with self._db.read() as connection:
            found = user_store.find_session(connection, digest, now_ms)
        if found is None:
            return None
        session, user = found
        if now_ms - session.seen_at_ms < min(_TOUCH_MS, self._idle_ms // 10):
            return found
        idle_ends_at_ms = now_ms + self._idle_ms
        try:
            with self._db.write() as connection:
                user_store.touch_session(connection, digest, now_ms, idle_ends_at_ms)
        except DBAPIError as error:  # a disk that is full signs nobody out
            log.error("session.untouched", reason=str(error).splitlines()[0])
            return found
        return replace(session, seen_at_ms=now_ms, idle_ends_at_ms=idle_ends_at_ms), user

    def signed_in(self, cookie: str, method: str, headers: Mapping[str, str]) -> tuple[Session, User]:
        """As `find`, for a call with this method. Raises GatewayRefused."""
        found = self.find(cookie)
        if found is None:
            raise GatewayRefused("401013", "The session has ended: sign in again")
        if method not in SAFE_METHODS:
            self.check_site(headers)
            token = headers.get("x-csrf-token", "")
            if not hmac.compare_digest(token.encode("utf-8", "replace"), self.csrf_token(found[0]).encode()):
                raise GatewayRefused("403110", "x-csrf-token is missing, or not the session's")
        return found

    def admit(self, cookie: str, method: str, headers: Mapping[str, str], *, needs_sandbox: bool = True) -> Caller:
        """The user of a session as caller of a platform API. Raises GatewayRefused or SandboxNotFound."""
        session, user = self.signed_in(cookie, method, headers)
        org_id = headers.get("x-gw-ims-org-id")
        if org_id and org_id != session.org_id:
            raise GatewayRefused("403025", "Profile is not valid")
        subject = subject_of(user.id, session.org_id)
        return self._access.admit_subject(
            subject, WEB_CLIENT, user.email, session.org_id, headers, needs_sandbox=needs_sandbox
        )

    def check_site(self, headers: Mapping[str, str]) -> None:
        """A page of another site doesn't call. Raises GatewayRefused.

        `Sec-Fetch-Site` decides, where the browser says it: pages can't set it, and it knows of no proxy that changes
        `Host`. Another port or subdomain is another site here, as it may be another application.
        """
        site = headers.get("sec-fetch-site")
        if site is not None:
            is_ours = site in ("same-origin", "none")
        else:
            origin = headers.get("origin")
            host = headers.get("host", "").lower()
            is_ours = origin is None or origin == self._origin or (bool(host) and _netloc(origin) == host)
        if not is_ours:
            raise GatewayRefused("403111", "The call comes from a page of another site")

    def csrf_token(self, session: Session) -> str:
        """What every change within a session has to say: no other site can read it."""
        return hmac.new(self._csrf_key, session.digest.encode(), hashlib.sha256).hexdigest()

    # --- beginning and ending ---

    def sign_in(self, email: str, password: str, browser: Browser) -> Begun:
        """Begin a session. Raises SignInRefused or TooManyAttempts; takes the same time whoever is there or not."""
        email = email.strip().lower()[:1000]
        self.attempts.take(email, browser.address)
        with self._db.read() as connection:
            found = user_store.find_user_by_email(connection, email) if "\0" not in email else None
        user, password_hash = found if found is not None else (None, None)
        of_nobody = self._hash_of_nobody()  # also where it isn't needed: making it takes time once
        is_right = verify_secret(password_hash or of_nobody, normalized(password))
        if user is None or password_hash is None or not is_right or not user.is_enabled:
            self._note(user, "Failure")
            raise SignInRefused
        self.attempts.succeed(email, browser.address)
        with self._db.write() as connection:
            return self.begin(connection, user, browser)

    def verify(self, user: User, password: str, browser: Browser) -> bool:
        """Whether it is the user's password now; counted as signing in is. Raises TooManyAttempts."""
        self.attempts.take(user.email, browser.address)
        with self._db.read() as connection:
            password_hash = user_store.password_hash_of(connection, user.id)
        if password_hash is None or not verify_secret(password_hash, normalized(password)):
            return False
        self.attempts.succeed(user.email, browser.address)
        return True

    def begin(self, connection: Connection, user: User, browser: Browser) -> Begun:
        """A session of a user who has proved to be it, in its own organisation. Raises SignInRefused."""
        now_ms = time.time_ns() // 1_000_000
        orgs = user_store.orgs_of_user(connection, user.id)
        if not orgs:
            raise SignInRefused
        cookie = secrets.token_urlsafe(32)
        session = Session(
            digest_of(cookie), new_uuid(), user.id, user.org_id if user.org_id in orgs else orgs[0], now_ms, now_ms,
            now_ms + self._idle_ms, now_ms + self._life_ms, _column(browser.user_agent, 255),
            _column(browser.address, 60),
        )  # fmt: skip
        user_store.forget_ended(connection, now_ms, now_ms - FORGOTTEN_AFTER_MS)
        user_store.insert_session(connection, session)
        user_store.update_user(connection, user.id, {"signed_in_at_ms": now_ms})
        speak_as(user)
        self._access.record(connection, session.org_id, "Sign in", "users", user.id, user.email)
        return Begun(cookie, session, user)

    def end(self, session: Session, user: User) -> None:
        """Sign out."""
        speak_as(user)
        with self._db.write() as connection:
            user_store.end_session(connection, session.digest)
            self._access.record(connection, session.org_id, "Sign out", "users", user.id, user.email)

    def drop(self, cookie: str) -> None:
        """Forget what a cookie opened, which its browser has another one in place of."""
        if cookie:
            with self._db.write() as connection:
                user_store.end_session(connection, digest_of(cookie))

    def end_others(self, session: Session) -> None:
        """End every other session of the same user."""
        with self._db.write() as connection:
            user_store.end_sessions(connection, session.user_id, session.digest)

    def end_one(self, session: Session, session_id: str) -> None:
        """End one session of the same user. Raises SessionNotFound."""
        with self._db.write() as connection:
            if not user_store.end_session_by_id(connection, session.user_id, session_id):
                raise SessionNotFound(session_id)

    def sessions_of(self, user_id: str) -> list[Session]:
        """The sessions of a user, the one used last first."""
        with self._db.read() as connection:
            return user_store.list_sessions(connection, user_id, time.time_ns() // 1_000_000)

    def move(self, session: Session, org_id: Any) -> Session:
        """Let the session's calls be for another organisation of the user. Raises UserInvalid."""
        with self._db.write() as connection:
            if org_id not in user_store.orgs_of_user(connection, session.user_id):
                raise UserInvalid("id is one of the user's organisations", "$.id")
            user_store.move_session(connection, session.digest, org_id)
        return replace(session, org_id=org_id)

    # --- what a page needs to know ---

    def has_users(self) -> bool:
        """Whether there is anybody who could sign in."""
        with self._db.read() as connection:
            return user_store.has_users(connection)

    def places(self, user: User, session: Session) -> tuple[list[tuple[str, str]], list[tuple[Sandbox, list[str]]]]:
        """([(organisation, tenant)] of the user, [(sandbox, permissions)] of the session's where it holds any)."""
        subject = subject_of(user.id, session.org_id)
        with self._db.read() as connection:
            mine = set(user_store.orgs_of_user(connection, user.id))
            orgs = [one for one in store.list_orgs(connection) if one[0] in mine]
        self._access.refresh()
        found = []
        for sandbox in self._access.sandboxes(session.org_id):
            held = self._access.held(subject, sandbox.name).permissions
            if held and sandbox.state == "active":
                found.append((sandbox, sorted(held)))
        return orgs, found

    def held_in_org(self, user: User, session: Session) -> list[str]:
        """Permissions held in every sandbox, which is what the organisation's own calls ask for."""
        return sorted(self._access.held(subject_of(user.id, session.org_id), EVERY_SANDBOX).permissions)

    def _hash_of_nobody(self) -> str:
        """What is verified where there is nothing, so that it takes as long."""
        if not self._nobody:
            self._nobody = hash_secret(secrets.token_urlsafe(32))
        return self._nobody

    def _note(self, user: User | None, status: Status) -> None:
        with self._db.read() as connection:
            orgs = store.list_orgs(connection)
            scope_id = self._access.org_scope(connection, orgs[0][0] if user is None else user.org_id)
        who = (user.id, user.email) if user is not None else ("", "")  # what was typed may be a password
        self._access.note(
            AuditEvent(
                scope_id, "Sign in", "User", who[0], who[1], "users", status, failure="SignInRefused",
                user_id=who[1], client_id=WEB_CLIENT,
            )
        )  # fmt: skip


def digest_of(token: str) -> str:
    """What is stored of a cookie or a link: 32 random bytes need no slow hash."""
    return hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=32).hexdigest()


def speak_as(user: User) -> None:
    """Let the audit log name the user for the rest of this call."""
    CALL.set(replace(CALL.get() or Call(), user_id=user.email, client_id=WEB_CLIENT))


def _column(text: str, length: int) -> str:
    return text.replace("\0", "")[:length]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _netloc(origin: str) -> str:
    """Host and port of an `Origin`; empty for one that is none."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return parts.netloc.lower() if parts.scheme in ("http", "https") else ""
