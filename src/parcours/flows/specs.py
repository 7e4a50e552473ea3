"""The catalogue of connection specs and flow specs: well-known ids that clients look up by name (platform-apis §2.7).

Those of connectors that this server does not run are listed, flagged, and refused when something is made of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

HTTP_API = "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb"
DATA_LAKE = "c604ff05-7f1a-43c0-8e18-33bf874cb11c"
STREAMING_AUTH = "Streaming Connection"
FLOW_PLAIN = "d8a6f005-7eaf-4153-983e-e8574508b877"
FLOW_MAPPED = "c1a19761-d2c7-4702-b9fa-fe91f0613e81"
FLOW_OPTIONAL = "d69717ba-71b4-4313-b654-49f9cf126d7a"
FLOW_GENERIC = "e77fde5a-22a8-11ed-861d-0242ac120002"
STREAMING_PROVIDER = "521eee4d-8cbe-4906-bb48-fb6bd4450033"
BATCH_PROVIDER = "0ed90a81-07f4-4586-8190-b40eccef1c5a"
VERSION = "1.0"

_PERMISSIONS = {
    "manage": [{"@type": "lowLevel", "name": "StreamingSource", "permissions": ["write"]}],
    "view": [{"@type": "lowLevel", "name": "StreamingSource", "permissions": ["read"]}],
}
_STREAMING_AUTH_SPEC = {
    "name": STREAMING_AUTH,
    "type": "Streaming_Connection",
    "spec": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {
            "sourceId": {"type": "string", "description": "How the source of the data is called"},
            "dataType": {"type": "string", "enum": ["xdm", "raw"], "description": "Form of the messages"},
            "name": {"type": "string", "description": "Name of the streaming connection"},
            "authenticationRequired": {
                "type": "boolean",
                "default": False,
                "description": "Whether senders need an access token",
            },
            "inletId": {"type": "string", "readOnly": True},
            "inletUrl": {"type": "string", "readOnly": True},
        },
        "required": ["dataType"],
    },
}


def _connection_spec(
    spec_id: str,
    name: str,
    label: str,
    category: str,
    *,
    is_source: bool = True,
    provider: str = BATCH_PROVIDER,
    is_supported: bool = False,
    auth: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    return {
        "id": spec_id,
        "name": name,
        "providerId": provider,
        "version": VERSION,
        "authSpec": list(auth),
        "sourceSpec": {"type": "object", "properties": {}},
        "exploreSpec": {"name": "Resource", "type": "Resource", "requestSpec": {}, "responseSpec": {}},
        "attributes": {
            "category": category,
            "connectorName": label,
            "isSource": is_source,
            "uiAttributes": {"apiFeatures": {"explorationSupported": False}, "label": label},
            "x-parcours": {"isSupported": is_supported},
        },
        "permissionsInfo": _PERMISSIONS,
    }


CONNECTION_SPECS: tuple[dict[str, Any], ...] = (
    _connection_spec(
        HTTP_API, "Streaming Connection", "HTTP API", "Streaming",
        provider=STREAMING_PROVIDER, is_supported=True, auth=[_STREAMING_AUTH_SPEC],
    ),
    _connection_spec(DATA_LAKE, "datalake", "Data Lake", "Platform", is_source=False, is_supported=True),
    _connection_spec(
        "86043421-563b-46ec-8e6c-e23184711bf6", "kinesis", "Amazon Kinesis", "Streaming", provider=STREAMING_PROVIDER
    ),
    _connection_spec(
        "bf9f5905-92b7-48bf-bf20-455bc6b60a4e", "eventhub", "Azure Event Hubs", "Streaming",
        provider=STREAMING_PROVIDER,
    ),
    _connection_spec(
        "70116022-a743-464a-bbfe-e226a7f8210c", "google-pubsub", "Google PubSub", "Streaming",
        provider=STREAMING_PROVIDER,
    ),
    _connection_spec("ecadc60c-7455-4d87-84dc-2a0e293d997b", "amazon-s3", "Amazon S3", "Cloud Storage"),
    _connection_spec("4c10e202-c428-4796-9208-5f1f5732b1cf", "azure-blob", "Azure Blob", "Cloud Storage"),
    _connection_spec("b3ba5556-48be-44b7-8b85-ff2b69b46dc4", "adls-gen2", "Azure Data Lake Gen2", "Cloud Storage"),
    _connection_spec("be5ec48c-5b78-49d5-b8fa-7c89ec4569b8", "azure-file", "Azure File Storage", "Cloud Storage"),
    _connection_spec("32e8f412-cdf7-464c-9885-78184cb113fd", "google-cloud", "Google Cloud Storage", "Cloud Storage"),
    _connection_spec("54e221aa-d342-4707-bcff-7a4bceef0001", "hdfs", "HDFS", "Cloud Storage"),
    _connection_spec("b7bf2577-4520-42c9-bae9-cad01560f7bc", "sftp", "SFTP", "Cloud Storage"),
    _connection_spec("bf367b0d-3d9b-4060-b67b-0d3d9bd06094", "cloud-storage-sftp", "SFTP", "Cloud Storage"),
    _connection_spec("fb2e94c9-c031-467d-8103-6bd6e0a432f2", "ftp", "FTP", "Cloud Storage"),
    _connection_spec("3c9b37f8-13a6-43d8-bad3-b863b941fedd", "google-big-query", "Google BigQuery", "Databases"),
    _connection_spec("26f526f2-58f4-4712-961d-e41bf1ccc0e8", "landing-zone", "Data Landing Zone", "Cloud Storage"),
    _connection_spec("8a9c3494-9708-43d7-ae3f-cda01e5030e1", "profile-store", "Profile Store", "Platform"),
    _connection_spec(
        "db4fe783-ef79-4a12-bda9-32b2b1bc3b2c", "streaming-target", "Streaming Target", "Platform", is_source=False
    ),
    _connection_spec(
        "4fce964d-3f37-408f-9778-e597338a21ee", "Amazon S3", "Amazon S3", "Destinations", is_source=False
    ),
    _connection_spec(
        "6d6b59bf-fb58-4107-9064-4d246c0e5bb2", "Azure Blob", "Azure Blob", "Destinations", is_source=False
    ),
    _connection_spec(
        "10440537-2a7b-4583-ac39-ed38d4b848e8", "Data Landing Zone", "Data Landing Zone", "Destinations",
        is_source=False,
    ),
)  # fmt: skip
_SPEC_IDS = {spec["name"]: spec["id"] for spec in CONNECTION_SPECS}
_STREAMING_SOURCES = [HTTP_API, *(_SPEC_IDS[name] for name in ("kinesis", "eventhub", "google-pubsub"))]
_STREAMING_TARGETS = [DATA_LAKE, _SPEC_IDS["streaming-target"]]
_STORAGE_SOURCES = [
    spec["id"] for spec in CONNECTION_SPECS if spec["attributes"]["category"] in ("Cloud Storage", "Databases")
]
_MAPPING_SPEC = {
    "name": "Mapping",
    "spec": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {
            "mappingId": {"type": "string"},
            "mappingVersion": {"type": ["integer", "string"]},
        },
        "required": ["mappingId"],
    },
}
_SCHEDULE_SPEC = {
    "name": "PeriodicSchedule",
    "type": "Periodic",
    "spec": {
        "type": "object",
        "properties": {
            "startTime": {"type": "integer", "description": "Epoch seconds"},
            "frequency": {"type": "string", "enum": ["once", "minute", "hour", "day", "week"]},
            "interval": {"type": "integer", "minimum": 1},
            "backfill": {"type": "boolean", "default": True},
        },
        "required": ["startTime", "frequency"],
    },
}


def _flow_spec(
    spec_id: str,
    name: str,
    sources: Sequence[str],
    targets: Sequence[str],
    *,
    frequency: str = "streaming",
    takes_mapping: bool = True,
    is_supported: bool = False,
) -> dict[str, Any]:
    is_streaming = frequency == "streaming"
    return {
        "id": spec_id,
        "name": name,
        "providerId": STREAMING_PROVIDER if is_streaming else BATCH_PROVIDER,
        "version": VERSION,
        "sourceConnectionSpecIds": list(sources),
        "targetConnectionSpecIds": list(targets),
        "optionSpec": {
            "name": "OptionSpec",
            "spec": {
                "type": "object",
                "properties": {
                    "errorDiagnosticsEnabled": {"type": "boolean", "default": False},
                    "partialIngestionPercent": {"type": "number", "minimum": 0, "maximum": 100},
                },
            },
        },
        "transformationSpecs": [_MAPPING_SPEC] if takes_mapping else [],
        "scheduleSpec": {} if is_streaming else _SCHEDULE_SPEC,
        "attributes": {
            "isSourceFlow": True,
            "flacValidationSupported": False,
            "frequency": frequency,
            "x-parcours": {"isSupported": is_supported},
        },
        "permissionsInfo": _PERMISSIONS,
    }


FLOW_SPECS: tuple[dict[str, Any], ...] = (
    _flow_spec(
        FLOW_PLAIN, "Stream data without transformation", [HTTP_API], _STREAMING_TARGETS,
        takes_mapping=False, is_supported=True,
    ),
    _flow_spec(FLOW_MAPPED, "Steam data with transformation", [HTTP_API], _STREAMING_TARGETS, is_supported=True),
    _flow_spec(
        FLOW_OPTIONAL, "Stream data with optional transformation", _STREAMING_SOURCES, _STREAMING_TARGETS,
        is_supported=True,
    ),
    _flow_spec(FLOW_GENERIC, "GenericStreamingAEP", _STREAMING_SOURCES, [DATA_LAKE], is_supported=True),
    _flow_spec(
        "9753525b-82c7-4dce-8a9b-5ccfce2b9876", "CloudStorageToAEP", _STORAGE_SOURCES, [DATA_LAKE], frequency="batch"
    ),
    _flow_spec("6499120c-0b15-42dc-936e-847ea3c24d72", "RestStorageToAEP", [], [DATA_LAKE], frequency="batch"),
    _flow_spec(
        "cd2fc47e-e838-4f38-a581-8fff2f99b63a", "Data Landing Zone", [], [_SPEC_IDS["Data Landing Zone"]],
        frequency="batch", takes_mapping=False,
    ),
)  # fmt: skip

CONNECTION_SPEC_BY_ID: Mapping[str, dict[str, Any]] = {spec["id"]: spec for spec in CONNECTION_SPECS}
FLOW_SPEC_BY_ID: Mapping[str, dict[str, Any]] = {spec["id"]: spec for spec in FLOW_SPECS}


def is_supported(spec: Mapping[str, Any]) -> bool:
    """Whether this server runs what the spec describes."""
    return bool(spec["attributes"]["x-parcours"]["isSupported"])
