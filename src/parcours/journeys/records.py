"""Published versions as records of the data set `journeys`, to which step events refer (journeys §13.1)."""

from typing import Any

import orjson

from parcours.resources.store import Resource


def version_line(version: Resource) -> bytes:
    """A version as a line of JSON. What is published never changes, so there is one record for each version.

    The fields stand where the schema's two groups have them: under `stepEvents`, by the names step events use, and
    under `journey`.
    """
    document = version.body["document"]
    description = document.get("description", "")
    journey_uid, number = version.body["journeyUid"], version.body["version"]
    fields: dict[str, Any] = {
        "stepEvents": {
            "journeyID": journey_uid,
            "journeyVersionID": version.id,
            "name": document["name"],
            "description": description,
            "version": number,
        },
        "journey": {
            "ID": journey_uid,
            "versionID": version.id,
            "name": document["name"],
            "description": description,
            "version": number,
        },
    }
    return orjson.dumps({"_id": version.id, "_experience": {"journeyOrchestration": fields}})
