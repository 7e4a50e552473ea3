"""Subscriptions of a sandbox, and its alerts."""

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.alerts import store
from parcours.alerts.errors import AlertNotFound, SubscriptionInvalid, SubscriptionNotFound
from parcours.alerts.store import Alert
from parcours.alerts.subscription import SUBSCRIPTION_KIND, read_subscription, seal, show
from parcours.alerts.view import show_alert
from parcours.db import Database
from parcours.journeys.versions import JOURNEY_KIND, VERSION_KIND
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.resources.store import Resource, ResourceNotFound, ResourceStore


class AlertService:
    """Who is told of what; what was told."""

    def __init__(self, db: Database, resources: ResourceStore, secrets: SecretBox, settings: Settings) -> None:
        self._db = db
        self._resources = resources
        self._secrets = secrets
        self._allow_private = settings.allow_private_networks

    def create(self, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Store a subscription. Raises SubscriptionInvalid or UrlRefused."""
        document = seal(read_subscription(body, self._allow_private), self._secrets, None)
        with self._db.write() as connection:
            self._check_journey(connection, caller.scope_id, document)
            stored = self._resources.create(connection, caller.scope_id, caller.author, SUBSCRIPTION_KIND, document)
        return show(stored), stored.etag

    def find_all(self, caller: Caller) -> list[dict[str, Any]]:
        """Every subscription of the sandbox, oldest first."""
        with self._db.read() as connection:
            return [show(one) for one in self._resources.in_scope(connection, caller.scope_id, SUBSCRIPTION_KIND)]

    def get(self, caller: Caller, uid: str) -> tuple[dict[str, Any], str]:
        """One and its etag. Raises SubscriptionNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
        return show(stored), stored.etag

    def replace(
        self, caller: Caller, uid: str, body: Mapping[str, Any], if_match: str | None = None
    ) -> tuple[dict[str, Any], str]:
        """Store a new version. Raises SubscriptionNotFound, SubscriptionInvalid, UrlRefused, EtagMismatch."""
        document = read_subscription(body, self._allow_private)
        with self._db.write() as connection:
            before = self._stored(connection, caller.scope_id, uid)
            self._check_journey(connection, caller.scope_id, document)
            document = seal(document, self._secrets, before.body)
            stored = self._resources.replace(connection, before, caller.author, document, if_match)
        return show(stored), stored.etag

    def delete(self, caller: Caller, uid: str) -> None:
        """Forget a subscription; its alerts are resolved and stay. Raises SubscriptionNotFound."""
        with self._db.write() as connection:
            self._resources.delete(connection, self._stored(connection, caller.scope_id, uid))
            store.resolve_subscription(connection, caller.scope_id, uid, time.time_ns() // 1_000_000)

    def alerts(
        self,
        caller: Caller,
        *,
        journey_uid: str | None = None,
        kind: str | None = None,
        is_open: bool | None = None,
        page: int = 0,
        page_size: int = 100,
    ) -> list[dict[str, Any]]:
        """Alerts of the sandbox, the latest first."""
        with self._db.read() as connection:
            found = store.list_alerts(
                connection, caller.scope_id, journey_uid=journey_uid, kind=kind, is_open=is_open,
                start=page * page_size, limit=page_size,
            )  # fmt: skip
            return self._shown(connection, caller.scope_id, found)

    def alert(self, caller: Caller, uid: str) -> dict[str, Any]:
        """One alert. Raises AlertNotFound."""
        with self._db.read() as connection:
            found = store.list_alerts(connection, caller.scope_id, uid=uid)
            if not found:
                raise AlertNotFound(uid)
            return self._shown(connection, caller.scope_id, found)[0]

    def _shown(self, connection: Connection, scope_id: int, alerts: list[Alert]) -> list[dict[str, Any]]:
        notices = store.list_notices(connection, [alert.uid for alert in alerts])
        names: dict[str, str | None] = {}
        for version_uid in {alert.version_uid for alert in alerts}:
            version = self._resources.find(connection, scope_id, VERSION_KIND, version_uid)
            names[version_uid] = None if version is None else version.body["document"]["name"]
        return [show_alert(alert, names[alert.version_uid], notices.get(alert.uid, ())) for alert in alerts]

    def _stored(self, connection: Connection, scope_id: int, uid: str) -> Resource:
        try:
            return self._resources.get(connection, scope_id, SUBSCRIPTION_KIND, uid)
        except ResourceNotFound:
            raise SubscriptionNotFound(uid) from None

    def _check_journey(self, connection: Connection, scope_id: int, document: Mapping[str, Any]) -> None:
        uid = document["journeyUid"]
        if uid is not None and self._resources.find(connection, scope_id, JOURNEY_KIND, uid) is None:
            raise SubscriptionInvalid(f"no journey {uid!r}", "$.journeyUid")
