"""Users of every organisation: the first one, invitations, changes, passwords."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from parcours.access import store, user_store
from parcours.access.errors import (
    LastAdministrator,
    LinkStale,
    OidcFailed,
    PermissionDenied,
    RoleNotFound,
    SetupDone,
    UserElsewhere,
    UserExists,
    UserInvalid,
    UserNotFound,
)
from parcours.access.model import Caller
from parcours.access.permissions import ADMINISTRATORS
from parcours.access.roles import EVERY_SANDBOX, READY_MADE_ROLES
from parcours.access.service import ACCESS_KIND, Access, hash_secret
from parcours.access.sessions import Begun, Browser, Sessions, digest_of, speak_as
from parcours.access.user_model import (
    LINK_LIFETIMES_S,
    LinkKind,
    Session,
    User,
    read_email,
    read_locale,
    read_name,
    read_password,
    subject_of,
)
from parcours.audit.model import SYSTEM_USER
from parcours.db import Database
from parcours.kit.ids import new_uuid
from parcours.kit.settings import Settings
from parcours.resources.store import ResourceStore

_MEMBERS = frozenset({"name", "email", "locale", "roles", "enabled"})


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link that has just been made."""

    url: str
    """The token stands behind `#`: browsers send that to no server, so no log has it."""
    expires_at_ms: int


class Users:
    """Users, changed by administrators and by themselves. What changes here holds from the next call on."""

    def __init__(
        self, db: Database, resources: ResourceStore, access: Access, sessions: Sessions, settings: Settings
    ) -> None:
        self._db = db
        self._resources = resources
        self._access = access
        self._sessions = sessions
        self._base_url = settings.base_url

    # --- the first one ---

    def open_setup(self) -> Link | None:
        """A new link that makes the first administrator; earlier ones are worthless. None when there are users."""
        with self._db.write() as connection:
            if user_store.has_users(connection):
                return None
            return self._link(connection, "setup", None)

    def renew_setup(self) -> Link:
        """The same for a caller who asks. Raises SetupDone."""
        link = self.open_setup()
        if link is None:
            raise SetupDone("there are users already: invite others")
        return link

    def setup(self, body: Mapping[str, Any], browser: Browser) -> Begun:
        """Make the first user, an administrator of the first organisation. Raises LinkStale or UserInvalid."""
        email, name = read_email(body.get("email")), read_name(body.get("name"))
        locale = read_locale(body.get("locale"))
        password = read_password(body.get("password"), email)
        self._check_link(body.get("token"), ("setup",))
        password_hash = hash_secret(password)
        with self._db.write() as connection:
            taken = user_store.take_link(connection, _digest(body), ("setup",), _now_ms())
            if taken is None or user_store.has_users(connection):
                raise _stale(("setup",))
            org_id = store.list_orgs(connection)[0][0]
            user = self._insert(connection, org_id, email, name, locale, email, password_hash=password_hash)
            user_store.set_roles(connection, user.id, org_id, [ADMINISTRATORS])
            speak_as(user)
            self._changed(connection, org_id, "Create", user)
            begun = self._sessions.begin(connection, user, browser)
        self._access.refresh()
        return begun

    # --- administered ---

    def users(self, org_id: str) -> list[tuple[User, list[str]]]:
        """Who works in an organisation, with the ids of their roles there; oldest first."""
        with self._db.read() as connection:
            roles = user_store.roles_of_users(connection, org_id)
            return [(user, roles.get(user.id, [])) for user in user_store.list_users(connection, org_id)]

    def user(self, org_id: str, user_id: str) -> tuple[User, list[str]]:
        """One of them. Raises UserNotFound."""
        with self._db.read() as connection:
            user = self._member(connection, org_id, user_id)
            return user, user_store.roles_of_users(connection, org_id).get(user_id, [])

    def invite(self, caller: Caller, body: Mapping[str, Any]) -> tuple[User, list[str], Link | None]:
        """A new user who joins by the link; somebody of another organisation is let in as they are, without one.

        body: {"email", "name"?, "locale"?, "roles"?}. Raises UserInvalid, UserExists, RoleNotFound, and
        PermissionDenied where roles are given by somebody who may not give any.
        """
        _check_members(body, {"email", "name", "locale", "roles"})
        email, roles = read_email(body.get("email")), _read_roles(body.get("roles", []))
        name = read_name(body["name"]) if body.get("name") is not None else email.partition("@")[0]
        locale = read_locale(body.get("locale"))
        self._check_giving(caller, roles)
        link: Link | None = None
        with self._db.write() as connection:
            self._check_roles(connection, caller.org_id, roles)
            known = user_store.find_user_by_email(connection, email)
            if known is None:
                user = self._insert(connection, caller.org_id, email, name, locale, caller.user_id)
                link = self._link(connection, "invitation", user.id)
            else:
                user = known[0]
                if caller.org_id in user_store.orgs_of_user(connection, user.id):
                    raise UserExists(f"{email} is a user of the organisation already")
                user_store.add_member(connection, user.id, caller.org_id)
            user_store.set_roles(connection, user.id, caller.org_id, roles)
            self._changed(connection, caller.org_id, "Create", user)
        self._access.refresh()
        return (*self.user(caller.org_id, user.id), link)

    def change(self, caller: Caller, user_id: str, body: Mapping[str, Any]) -> tuple[User, list[str]]:
        """Change the members that the body has: name, email, locale, roles, enabled.

        Who is disabled has no session any more. Raises UserNotFound, UserInvalid, UserExists, UserElsewhere,
        RoleNotFound, LastAdministrator, PermissionDenied.
        """
        _check_members(body, _MEMBERS)
        values = _read_changes(body)
        roles = _read_roles(body["roles"]) if "roles" in body else None
        if roles is not None:
            self._check_giving(caller, ["roles"])
        with self._db.write() as connection:
            self._resources.touch(connection, ACCESS_KIND)  # first: two last administrators can't go at once
            user = self._member(connection, caller.org_id, user_id)
            self._check_reach(connection, caller, user)
            if values and user.org_id != caller.org_id:
                raise UserElsewhere(f"{user.email} belongs to another organisation, which alone changes that")
            if "email" in values and values["email"] != user.email:
                if user_store.find_user_by_email(connection, values["email"]) is not None:
                    raise UserExists(f"{values['email']} is another user's address")
                user_store.drop_links(connection, user_id)
            if values:
                made = {"updated_at_ms": _now_ms(), "updated_by": caller.user_id}
                try:
                    user_store.update_user(connection, user_id, {**values, **made})
                except IntegrityError:  # taken since it was looked for
                    raise UserExists(f"{values['email']} is another user's address") from None
            if roles is not None:
                self._check_roles(connection, caller.org_id, roles)
            keep_an_administrator(
                connection, caller.org_id, user, stays=values.get("is_enabled", user.is_enabled), roles=roles
            )
            if roles is not None:
                user_store.set_roles(connection, user_id, caller.org_id, roles)
            if values.get("is_enabled") is False:
                user_store.end_sessions(connection, user_id)
                user_store.drop_links(connection, user_id)
            changed = values.get("is_enabled", user.is_enabled) != user.is_enabled
            verb = ("Enable" if values["is_enabled"] else "Disable") if changed else "Update"
            self._changed(connection, caller.org_id, verb, user)
        self._access.refresh()
        return self.user(caller.org_id, user_id)

    def delete(self, caller: Caller, user_id: str) -> None:
        """Remove a user; one of another organisation is only taken out of this one. Raises as `change`."""
        with self._db.write() as connection:
            self._resources.touch(connection, ACCESS_KIND)  # first: two last administrators can't go at once
            user = self._member(connection, caller.org_id, user_id)
            self._check_reach(connection, caller, user)
            keep_an_administrator(connection, caller.org_id, user, stays=False, roles=None)
            if user.org_id == caller.org_id:
                for org_id in user_store.orgs_of_user(connection, user_id):
                    if org_id != caller.org_id:
                        keep_an_administrator(connection, org_id, user, stays=False, roles=None)
                user_store.delete_user(connection, user_id)
            else:
                user_store.remove_member(connection, user_id, caller.org_id)
            self._changed(connection, caller.org_id, "Delete", user)
        self._access.refresh()

    def reset_link(self, caller: Caller, user_id: str) -> Link:
        """A new link to set a password by; earlier ones are worthless, the password in use is not.

        Raises UserNotFound, UserInvalid, UserElsewhere, PermissionDenied.
        """
        with self._db.write() as connection:
            user = self._member(connection, caller.org_id, user_id)
            self._check_reach(connection, caller, user)
            if user.org_id != caller.org_id:
                raise UserElsewhere(f"{user.email} belongs to another organisation, which alone makes links")
            if not user.is_enabled:
                raise UserInvalid("the user is disabled: enable them first")
            link = self._link(connection, "reset" if user.has_joined else "invitation", user_id)
            self._changed(connection, caller.org_id, "Reset link", user)
        return link

    # --- by themselves ---

    def join(self, body: Mapping[str, Any], browser: Browser) -> Begun:
        """Set the password of a link's user, and begin a session; all others end. Raises LinkStale or UserInvalid."""
        kinds: tuple[LinkKind, ...] = ("invitation", "reset")
        user = self._check_link(body.get("token"), kinds)
        if user is None:
            raise _stale(kinds)
        name = read_name(body["name"]) if body.get("name") is not None else user.name
        password_hash = hash_secret(read_password(body.get("password"), user.email))
        with self._db.write() as connection:
            user_id = user_store.take_link(connection, _digest(body), kinds, _now_ms())
            found = user_store.find_user(connection, user_id) if user_id else None
            if found is None or not found.is_enabled:
                raise _stale(kinds)
            values = {"password_hash": password_hash, "name": name, "updated_at_ms": _now_ms()}
            user_store.update_user(connection, found.id, {**values, "updated_by": found.email})
            user_store.end_sessions(connection, found.id)
            speak_as(found)
            self._changed(connection, found.org_id, "Join" if not found.has_joined else "Reset password", found)
            begun = self._sessions.begin(connection, self._found(connection, found.id), browser)
        self._sessions.attempts.forget(user.email)
        self._access.refresh()
        return begun

    def change_password(self, session: Session, user: User, old: Any, new: Any, browser: Browser) -> None:
        """Another password, by somebody who knows the one in use; the user's other sessions end.

        Raises UserInvalid or TooManyAttempts.
        """
        chosen = read_password(new, user.email, "$.new")
        if not isinstance(old, str) or not self._sessions.verify(user, old, browser):
            raise UserInvalid("that is not the password in use", "$.old")
        password_hash = hash_secret(chosen)
        speak_as(user)
        with self._db.write() as connection:
            values = {"password_hash": password_hash, "updated_at_ms": _now_ms(), "updated_by": user.email}
            user_store.update_user(connection, user.id, values)
            user_store.end_sessions(connection, user.id, session.digest)
            user_store.drop_links(connection, user.id)
            self._changed(connection, user.org_id, "Change password", user)

    def change_own(self, user: User, body: Mapping[str, Any]) -> User:
        """Another name or locale. Raises UserInvalid."""
        _check_members(body, {"name", "locale"})
        values = _read_changes(body)
        speak_as(user)
        with self._db.write() as connection:
            if values:
                made = {"updated_at_ms": _now_ms(), "updated_by": user.email}
                user_store.update_user(connection, user.id, {**values, **made})
                self._access.record(connection, user.org_id, "Update", "users", user.id, user.email)
            return self._found(connection, user.id)

    # --- the identity provider ---

    def come_in(self, subject: str, email: str, name: str, role_id: str, browser: Browser) -> Begun:
        """Begin a session of somebody whom the provider vouches for, with a verified address.

        subject: issuer and subject. Known by it, else by the address, else new with `role_id`; where that is empty,
        nobody new comes in. Raises OidcFailed where nobody comes in.
        """
        with self._db.write() as connection:
            user = user_store.find_user_by_oidc(connection, subject)
            if user is None:
                user = self._adopt(connection, subject, email, name, role_id)
            if not user.is_enabled:
                raise OidcFailed("the user is disabled")
            begun = self._sessions.begin(connection, user, browser)
        self._access.refresh()
        return begun

    def _adopt(self, connection: Connection, subject: str, address: str, name: str, role_id: str) -> User:
        """The user with this address, made if need be, known by the subject from now on."""
        try:
            email = read_email(address)
        except UserInvalid as error:
            raise OidcFailed(str(error)) from None
        known = user_store.find_user_by_email(connection, email)
        if known is not None:
            user = known[0]
            if user_store.oidc_subject_of(connection, user.id) is not None:
                raise OidcFailed("the address is that of somebody else whom the provider knows")
        else:
            if not user_store.has_users(connection):
                raise OidcFailed("the first administrator comes by the link that the server printed")
            if not role_id:
                raise OidcFailed("nobody with this e-mail address was invited")
            org_id = store.list_orgs(connection)[0][0]
            try:
                self._check_roles(connection, org_id, [role_id])
            except RoleNotFound:
                raise OidcFailed("PARCOURS_OIDC_ROLE names a role that there is not") from None
            called = name.strip() if name.isprintable() and len(name) <= 255 else ""
            user = self._insert(connection, org_id, email, called or email.partition("@")[0], None, SYSTEM_USER)
            user_store.set_roles(connection, user.id, org_id, [role_id])
        user_store.update_user(connection, user.id, {"oidc_subject": subject})
        user_store.drop_links(connection, user.id)
        speak_as(user)
        self._changed(connection, user.org_id, "Create" if known is None else "Join", user)
        return self._found(connection, user.id)

    # --- within a transaction ---

    def _insert(
        self,
        connection: Connection,
        org_id: str,
        email: str,
        name: str,
        locale: str | None,
        by: str,
        password_hash: str | None = None,
    ) -> User:
        now_ms = _now_ms()
        values = {
            "id": new_uuid(),
            "org_id": org_id,
            "email": email,
            "name": name,
            "locale": locale,
            "password_hash": password_hash,
            "oidc_subject": None,
            "is_enabled": True,
            "created_at_ms": now_ms,
            "created_by": by,
            "updated_at_ms": now_ms,
            "updated_by": by,
            "signed_in_at_ms": None,
        }
        try:
            user_store.insert_user(connection, values)
        except IntegrityError:  # invited twice at once
            raise UserExists(f"{email} is a user already") from None
        return self._found(connection, str(values["id"]))

    def _link(self, connection: Connection, kind: LinkKind, user_id: str | None) -> Link:
        token = secrets.token_urlsafe(32)
        expires_at_ms = _now_ms() + 1000 * LINK_LIFETIMES_S[kind]
        user_store.put_link(connection, digest_of(token), kind, user_id, expires_at_ms)
        return Link(f"{self._base_url}/{'setup' if kind == 'setup' else 'join'}#{token}", expires_at_ms)

    def _check_link(self, token: Any, kinds: tuple[LinkKind, ...]) -> User | None:
        """The user of a link that holds, before anything slow is done; None of a setup. Raises LinkStale."""
        if isinstance(token, str):
            with self._db.read() as connection:
                found = user_store.find_link(connection, digest_of(token), kinds, _now_ms())
                user = user_store.find_user(connection, found) if found else None
            if found is not None and (user is None or user.is_enabled):
                return user
        raise _stale(kinds)

    @staticmethod
    def _found(connection: Connection, user_id: str) -> User:
        user = user_store.find_user(connection, user_id)
        if user is None:
            raise UserNotFound(user_id)
        return user

    def _member(self, connection: Connection, org_id: str, user_id: str) -> User:
        user = self._found(connection, user_id)
        if org_id not in user_store.orgs_of_user(connection, user_id):
            raise UserNotFound(user_id)
        return user

    def _check_reach(self, connection: Connection, caller: Caller, user: User) -> None:
        """Nobody becomes, by a link or an address, somebody who may more than they could give themselves."""
        if caller.may("roles.write"):
            return
        for org_id in user_store.orgs_of_user(connection, user.id):
            subject = subject_of(user.id, org_id)
            for place in (EVERY_SANDBOX, *(one.name for one in store.list_sandboxes(connection, org_id))):
                held = self._access.held(subject, place).permissions
                mine = self._access.held(caller.subject, place).permissions if org_id == caller.org_id else frozenset()
                if held - mine:
                    raise PermissionDenied("roles.write", EVERY_SANDBOX, "changing somebody who may more")

    @staticmethod
    def _check_giving(caller: Caller, roles: list[str]) -> None:
        if roles and not caller.may("roles.write"):
            raise PermissionDenied("roles.write", EVERY_SANDBOX, "giving roles", "$.roles")

    @staticmethod
    def _check_roles(connection: Connection, org_id: str, roles: list[str]) -> None:
        known = {*READY_MADE_ROLES, *(role.id for role in store.list_roles(connection, org_id))}
        for role_id in roles:
            if role_id not in known:
                raise RoleNotFound(role_id)

    def _changed(self, connection: Connection, org_id: str, verb: str, user: User) -> None:
        self._resources.touch(connection, ACCESS_KIND)
        self._access.record(connection, org_id, verb, "users", user.id, user.email)


def keep_an_administrator(
    connection: Connection, org_id: str, user: User, *, stays: bool, roles: list[str] | None
) -> None:
    """Whether somebody would be left who can sign in and may do everything. Raises LastAdministrator.

    stays: whether the user would; roles: what it would have; None for as now.
    """
    having = user_store.roles_of_users(connection, org_id)
    was_one = ADMINISTRATORS in having.get(user.id, ()) and user.is_enabled and user.has_joined
    if not was_one or (stays and (roles is None or ADMINISTRATORS in roles)):
        return
    others = (one for one in user_store.list_users(connection, org_id) if one.id != user.id)
    if not any(one.is_enabled and one.has_joined and ADMINISTRATORS in having.get(one.id, ()) for one in others):
        raise LastAdministrator


def _read_changes(body: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of what the body changes of the user itself. Raises UserInvalid."""
    values: dict[str, Any] = {}
    if "name" in body:
        values["name"] = read_name(body["name"])
    if "email" in body:
        values["email"] = read_email(body["email"])
    if "locale" in body:
        values["locale"] = read_locale(body["locale"])
    if "enabled" in body:
        if not isinstance(body["enabled"], bool):
            raise UserInvalid("enabled is true or false", "$.enabled")
        values["is_enabled"] = body["enabled"]
    return values


def _read_roles(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > 100 or not all(isinstance(one, str) for one in value):
        raise UserInvalid("roles is a list of ids of roles", "$.roles")
    return list(dict.fromkeys(value))


def _check_members(body: Mapping[str, Any], known: frozenset[str] | set[str]) -> None:
    for key in body:
        if key not in known:
            raise UserInvalid(f"there is no {key[:60]!r} to set; there are {', '.join(sorted(known))}", f"$.{key[:60]}")


def _digest(body: Mapping[str, Any]) -> str:
    return digest_of(str(body.get("token")))


def _stale(kinds: tuple[LinkKind, ...]) -> LinkStale:
    if kinds == ("setup",):
        return LinkStale(
            "this setup link was used or is too old: sign in, or start the server again or run "
            "`parcours user invite` for a new one"
        )
    return LinkStale("this link was used, replaced or is too old: ask an administrator for a new one")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
