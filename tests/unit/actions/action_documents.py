"""Documents of actions that several tests use."""

from typing import Any

from parcours.actions import authentication
from parcours.actions.compiled import CompiledAction
from parcours.actions.document import read_document
from parcours.kit.secrets import SecretBox

BOX = SecretBox(b"k" * 32)


def document(**changes: Any) -> dict[str, Any]:
    """An action as a person writes it."""
    return {
        "name": "SendWelcome",
        "url": "https://api.example.com/messages",
        "method": "POST",
        "headers": [
            {"name": "X-Channel", "kind": "constant", "value": "email"},
            {"name": "X-Trace", "kind": "variable", "label": "Trace", "optional": True},
        ],
        "queryParameters": [
            {"name": "source", "kind": "constant", "value": "a b&c"},
            {"name": "lang", "kind": "variable", "optional": True},
        ],
        "request": {
            "sample": {
                "to": {"email": "a@example.com", "name": "Ann"},
                "points": 3,
                "ratio": 0.5,
                "at": "2024-01-01T00:00:00Z",
                "tags": ["a"],
                "template": "welcome",
                "items": [{"sku": "x", "price": 1.5, "size": {"w": 1}}],
            },
            "fields": [
                {"path": "/to/email", "type": "string", "kind": "variable", "label": "Address"},
                {"path": "/to/name", "type": "string", "kind": "variable", "optional": True},
                {"path": "/points", "type": "integer", "kind": "variable", "optional": True},
                {"path": "/ratio", "type": "decimal", "kind": "variable", "optional": True},
                {"path": "/at", "type": "dateTime", "kind": "variable", "optional": True},
                {"path": "/tags", "type": "listString", "kind": "variable", "optional": True},
                {"path": "/items", "type": "listObject", "kind": "variable", "optional": True},
                {"path": "/template", "kind": "constant", "value": "hello"},
            ],
        },
        "response": {"sample": {"id": "x", "score": 1}, "types": {"/score": "decimal"}},
        **changes,
    }


def compiled(allow_private: bool = False, **changes: Any) -> CompiledAction:
    """The same, stored and compiled."""
    stored = read_document(document(**changes), allow_private)
    stored["authentication"] = authentication.seal(stored["authentication"], BOX, None)
    return CompiledAction(1, "uid", 0, stored, BOX)
