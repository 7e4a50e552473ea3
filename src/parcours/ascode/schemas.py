"""The JSON Schema of each kind of file: for editors, and for the first look at a folder.

A schema says what a file's members are and what must be there. Whether they hold together is for the server to say.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from parcours.ascode.channels import CONFIGURATIONS
from parcours.ascode.fragments import DRAFT, FRAGMENTS, STATE, STATES
from parcours.ascode.model import KEY, KINDS, Document
from parcours.ascode.secrets import places_of
from parcours.ascode.templates import TEMPLATES
from parcours.audiences.fields import FIELD_TYPES, MAX_FIELDS
from parcours.channels.document import MAX_RETRY_S
from parcours.channels.kinds import KINDS as KINDS_OF_PROVIDERS
from parcours.governance.document import LABEL_SCHEMA, MARKETING_ACTION_SCHEMA, POLICY_SCHEMA
from parcours.journeys.decision_rule_document import DECISION_RULE_SCHEMA
from parcours.journeys.document import DOCUMENT_SCHEMA
from parcours.journeys.fragment_document import DRAFT_FRAGMENT_SCHEMA, FRAGMENT_SCHEMA
from parcours.kit.yaml_text import Tokens
from parcours.rulesets.document import RULE_SET_SCHEMA
from parcours.templates.document import CATEGORIES, CHANNELS, CONTENT, MISSING

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_MAX_FAULTS = 50
_TEXT: Document = {"type": "string"}
_NAME: Document = {"type": "string", "minLength": 1}
_FLAG: Document = {"type": "boolean"}
_OBJECT: Document = {"type": "object"}
_OBJECTS: Document = {"type": "array", "items": {"type": "object"}}
_TEXTS: Document = {"type": "array", "items": _TEXT}


def _said(schema: Mapping[str, Any], description: str) -> Document:
    return {**schema, "description": description}


def _schema_ref(required: bool = True) -> Document:
    return {
        "type": "object",
        **({"required": ["id"]} if required else {}),
        "properties": {
            "id": _said(_NAME, "The title of the schema, or the $id of a global one."),
            "contentType": _TEXT,
        },
    }


_DESCRIPTOR: Document = {
    "type": "object",
    "required": ["@type"],
    "properties": {
        "@type": _said(_TEXT, "Such as xdm:descriptorIdentity."),
        "xdm:sourceProperty": {
            "type": ["string", "array"],
            "items": _TEXT,
            "description": "The field, such as /_acme/email.",
        },
        "xdm:namespace": _said(_TEXT, "The code of the identity namespace."),
        "xdm:property": {"enum": ["xdm:code", "xdm:id"]},
        "xdm:isPrimary": _FLAG,
        "xdm:destinationSchema": _said(_TEXT, "The title of the schema that a relationship leads to."),
    },
}


def _component(what: str, more: Mapping[str, Any]) -> Document:
    return {
        "description": f"{what} A `$ref` names a component of the tenant by its title, a global one by its $id.",
        "required": ["title"],
        "properties": {
            "title": _said(_NAME, "Unique among all components of the sandbox."),
            "description": _TEXT,
            "type": {"enum": ["object", "string", "number", "integer", "boolean", "array"], "default": "object"},
            "allOf": _OBJECTS,
            "properties": _OBJECT,
            "definitions": _OBJECT,
            "required": _TEXTS,
            "descriptors": {"type": "array", "items": _DESCRIPTOR},
            **more,
        },
    }


_CONTENTS: Document = {
    "type": "object",
    "properties": {
        **dict.fromkeys(sorted({name for names in CONTENT.values() for name in names}), _TEXT),
        "data": {"type": "object", "additionalProperties": _TEXT},
        "attachments": {
            "type": "array",
            "items": {"type": "object", "required": ["url", "name"], "properties": {"url": _TEXT, "name": _TEXT}},
        },
    },
    "additionalProperties": False,
}


def _template_schema() -> Document:
    draft: Document = {
        "name": {"type": "string", "minLength": 1, "maxLength": 60},
        "description": _TEXT,
        "channel": {"enum": list(CHANNELS)},
        "category": {"enum": list(CATEGORIES), "default": "marketing"},
        "missing": {"enum": list(MISSING), "default": "lenient"},
        "parameters": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": _NAME, "label": _TEXT, "optional": {"type": "boolean", "default": False}},
                "additionalProperties": False,
            },
        },
        "content": _said(_CONTENTS, "What it says, with Liquid: of an e-mail subject and html, mjml or text …"),
    }
    needed = ["name", "channel", "content"]
    published: Document = {
        "type": "object", "required": needed, "properties": draft, "additionalProperties": False,
        "description": "What is sent, where the draft has gone on since it was published.",
    }  # fmt: skip
    state = {"enum": ["draft", "published"], "default": "draft", "description": "published: what is sent is this."}
    return {
        "description": "What an e-mail, an SMS or a push notification says.",
        "required": needed,
        "properties": {**draft, "state": state, "published": published},
        "not": {"required": ["state", "published"], "properties": {"state": {"const": "published"}}},
        "additionalProperties": False,
    }


_REFERENCE: Document = {
    "description": "{secret: NAME}, or ${env:NAME} inside a text; see `apply --secrets`.",
    "anyOf": [
        {"type": "object", "required": ["secret"], "properties": {"secret": _NAME}, "additionalProperties": False},
        _TEXT,
    ],
}


def _configuration_schema() -> Document:
    """Settings are those of the provider's kind, its secrets by reference."""
    providers: list[Document] = []
    for kind in KINDS_OF_PROVIDERS.values():
        own = kind.schema["properties"]
        settings = {
            **kind.schema,
            "properties": {name: _REFERENCE if name in kind.secrets else value for name, value in own.items()},
        }
        providers.append(
            {
                "if": {"properties": {"kind": {"const": kind.kind}}},
                "then": {"properties": {"settings": settings}},
            }
        )
    return {
        "description": "Through whom messages of one channel leave.",
        "required": ["name", "channel"],
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 60},
            "description": _TEXT,
            "channel": {"enum": list(CHANNELS)},
            "isDefault": {"type": "boolean", "default": False},
            "provider": {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": {"enum": sorted(KINDS_OF_PROVIDERS)}, "settings": _OBJECT},
                "additionalProperties": False,
                "allOf": providers,
                "default": {"kind": "inbox"},
            },
            "sender": {"type": "object", "additionalProperties": _TEXT},
            "tracking": {
                "type": "object", "properties": {"opens": _FLAG, "links": _FLAG}, "additionalProperties": False,
            },
            "unsubscribe": {"type": "boolean", "default": True},
            "retrySeconds": {"type": "integer", "minimum": 1, "maximum": MAX_RETRY_S, "default": 30},
            "softBounces": {"type": "integer", "minimum": 1, "maximum": 100, "default": 5},
            "feedbackSecret": _REFERENCE,
        },
        "additionalProperties": False,
    }  # fmt: skip


_SCHEMAS: Mapping[str, Document] = {
    "namespaces": {
        "description": "An identity namespace of your own.",
        "required": ["code", "name", "idType"],
        "additionalProperties": False,
        "properties": {
            "code": {"type": "string", "pattern": r"^[A-Za-z0-9_.\-]{1,64}$"},
            "name": _NAME,
            "idType": {
                "enum": ["COOKIE", "CROSS_DEVICE", "DEVICE", "EMAIL", "MOBILE", "PHONE", "NON_PEOPLE", "PARTNER"]
            },
            "description": _TEXT,
        },
    },
    "data-types": _component("A reusable object for fields.", {}),
    "field-groups": _component(
        "A reusable set of fields for schemas.",
        {"meta:intendedToExtend": _said(_TEXTS, "The classes it is meant for, by $id or title.")},
    ),
    "classes": _component("The base of schemas.", {}),
    "schemas": _component(
        "A class and field groups, composed.",
        {"meta:immutableTags": _said(_TEXTS, "`union`: its records make up profiles.")},
    ),
    "datasets": {
        "description": "Where the records of one schema land.",
        "required": ["name", "schemaRef"],
        "properties": {
            "name": _NAME,
            "description": _TEXT,
            "schemaRef": _schema_ref(),
            "tags": {
                "type": "object",
                "additionalProperties": _TEXTS,
                "properties": {
                    "adobe/pqs/table": _said(_TEXTS, "Its name in SQL."),
                    "unifiedProfile": _said(_TEXTS, "`enabled:true`: its records make up profiles."),
                    "unifiedIdentity": _TEXTS,
                },
            },
        },
    },
    "mappings": {
        "description": "Rules from fields of raw messages to fields of a schema.",
        "required": ["mappings", "outputSchema"],
        "properties": {
            "name": _TEXT,
            "description": _TEXT,
            "outputSchema": {"type": "object", "required": ["schemaRef"], "properties": {"schemaRef": _schema_ref()}},
            "allowNullValues": _FLAG,
            "mappings": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["destination", "source"],
                    "properties": {
                        "destination": _said(_NAME, "A path in the target schema."),
                        "source": {"type": ["string", "number", "boolean"]},
                        "sourceType": _said(_TEXT, "ATTRIBUTE, EXPRESSION or STATIC."),
                        "identity": _FLAG,
                        "primaryIdentity": _FLAG,
                    },
                },
            },
        },
    },
    "inlets": {
        "description": "A base connection: an address that takes messages.",
        "required": ["name"],
        "properties": {
            "name": _NAME,
            "description": _TEXT,
            "auth": {
                "type": "object",
                "required": ["params"],
                "properties": {
                    "specName": {"default": "Streaming Connection", "type": "string"},
                    "params": {
                        "type": "object",
                        "required": ["dataType"],
                        "properties": {
                            "dataType": {"enum": ["xdm", "raw"]},
                            "sourceId": _TEXT,
                            "name": _TEXT,
                            "authenticationRequired": {"type": "boolean", "default": False},
                        },
                    },
                },
            },
        },
    },
    "flows": {
        "description": "The way from an inlet to a data set.",
        "required": ["name", "inlet", "dataset"],
        "properties": {
            "name": _NAME,
            "description": _TEXT,
            "inlet": _said(_NAME, "The inlet, by name."),
            "dataset": _said(_NAME, "The data set, by name."),
            "mapping": _said(_NAME, "The mapping set, by name, in its latest version; left out when there is none."),
            "mappingVersion": {
                "type": "integer",
                "minimum": 0,
                "description": "Pins an older version of the mapping set.",
            },
            "state": {"enum": ["enabled", "disabled"], "default": "enabled"},
            "source": _said(_OBJECT, "What is to be said of the source connection, such as its name."),
            "target": _said(_OBJECT, "What is to be said of the target connection."),
        },
    },
    "merge-policies": {
        "description": "Whose fragments make up a profile, and which of two values stays.",
        "required": ["name", "attributeMerge"],
        "properties": {
            "name": _NAME,
            "identityGraph": {"type": "object", "properties": {"type": {"enum": ["none", "pdg"]}}},
            "attributeMerge": {
                "type": "object",
                "required": ["type"],
                "properties": {
                    "type": {"enum": ["timestampOrdered", "dataSetPrecedence"]},
                    "order": _said(_TEXTS, "Data sets by name, the strongest first."),
                },
            },
            "default": {"type": "boolean", "default": False},
            "isActiveOnEdge": {"type": "boolean", "default": False},
        },
    },
    "audiences": {
        "description": "A set of people; its members are uploaded, and no file holds them.",
        "required": ["name", "identityNamespace"],
        "properties": {
            "name": _NAME,
            "description": _TEXT,
            "identityNamespace": _said(_NAME, "The namespace of its members, by code."),
            "audienceId": _said(_TEXT, "What another system calls it."),
            "lifecycleState": {"enum": ["draft", "published", "inactive", "archived"], "default": "published"},
            "labels": _TEXTS,
            "fields": {
                "type": "array",
                "maxItems": MAX_FIELDS,
                "description": "What its lists say of a member, for journeys that read it.",
                "items": {
                    "type": "object",
                    "required": ["name", "type"],
                    "additionalProperties": False,
                    "properties": {"name": _NAME, "type": {"enum": list(FIELD_TYPES)}},
                },
            },
        },
    },
    "events": {
        "description": "Which streamed records are this event, and whom they are about.",
        "required": ["name", "schemaRef"],
        "properties": {
            "name": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,29}$"},
            "description": _TEXT,
            "type": _TEXT,
            "idType": {"enum": ["systemGenerated", "ruleBased"]},
            "eventID": {
                "type": "string",
                "pattern": "^[0-9a-f]{64}$",
                "description": "What senders put into their records; left out, the server makes one.",
            },
            "schemaRef": _schema_ref(),
            "datasetId": _said(_TEXT, "The data set, by name."),
            "namespace": {
                "type": ["string", "null"],
                "description": "null: none. Left out: that of the schema's primary identity.",
            },
            "profileIdentifier": _TEXT,
            "idCondition": _TEXT,
            "fields": _said(_TEXTS, "JSON pointers such as /commerce/order/priceTotal."),
            "related": _said(_OBJECTS, "Where rows of related schemas are read: {property, datasetId}."),
        },
    },
    "actions": {
        "description": "A custom action: a call that journeys make.",
        "required": ["name", "url"],
        "properties": {
            "name": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,29}$"},
            "description": _TEXT,
            "url": _NAME,
            "method": {"enum": ["POST", "PUT", "GET"], "default": "POST"},
            "headers": _OBJECTS,
            "queryParameters": _OBJECTS,
            "authentication": _said(
                _OBJECT, "Secrets by reference: {secret: NAME}, or ${env:NAME} inside a text; see `apply --secrets`."
            ),
            "request": _OBJECT,
            "response": _OBJECT,
            "failureResponse": _OBJECT,
        },
    },
    "decision-rules": DECISION_RULE_SCHEMA,
    "rule-sets": RULE_SET_SCHEMA,
    "usage-labels": LABEL_SCHEMA,
    "marketing-actions": MARKETING_ACTION_SCHEMA,
    "usage-policies": POLICY_SCHEMA,
    "data-sources": {
        "description": "A data source: a service that journeys ask, or the field groups added to ExperiencePlatform.",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,29}$"},
            "description": _TEXT,
            "url": _NAME,
            "authentication": _said(
                _OBJECT, "Secrets by reference: {secret: NAME}, or ${env:NAME} inside a text; see `apply --secrets`."
            ),
            "fieldGroups": _OBJECTS,
        },
    },
    TEMPLATES: _template_schema(),
    CONFIGURATIONS: _configuration_schema(),
}


@cache
def file_schema(kind: str) -> Document:
    """The JSON Schema (2020-12) of the files of a kind."""
    key = _said(_NAME, "What the resource is called in the folder, where its name isn't enough.")
    if kind == "journeys":
        document = {**DOCUMENT_SCHEMA, "properties": {KEY: key, **DOCUMENT_SCHEMA["properties"]}}
        described = "A journey. Members that end in Uid name events, actions and journeys by name."
        return {**document, "title": "Journey file", "description": described}
    if kind == FRAGMENTS:
        return _fragment_schema(FRAGMENT_SCHEMA, key)
    found = _SCHEMAS[kind]
    title = f"{KINDS[kind].word.capitalize()} file"
    properties = {KEY: key, **found["properties"]}
    return {**found, "$schema": _DRAFT, "title": title, "type": "object", "properties": properties}


def _fragment_schema(document: Document, key: Document) -> Document:
    state = {"enum": list(STATES), "default": DRAFT, "description": "active: designers put it into journeys."}
    properties = {KEY: key, STATE: state, **document["properties"]}
    described = "Activities with the arrows between them, to be put into journeys as copies."
    return {**document, "properties": properties, "title": "Fragment file", "description": described}


@cache
def _validator(kind: str) -> Draft202012Validator:
    """Of what may be read: a fragment's activities may be unfinished."""
    return Draft202012Validator(
        _fragment_schema(DRAFT_FRAGMENT_SCHEMA, _NAME) if kind == FRAGMENTS else file_schema(kind)
    )


def shape_faults(kind: str, document: Document) -> Iterator[tuple[Tokens, str]]:
    """(where, message) of what a file's schema doesn't allow. A journey may be unfinished: its check comes later."""
    if kind == "journeys":
        return
    for count, error in enumerate(_validator(kind).iter_errors(document)):
        if count == _MAX_FAULTS:
            return
        at = tuple(error.instance_path)
        is_secret = any(at[: len(place)] == place for place in places_of(kind, document))
        yield at, "a secret is written {secret: NAME}" if is_secret else error.message
