"""A data source made ready: a journey's values in, a request out; an answer in, typed fields out."""

from collections.abc import Mapping
from typing import Any

import orjson

from parcours.actions import authentication
from parcours.actions.authentication import Credential, TokenCall, open_authentication
from parcours.actions.model import AnswerShape, HttpRequest
from parcours.actions.payload import sample_types
from parcours.actions.urls import add_query, encode_url
from parcours.datasources.document import PARAM, UNITS_MS, is_param
from parcours.datasources.model import FieldGroup
from parcours.expressions.types import Type
from parcours.kit.secrets import SecretBox


class CompiledSource:
    """One external source. `build` is pure and never touches a secret; `authorize` is for the moment of sending."""

    def __init__(self, scope_id: int, uid: str, version: int, document: Mapping[str, Any], secrets: SecretBox) -> None:
        """document: as stored, its secrets sealed."""
        self.scope_id = scope_id
        self.uid = uid
        self.version = version
        """Version of the resource; one more at each change."""
        self.name: str = document["name"]
        self.url = encode_url(document["url"])
        self.groups: Mapping[str, FieldGroup] = {group["name"]: _group(group) for group in document["fieldGroups"]}
        self._secrets = secrets
        self._authentication: Mapping[str, Any] = document["authentication"]
        self._opened: Credential | TokenCall | None = None

    def build(self, group: FieldGroup, parameters: Mapping[str, Any]) -> HttpRequest:
        """The request for some values, without authentication.

        parameters: JSON values by name. Of a GET they go into the query, those that are null are left out; of a POST
        each goes to its place in the payload.
        """
        accept = ("Accept", "application/json")
        if group.method == "GET":
            pairs = tuple(
                (name, _text(parameters[name])) for name in group.dynamic_values if _is_there(parameters, name)
            )
            return HttpRequest("GET", add_query(self.url, pairs), (accept,), None)
        body = None if group.sent_payload is None else orjson.dumps(_filled(group.sent_payload, parameters))
        headers = (accept,) if body is None else (accept, ("Content-Type", "application/json"))
        return HttpRequest(group.method, self.url, headers, body)

    @property
    def token_call(self) -> TokenCall | None:
        """The call whose token `authorize` needs; None when the source needs none. Raises SecretUnreadable."""
        opened = self._open()
        return opened if isinstance(opened, TokenCall) else None

    def authorize(self, request: HttpRequest, token: str | None = None) -> HttpRequest:
        """The request with the source's secret in it: never stored, never logged. Raises SecretUnreadable.

        token: what `token_call` brought, for a source that has one.
        """
        opened = self._open()
        if isinstance(opened, TokenCall):
            if token is None:
                raise ValueError("this data source is authorized with a token")
            return opened.credential(token).apply(request)
        return opened.apply(request)

    def secret_texts(self) -> tuple[str, ...]:
        """Every secret in clear, to blot out of what is shown to people. Raises SecretUnreadable."""
        found: list[str] = []
        document = authentication.unseal(self._authentication, self._secrets)
        authentication.map_secrets(document, lambda slot, value: found.extend(authentication.secret_parts(value)))
        opened = self._open()
        if isinstance(opened, Credential) and opened.header is not None:
            found.append(opened.header[1].removeprefix("Basic "))
        return tuple(text for text in found if text)

    def _open(self) -> Credential | TokenCall:
        if self._opened is None:
            self._opened = open_authentication(authentication.unseal(self._authentication, self._secrets))
        return self._opened


def _group(document: Mapping[str, Any]) -> FieldGroup:
    cache = document["cacheDuration"]
    return FieldGroup(
        document["name"],
        document["method"],
        tuple(document["dynamicValues"]),
        document["sentPayload"],
        answer_shape(document),
        cache["duration"] * UNITS_MS[cache["timeUnit"]] * 1_000,
    )


def answer_shape(document: Mapping[str, Any]) -> AnswerShape:
    """What answers of a field group hold: the types of the sample, as corrected; what is null there may be anything."""
    sample = document["responsePayload"]
    declared = {pointer: Type(name) for pointer, name in document["types"].items()}
    types = {**sample_types(sample, declared), **declared}
    return AnswerShape(sample, {path: Type.ANY if kind is Type.NULL else kind for path, kind in types.items()})


def declared_part(sample: Any, value: Any) -> Any:
    """What of an answer a sample describes, at every level: the rest is not kept."""
    if isinstance(sample, dict) and sample:
        if not isinstance(value, dict):
            return None
        return {key: declared_part(part, value[key]) for key, part in sample.items() if key in value}
    if isinstance(sample, list) and sample and isinstance(value, list):
        return [declared_part(sample[0], item) for item in value]
    return value


def _is_there(parameters: Mapping[str, Any], name: str) -> bool:
    return parameters.get(name) is not None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return ",".join(_text(item) for item in value) if isinstance(value, list) else orjson.dumps(value).decode()


def _filled(payload: Any, parameters: Mapping[str, Any]) -> Any:
    if is_param(payload):
        return parameters.get(payload[PARAM])
    if isinstance(payload, dict):
        return {key: _filled(child, parameters) for key, child in payload.items()}
    if isinstance(payload, list):
        return [_filled(child, parameters) for child in payload]
    return payload
