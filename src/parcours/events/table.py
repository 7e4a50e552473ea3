"""Every event configuration of every sandbox, found by what a record holds."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from parcours.events.model import EventConfiguration


class EventTable:
    """Flat: one look-up by event id, one by schema, whatever the number of configurations."""

    def __init__(self, configurations: Iterable[EventConfiguration]) -> None:
        self._by_uid: dict[tuple[int, str], EventConfiguration] = {}
        self._by_event_id: dict[tuple[int, str], list[EventConfiguration]] = {}
        self._rules: dict[tuple[int, str], list[EventConfiguration]] = {}
        self._of_schema: dict[tuple[int, str], list[EventConfiguration]] = {}
        for configuration in configurations:
            scope_id, schema = configuration.scope_id, (configuration.scope_id, configuration.schema_id)
            self._by_uid[scope_id, configuration.uid] = configuration
            self._of_schema.setdefault(schema, []).append(configuration)
            if configuration.event_id is not None:
                self._by_event_id.setdefault((scope_id, configuration.event_id), []).append(configuration)
            elif configuration.condition is not None:
                self._rules.setdefault(schema, []).append(configuration)

    def get(self, scope_id: int, uid: str) -> EventConfiguration | None:
        """A configuration by uid."""
        return self._by_uid.get((scope_id, uid))

    def match(self, scope_id: int, schema_id: str, entity: Mapping[str, Any]) -> list[EventConfiguration]:
        """Every configuration that a streamed record is; an event may be several. Source: journeys §4.4."""
        found: list[EventConfiguration] = []
        experience = entity.get("_experience")
        if experience is not None:
            event_id = _event_id(experience)
            if event_id is not None:
                found += self._by_event_id.get((scope_id, event_id), ())
        for configuration in self._rules.get((scope_id, schema_id), ()):
            if configuration.condition(entity):  # type: ignore[misc]  # rules have one
                found.append(configuration)
        return found

    def unmatched(
        self, scope_id: int, schema_id: str, entity: Mapping[str, Any], matched: Collection[EventConfiguration]
    ) -> list[dict[str, Any]]:
        """The configurations of the schema that a record is not, each with the reason.

        matched: what `match` gave. Each: {"event", "eventUid", "reason"}; read-only.
        """
        of_schema = self._of_schema.get((scope_id, schema_id), ())
        if len(of_schema) <= len(matched) and all(configuration in matched for configuration in of_schema):
            return []
        has_id = _event_id(entity.get("_experience")) is not None
        return [_told(configuration, has_id) for configuration in of_schema if configuration not in matched]


def _told(configuration: EventConfiguration, has_id: bool) -> dict[str, Any]:
    if configuration.event_id is None:
        reason = f"its condition is not true: {configuration.condition_text}"
    elif has_id:
        reason = "the record's eventID is another one"
    else:
        reason = "the record has no _experience.campaign.orchestration.eventID"
    return {"event": configuration.name, "eventUid": configuration.uid, "reason": reason}


def _event_id(experience: Any) -> str | None:
    try:
        event_id = experience["campaign"]["orchestration"]["eventID"]
    except (KeyError, TypeError, IndexError):
        return None
    return event_id if type(event_id) is str else None
