"""Lets one test profile enter a version in test that reads an audience, whoever is in it (journeys §8.5, §10.2)."""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.audiences.store import find_attributes
from parcours.db import Database
from parcours.events.related import with_related
from parcours.events.service import EventService
from parcours.events.trial import build_entity
from parcours.identity.graph import find_cluster
from parcours.identity.namespaces import canonical_namespace
from parcours.journeys import runs_store
from parcours.journeys.check import Fault
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.errors import JourneyInvalid, JourneyStateConflict
from parcours.journeys.schedule import new_run
from parcours.journeys.service import JourneyService
from parcours.kit.clock import Clock, to_datetime
from parcours.kit.ids import new_uuid
from parcours.lookups.errors import LookupTooLarge
from parcours.lookups.store import find_rows
from parcours.profile.errors import ProfileNotFound
from parcours.profile.service import Asked, ProfileService

MAX_ATTRIBUTES_BYTES = 8_192
"""As of a list."""
_OF_EVENT = ("fields", "payload")
_MEMBERS = frozenset({"profileIdentifier", "attributes", *_OF_EVENT})


class Triggers:
    """The button that lets a test profile enter."""

    def __init__(
        self, db: Database, journeys: JourneyService, events: EventService, profiles: ProfileService, clock: Clock
    ) -> None:
        self._db = db
        self._journeys = journeys
        self._events = events
        self._profiles = profiles
        self._clock = clock

    def trigger(self, caller: Caller, version_uid: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Begin a run for one test profile: {"runId", "number"}; no other journey hears of it.

        body: {"profileIdentifier", "attributes"?}, and of a journey that begins with a business event its `fields` or
        `payload`, as of a test event. attributes: what the list says of the profile; left out, what it says if they are
        in it. Raises JourneyNotFound, JourneyStateConflict, JourneyInvalid, EventInvalid or TrialInvalid.
        """
        unknown = sorted(set(body) - _MEMBERS)
        if unknown:
            raise _invalid(f"no member {unknown[0][:80]!r}; there are {', '.join(sorted(_MEMBERS))}", "$")
        key = body.get("profileIdentifier")
        if not isinstance(key, str) or not key or "\0" in key:
            raise _invalid("profileIdentifier is a text: the test profile's id", "$.profileIdentifier")
        attributes = body.get("attributes")
        if attributes is not None and not isinstance(attributes, Mapping):
            raise _invalid("attributes is an object", "$.attributes")
        if len(orjson.dumps(attributes)) > MAX_ATTRIBUTES_BYTES:
            raise _invalid(f"attributes has at most {MAX_ATTRIBUTES_BYTES} bytes", "$.attributes")
        with self._db.read() as connection:
            journey = self._testing(connection, caller, version_uid)
        assert journey.namespace is not None  # or it could not be tested
        self._check_profile(caller, journey.namespace, key)
        payload = self._payload(caller, journey, body)
        with self._db.write() as connection:
            journey = self._testing(connection, caller, version_uid)
            read = journey.audience_read
            assert read is not None
            identity = (canonical_namespace(read.namespace), key)
            if attributes is None:
                # a list of another namespace says it of the individual's ids there
                cluster = find_cluster(connection, caller.scope_id, identity)
                linked = [one for one in cluster if one == identity or one[0] != identity[0]]
                text = find_attributes(connection, caller.scope_id, read.audience_id, linked)
            else:
                text = orjson.dumps(attributes).decode()
            number = runs_store.next_number(connection, version_uid)
            run = new_run(journey, number, self._clock.now_us(), payload=payload)
            run = run._replace(member=orjson.dumps([*identity, text]).decode())
            runs_store.insert_run(connection, run)
        return {"runId": run.id, "number": run.number}

    def _testing(self, connection: Connection, caller: Caller, version_uid: str) -> CompiledJourney:
        """The version as it runs. Raises JourneyNotFound, JourneyStateConflict or JourneyInvalid."""
        version = self._journeys.find_version(connection, caller.scope_id, version_uid)
        if version.body["status"] != "Testing":
            raise JourneyStateConflict(f"the version is {version.body['status']}: only one in test is triggered")
        journey = self._journeys.live.current(connection).get(version_uid)
        if journey is None:
            raise JourneyStateConflict("the version can't be run as its definitions are now")
        if journey.audience_read is None:
            raise _invalid("the journey reads no audience: it begins with an event, which is sent", "$")
        return journey

    def _check_profile(self, caller: Caller, namespace: str, key: str) -> None:
        try:
            (found,) = self._profiles.profile(caller, Asked(key, namespace)).values()
        except ProfileNotFound:
            found = {"entity": {}}
        if found["entity"].get("testProfile") is not True:
            raise _invalid(f"{key!r} is no test profile of namespace {namespace}", "$.profileIdentifier")

    def _payload(self, caller: Caller, journey: CompiledJourney, body: Mapping[str, Any]) -> str:
        """The business event as instances have it, as JSON; empty for a journey that begins with Read audience."""
        given = {name: body[name] for name in _OF_EVENT if name in body}
        if journey.type != "business":
            if given:
                raise _invalid("the journey begins with Read audience: there is no event", f"$.{next(iter(given))}")
            return ""
        document, configuration, schema = self._events.definition(caller, journey.entry_event_uid)
        timestamp = to_datetime(self._clock.now_us()).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entity = build_entity(given, document, configuration, schema, {"_id": new_uuid(), "timestamp": timestamp})
        if not configuration.related:
            return orjson.dumps(entity).decode()
        with self._db.read() as connection:

            def row_of(data_set_id: str, row_key: str) -> Mapping[str, Any] | None:
                try:
                    rows = find_rows(connection, caller.scope_id, data_set_id, [row_key], ())
                except LookupTooLarge:
                    return None
                return rows[0] if rows else None

            return orjson.dumps(with_related(entity, configuration.related, row_of)).decode()


def _invalid(message: str, path: str) -> JourneyInvalid:
    return JourneyInvalid([Fault("ERR_TEST_TRIGGER", message, path)])
