"""The gateway: turns a request's headers into a Caller, and credentials into tokens."""

import hashlib
import hmac
import os
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from parcours.access import store, user_store
from parcours.access.errors import (
    GatewayRefused,
    SandboxExists,
    SandboxInvalid,
    SandboxNotFound,
    SecretKeyMismatch,
    TokenRefused,
)
from parcours.access.model import Caller, Sandbox
from parcours.access.permissions import ADMINISTRATORS
from parcours.access.roles import EVERY_SANDBOX, Grants, Held
from parcours.access.tokens import Token, TokenSigner, user_of
from parcours.audit import AuditEvent
from parcours.audit.assets import permission_of, type_of_resource
from parcours.audit.model import Status
from parcours.audit.store import record
from parcours.db import Database
from parcours.kit.ids import new_hex, new_uuid
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.kit.telemetry import get_logger
from parcours.resources.labels import list_labels
from parcours.resources.store import Compiled, ResourceStore

SANDBOX_KIND = "sandbox"
ACCESS_KIND = "access"
"""Its revision is raised whenever a role, a credential or a user changes."""
DEFAULT_SANDBOX = "prod"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,255}")
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_TOKEN_CACHE_SIZE = 10_000
_REFRESH_S = 2.0
_BOOTSTRAP_USER = "parcours"
log = get_logger("access")


class Access:
    """Organisations, sandboxes, credentials and tokens of one server."""

    def __init__(self, db: Database, resources: ResourceStore, settings: Settings, secrets: SecretBox) -> None:
        self._db = db
        self._resources = resources
        self._settings = settings
        self._key_check = secrets.derive(b"key-check").hex()
        self._signer = TokenSigner(secrets.derive(b"access-tokens"))
        self._sandboxes: Compiled[dict[tuple[str, str], Sandbox]] = Compiled(
            resources,
            [SANDBOX_KIND],
            lambda connection: {(s.org_id, s.name): s for s in store.list_sandboxes(connection)},
        )
        self._by_key: dict[tuple[str, str], Sandbox] = {}
        self._compiled_grants: Compiled[Grants] = Compiled(resources, [ACCESS_KIND], _build_grants)
        self._grants: Grants | None = None
        self._tokens: dict[str, Token] = {}
        self._revoked: set[str] = set()
        self._refreshed_s = 0.0

    def bootstrap(self) -> None:
        """On an empty database: one organisation, its `prod` and `dev`, one client, and the credentials file.

        Raises SecretKeyMismatch on a database that was written with another secret key.
        """
        settings = self._settings
        with self._db.write() as connection:
            known = store.find_key_check(connection)
            if known is None:
                store.insert_key_check(connection, self._key_check)
            elif known != self._key_check:
                raise SecretKeyMismatch(
                    "the secret key isn't the one that the stored data was encrypted with: "
                    "set PARCOURS_SECRET_KEY as it was, or put back the file secret.key of the data directory"
                )
            if store.count_orgs(connection):
                return
            now_ms = time.time_ns() // 1_000_000
            org_id = settings.bootstrap_org_id or f"{new_hex(24).upper()}@AdobeOrg"
            client_id = settings.bootstrap_client_id or new_hex(32)
            client_secret = settings.bootstrap_client_secret or f"p8e-{new_hex(40)}"
            store.insert_org(connection, org_id, settings.bootstrap_tenant, now_ms)
            for name, title, kind in (
                ("prod", "Production", "production"),
                ("dev", "Development", "development"),
            ):
                self._insert_sandbox(connection, org_id, name, title, kind, now_ms)
            self.insert_client(connection, org_id, client_id, hash_secret(client_secret), (ADMINISTRATORS,))
            self._write_credentials(
                {"client_id": client_id, "client_secret": client_secret, "org_id": org_id, "sandbox": "prod"}
            )

    def add_client(
        self, org_id: str, client_id: str, client_secret: str, roles: tuple[str, ...] = (ADMINISTRATORS,)
    ) -> None:
        """Let one more client ask for tokens of an organisation. roles: ids of what it gets."""
        secret_hash = hash_secret(client_secret)
        with self._db.write() as connection:
            self.insert_client(connection, org_id, client_id, secret_hash, roles)
        self.refresh()

    def insert_client(
        self, connection: Connection, org_id: str, client_id: str, secret_hash: str, roles: tuple[str, ...]
    ) -> None:
        """The same within a transaction, which a `refresh` has to follow."""
        store.insert_credential(connection, client_id, org_id, secret_hash, time.time_ns() // 1_000_000)
        for role_id in roles:
            store.add_subject(connection, client_id, role_id)
        self._resources.touch(connection, ACCESS_KIND)
        self.record(connection, org_id, "Create", "credentials", client_id, client_id)

    def add_org(self, org_id: str, tenant: str) -> None:
        """One more organisation, with its own `prod` and `dev`."""
        now_ms = time.time_ns() // 1_000_000
        with self._db.write() as connection:
            store.insert_org(connection, org_id, tenant, now_ms)
            self._insert_sandbox(connection, org_id, DEFAULT_SANDBOX, "Production", "production", now_ms)
            self._insert_sandbox(connection, org_id, "dev", "Development", "development", now_ms)

    def issue_token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Client credentials → a signed token that expires. Raises TokenRefused."""
        if form.get("grant_type") != "client_credentials":
            raise TokenRefused("unsupported_grant_type", "grant_type must be client_credentials")
        client_id, client_secret = form.get("client_id", ""), form.get("client_secret", "")
        if not client_id or not client_id.isprintable():
            raise TokenRefused("invalid_client", "invalid client_id parameter")
        with self._db.read() as connection:
            found = store.find_credential(connection, client_id)
        if found is None:
            raise TokenRefused("invalid_client", "invalid client_id parameter")
        try:
            _HASHER.verify(found[1], client_secret)
        except Argon2Error:
            self._note_token(found[0], client_id, "Failure")
            raise TokenRefused("invalid_client", "invalid client_secret parameter", is_unauthorized=True) from None
        now_ms = time.time_ns() // 1_000_000
        lifetime_s = self._settings.token_lifetime_s
        token = self._signer.sign(client_id, found[0], form.get("scope", ""), now_ms, lifetime_s)
        self._note_token(found[0], client_id, "Success")
        return {"access_token": token, "token_type": "bearer", "expires_in": lifetime_s - 1}

    def read_token(self, authorization: str) -> Token | None:
        """The token of an `Authorization` value, or None; verified tokens are remembered until they expire."""
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer" or not text:
            return None
        now_ms = time.time_ns() // 1_000_000
        token = self._tokens.get(text)
        if token is None:
            token = self._signer.read(text.strip(), now_ms)
            if token is not None:
                if not self._may_call(token.client_id) or (self._revoked and _digest(text) in self._revoked):
                    return None
                if len(self._tokens) >= _TOKEN_CACHE_SIZE:
                    self._tokens.clear()
                self._tokens[text] = token
        return token if token is not None and now_ms < token.expires_at_ms else None

    def revoke_token(self, text: str) -> None:
        """Make a token worthless before it expires; one that is no token is ignored, as RFC 7009 wants.

        Other processes notice within seconds, at their next `refresh`.
        """
        now_ms = time.time_ns() // 1_000_000
        token = self._signer.read(text.strip(), now_ms)
        if token is None:
            return
        with self._db.write() as connection:
            store.revoke_token(connection, _digest(text), token.expires_at_ms, now_ms)
            self._record_token(connection, token.org_id, token.client_id, "Delete", "Success")
        self.refresh()

    def refresh(self) -> None:
        """Notice what other processes changed: sandboxes, roles, credentials and revoked tokens."""
        with self._db.read() as connection:
            revisions = self._resources.revisions(connection)
            self._by_key = self._sandboxes.current(connection, revisions)
            grants = self._compiled_grants.current(connection, revisions)
            revoked = store.revoked_digests(connection)
        clients_before = self._grants.clients if self._grants is not None else frozenset()
        self._grants = grants
        if revoked != self._revoked or clients_before - grants.clients:
            self._revoked = revoked
            self._tokens = {}
        self._refreshed_s = time.monotonic()

    def admit(self, headers: Mapping[str, str], *, needs_sandbox: bool = True) -> Caller:
        """The caller of a platform API. Raises GatewayRefused or SandboxNotFound.

        Source: platform-apis §0.2 and §0.3, in the gateway's order.
        """
        if time.monotonic() - self._refreshed_s > _REFRESH_S:
            self.refresh()
        authorization = headers.get("authorization")
        if not authorization:
            raise GatewayRefused("403010", "Oauth token is missing.")
        token = self.read_token(authorization)
        if token is None:
            raise GatewayRefused("401013", "Oauth token is not valid")
        api_key = headers.get("x-api-key")
        if not api_key:
            raise GatewayRefused("403000", "Api Key is required")
        if not hmac.compare_digest(api_key.encode(), token.client_id.encode()):
            raise GatewayRefused("403003", "Api Key is invalid")
        org_id = headers.get("x-gw-ims-org-id")
        if not org_id:
            raise GatewayRefused("400003", "Missing header")
        if org_id != token.org_id:
            raise GatewayRefused("403025", "Profile is not valid")
        return self.admit_subject(
            token.client_id, token.client_id, token.user_id, org_id, headers, needs_sandbox=needs_sandbox
        )

    def admit_subject(
        self,
        subject: str,
        client_id: str,
        user_id: str,
        org_id: str,
        headers: Mapping[str, str],
        *,
        needs_sandbox: bool = True,
    ) -> Caller:
        """The caller that somebody is who has proved it, in the sandbox that the headers name.

        subject: a client id, or a user as roles name it. Raises SandboxNotFound.
        """
        if time.monotonic() - self._refreshed_s > _REFRESH_S:
            self.refresh()
        name = DEFAULT_SANDBOX
        if needs_sandbox:
            name = (headers.get("x-sandbox-name") or DEFAULT_SANDBOX).split(",")[0].strip()
        sandbox = self.sandbox(org_id, name)
        held = self.held(subject, sandbox.name if needs_sandbox else EVERY_SANDBOX)
        return Caller(client_id, user_id, sandbox, held.permissions, held.labels, subject)

    def held(self, subject: str, sandbox: str) -> Held:
        """What a client or user holds in a sandbox that there is; `*`: in every one. Looked up in memory."""
        grants = self._grants
        if grants is None:
            self.refresh()
            grants = self._grants
        return Held() if grants is None else grants.held(subject, sandbox)

    def held_in(self, caller: Caller, sandbox: str) -> Held:
        """What the caller holds in another sandbox of its organisation; nothing in one that there is not."""
        return (
            self.held(caller.subject or caller.client_id, sandbox)
            if (caller.org_id, sandbox) in self._by_key
            else Held()
        )

    def hidden_from(self, caller: Caller) -> frozenset[str]:
        """Ids of what the caller lacks an access label for, in its sandbox. Looked up in memory."""
        return self._grants.hidden(caller.scope_id, caller.labels) if self._grants is not None else frozenset()

    def _may_call(self, client_id: str) -> bool:
        """Whether the client is there and enabled; asked once for each token."""
        is_stale = time.monotonic() - self._refreshed_s > _REFRESH_S
        if self._grants is None or (is_stale and client_id not in self._grants.clients):
            self.refresh()
        return self._grants is not None and client_id in self._grants.clients

    def sandbox(self, org_id: str, name: str) -> Sandbox:
        """An active sandbox by name. Raises SandboxNotFound."""
        found = self._by_key.get((org_id, name))
        if found is None or found.state != "active":
            with self._db.read() as connection:
                self._by_key = self._sandboxes.current(connection)
            found = self._by_key.get((org_id, name))
        if found is None or found.state != "active":
            raise SandboxNotFound(name)
        return found

    def sandboxes(self, org_id: str) -> list[Sandbox]:
        """Every sandbox of an organisation that is not deleted, oldest first."""
        with self._db.read() as connection:
            return [s for s in store.list_sandboxes(connection, org_id) if s.state != "deleted"]

    def scopes_of(self, sandbox: Sandbox) -> list[int]:
        """The scopes that this name ever had: a sandbox that was reset goes on in the audit log."""
        with self._db.read() as connection:
            return [
                found.scope_id
                for found in store.list_sandboxes(connection, sandbox.org_id)
                if found.name in (sandbox.name, _retired_name(sandbox.name, found.scope_id))
            ]

    def active_scopes(self) -> frozenset[int]:
        """The scopes something may still happen in; a deleted or reset sandbox has lost its own."""
        with self._db.read() as connection:
            return frozenset(s.scope_id for s in self._sandboxes.current(connection).values() if s.state == "active")

    def create_sandbox(self, org_id: str, body: Mapping[str, Any], user_id: str = _BOOTSTRAP_USER) -> Sandbox:
        """A new, empty sandbox. Raises SandboxInvalid or SandboxExists."""
        name, title, kind = body.get("name"), body.get("title"), body.get("type", "development")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise SandboxInvalid(
                "a sandbox name is lower-case letters, digits and '-', begins with a letter, "
                "and has at most 256 characters",
                "$.name",
            )
        title = _title(title)
        if kind not in ("production", "development"):
            raise SandboxInvalid("type is production or development", "$.type")
        with self._db.write() as connection:
            if any(s.name == name for s in store.list_sandboxes(connection, org_id)):
                raise SandboxExists(f"a sandbox named {name!r} exists already")
            self._insert_sandbox(connection, org_id, name, title, kind, time.time_ns() // 1_000_000, user_id)
            self.record(connection, org_id, "Create", "sandboxes", name, title)
        return self.sandbox(org_id, name)

    def rename_sandbox(self, org_id: str, name: str, title: Any, user_id: str = _BOOTSTRAP_USER) -> Sandbox:
        """Change a sandbox's title. Raises SandboxInvalid or SandboxNotFound."""
        title = _title(title)
        with self._db.write() as connection:
            self._change(connection, self._find(connection, org_id, name), user_id, title=title)
            self.record(connection, org_id, "Update", "sandboxes", name, title)
        self._by_key = {}
        return self.sandbox(org_id, name)

    def delete_sandbox(self, org_id: str, name: str, user_id: str = _BOOTSTRAP_USER) -> Sandbox:
        """End a sandbox: nothing of it can be reached any more, its inlets close, its name is free again.

        What it stored stays in the database under a scope that no caller can name.
        Raises SandboxInvalid for the default sandbox, SandboxNotFound.
        """
        with self._db.write() as connection:
            found = self._find(connection, org_id, name)
            if found.is_default:
                raise SandboxInvalid("the default sandbox can't be deleted", "$.name")
            self._retire(connection, found, user_id)
            self.record(connection, org_id, "Delete", "sandboxes", name, found.title)
        self._by_key = {}
        return replace(found, state="deleting", updated_by=user_id)

    def reset_sandbox(self, org_id: str, name: str, user_id: str = _BOOTSTRAP_USER) -> Sandbox:
        """Empty a sandbox: its id, name, title and type go on with a scope that holds nothing.

        The same holds for what it stored as after `delete_sandbox`. Raises SandboxNotFound.
        """
        with self._db.write() as connection:
            found = self._find(connection, org_id, name)
            self._retire(connection, found, user_id, id=new_uuid())
            now_ms = time.time_ns() // 1_000_000
            self._insert_sandbox(connection, org_id, name, found.title, found.type, now_ms, user_id, found.id)
            self.record(connection, org_id, "Reset", "sandboxes", name, found.title)
        self._by_key = {}
        return self.sandbox(org_id, name)

    def _find(self, connection: Connection, org_id: str, name: str) -> Sandbox:
        for found in store.list_sandboxes(connection, org_id):
            if found.name == name and found.state == "active":
                return found
        raise SandboxNotFound(name)

    def _retire(self, connection: Connection, sandbox: Sandbox, user_id: str, **values: str) -> None:
        # "~" can't be in a name, so the retired one is out of everybody's way.
        name = _retired_name(sandbox.name, sandbox.scope_id)
        self._change(connection, sandbox, user_id, state="deleted", name=name, **values)

    def _change(self, connection: Connection, sandbox: Sandbox, user_id: str, **values: str) -> None:
        audit = {
            "updated_at_ms": time.time_ns() // 1_000_000,
            "updated_by": user_id,
            "version": sandbox.version + 1,
        }
        store.update_sandbox(connection, sandbox.scope_id, {**values, **audit})
        self._resources.touch(connection, SANDBOX_KIND)

    def _insert_sandbox(
        self,
        connection: Connection,
        org_id: str,
        name: str,
        title: str,
        kind: str,
        now_ms: int,
        user_id: str = _BOOTSTRAP_USER,
        sandbox_id: str = "",
    ) -> None:
        store.insert_sandbox(
            connection,
            {
                "id": sandbox_id or new_uuid(),
                "org_id": org_id,
                "name": name,
                "title": title,
                "type": kind,
                "state": "active",
                "created_at_ms": now_ms,
                "updated_at_ms": now_ms,
                "created_by": user_id,
                "updated_by": user_id,
                "version": 0,
            },
        )
        self._resources.touch(connection, SANDBOX_KIND)

    # --- the audit log ---

    def record(
        self, connection: Connection, org_id: str, verb: str, resource: str, asset_id: str, asset_name: str
    ) -> None:
        """Log a change that concerns the organisation, in its default sandbox, by whoever calls."""
        record(
            connection,
            AuditEvent(
                self.org_scope(connection, org_id), verb, type_of_resource(resource), asset_id, asset_name, resource,
                permission=permission_of(verb),
            ),
        )  # fmt: skip

    def note(self, event: AuditEvent) -> None:
        """Log what changed nothing, in a transaction of its own; a log that can't be written stops nobody."""
        try:
            with self._db.write() as connection:
                record(connection, event)
        except DBAPIError as error:
            log.error("audit.unwritten", action=event.action, status=event.status, reason=str(error).splitlines()[0])

    def _note_token(self, org_id: str, client_id: str, status: Status) -> None:
        try:
            with self._db.write() as connection:
                self._record_token(connection, org_id, client_id, "Create", status)
        except DBAPIError as error:
            log.error("audit.unwritten", action="Create", status=status, reason=str(error).splitlines()[0])

    def _record_token(self, connection: Connection, org_id: str, client_id: str, verb: str, status: Status) -> None:
        failure = "TokenRefused" if status == "Failure" else ""
        scope_id = self.org_scope(connection, org_id)
        event = AuditEvent(
            scope_id, verb, "Token", client_id, client_id, "credentials", status, failure=failure,
            user_id=user_of(client_id), client_id=client_id,
        )  # fmt: skip
        record(connection, event)

    @staticmethod
    def org_scope(connection: Connection, org_id: str) -> int:
        """The scope in which the log tells what concerns an organisation: that of its default sandbox."""
        found = (s.scope_id for s in store.list_sandboxes(connection, org_id) if s.name == DEFAULT_SANDBOX)
        return next(found, 0)

    def _write_credentials(self, credentials: dict[str, str]) -> None:
        path = self._settings.data_dir / "credentials.json"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(orjson.dumps(credentials, option=orjson.OPT_INDENT_2) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _build_grants(connection: Connection) -> Grants:
    return Grants(
        [
            *(found.client_id for found in store.list_credentials(connection) if found.is_enabled),
            *user_store.enabled_subjects(connection),
        ],
        {role.id: role for role in store.list_roles(connection)},
        [*store.list_subjects(connection), *user_store.list_user_subjects(connection)],
        list_labels(connection),
    )


def _retired_name(name: str, scope_id: int) -> str:
    return f"{name[:200]}~{scope_id}"


def _title(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 256 or "\0" in value:
        raise SandboxInvalid("a sandbox has a title of at most 256 characters", "$.title")
    return value


def hash_secret(client_secret: str) -> str:
    """What is stored of a secret; takes some twenty milliseconds, on purpose."""
    return _HASHER.hash(client_secret)


def verify_secret(secret_hash: str, secret: str) -> bool:
    """Whether it is what the hash was made of; as slow."""
    try:
        return _HASHER.verify(secret_hash, secret)
    except (Argon2Error, InvalidHashError, UnicodeEncodeError):
        return False


def _digest(text: str) -> str:
    return hashlib.blake2b(text.strip().encode(), digest_size=32).hexdigest()
