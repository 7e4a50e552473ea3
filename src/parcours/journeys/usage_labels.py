"""The usage labels of what one journey reads, found in the schemas of its sandbox."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from parcours.journeys.activities.dataset_lookup import result_name_of
from parcours.xdm.ids import EVENT_CLASS, PROFILE_CLASS, UNION_SUFFIX
from parcours.xdm.usage_labels import FieldLabels

if TYPE_CHECKING:
    from parcours.journeys.compile import Definitions, EventShape

_NOTHING: FieldLabels = {}


class SandboxLabels:
    """See `usage_check.Labelled`."""

    def __init__(
        self, definitions: "Definitions", events: Iterable["EventShape"], nodes: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """events: those that the journey's nodes name. nodes: of its document."""
        self._definitions = definitions
        self._schema_ids = {event.name: event.schema_id for event in events}
        self._data_sets = {
            result_name_of(node_id, config): str(config["dataSetId"])
            for node_id, config in nodes.items()
            if config["type"] == "datasetLookup"
        }

    def event_labels(self, name: str) -> FieldLabels:
        """Of the schema of an event; AudienceQualification has none."""
        schema_id = self._schema_ids.get(name)
        return self._definitions.labels(schema_id) if schema_id else _NOTHING

    def profile_labels(self) -> FieldLabels:
        """Of every schema that makes up profiles."""
        return self._definitions.labels(PROFILE_CLASS + UNION_SUFFIX)

    def persons_event_labels(self) -> FieldLabels:
        """Of every schema of events that is enabled for the profile."""
        return self._definitions.labels(EVENT_CLASS + UNION_SUFFIX)

    def lookup_labels(self, name: str) -> FieldLabels:
        """Of the schema of the data set that is looked up."""
        found = self._definitions.data_set(self._data_sets[name]) if name in self._data_sets else None
        return self._definitions.labels(found.schema_id) if found is not None and found.schema_id else _NOTHING
