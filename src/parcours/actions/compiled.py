"""An action made ready: a journey's values in, a request out, nothing parsed per call."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from ssl import SSLContext
from typing import Any

import orjson

from parcours.actions import authentication
from parcours.actions.authentication import Credential, TokenCall, open_authentication
from parcours.actions.errors import ActionParameterInvalid
from parcours.actions.headers import value_fault
from parcours.actions.model import ActionParameter, AnswerShape, HttpRequest
from parcours.actions.payload import Field, Reader, compile_payload, sample_types
from parcours.actions.urls import add_query, climbs, encode_part, encode_url, has_path
from parcours.expressions.types import Type
from parcours.kit.named import make
from parcours.kit.secrets import SecretBox

_PairReader = Callable[[Mapping[str, Any]], tuple[str, str] | None]


class CompiledAction:
    """One action. `build` is pure and never touches a secret; `authorize` is for the moment of sending."""

    def __init__(
        self,
        scope_id: int,
        uid: str,
        version: int,
        document: Mapping[str, Any],
        secrets: SecretBox,
        client: Callable[[], SSLContext | None] | None = None,
    ) -> None:
        """document: as stored, its secrets sealed. client: the certificate that is presented; None for none."""
        self._client = client
        self.scope_id = scope_id
        self.uid = uid
        self.version = version
        """Version of the resource; one more at each change."""
        self.name: str = document["name"]
        self.marketing_action: str = (document.get("marketing") or {}).get("requiredMarketingAction") or ""
        """What its data is used for; then it is for those alone who don't refuse marketing by its channel."""
        self.channel: str = (document.get("marketing") or {}).get("channel") or ""
        """On which channel it sends messages, in the words of its document; empty: none."""
        self.method: str = document["method"]
        self.url = encode_url(document["url"])
        self.response = _shape(document["response"])
        """What a good answer holds; None when the action describes none."""
        self.failure_response = _shape(document["failureResponse"])
        self.parameters = tuple(_parameters(document))
        """The places a journey fills, in the order of the document: headers, query parameters, payload."""
        self._by_path = {parameter.path: parameter for parameter in self.parameters}
        self._secrets = secrets
        self._authentication: Mapping[str, Any] = document["authentication"]
        self._opened: Credential | TokenCall | None = None
        self._payload = _compile_request(document["request"])
        self._headers = _pairs(document["headers"], "headers", is_header=True)
        self._queries = _pairs(document["queryParameters"], "queryParameters", is_header=False)
        fixed = [] if self._payload is None else [("Content-Type", "application/json"), ("Charset", "UTF-8")]
        declared = [entry for entry in document["headers"] if entry["kind"] == "constant"]
        names = {entry["name"].lower() for entry in declared}
        self._fixed_headers = (
            *((name, value) for name, value in fixed if name.lower() not in names),
            *((entry["name"], entry["value"]) for entry in declared),
        )
        self._has_path = has_path(self.url)
        self._fixed_queries = tuple(
            (entry["name"], entry["value"]) for entry in document["queryParameters"] if entry["kind"] == "constant"
        )
        self._fixed_url = add_query(self.url, self._fixed_queries)

    def parameter(self, path: str) -> ActionParameter | None:
        """The parameter with this `paramPath`, or None."""
        return self._by_path.get(path)

    def build(self, parameters: Mapping[str, Any], path: Any = None) -> HttpRequest:
        """The request for one individual, without authentication.

        parameters: values by `paramPath`, as expressions or JSON hold them. A missing one is not filled; None is
        null. Nulls are left out, or sent when the action allows null; a null list is sent as [].
        path: the dynamic end of the URL, appended as it is; None when the journey gives none. Only a text is one:
        whoever gives it may have anything.
        Raises ActionParameterInvalid, whose path names the parameter (or is "path").
        """
        url = self._fixed_url if path is None else add_query(self._with_path(path), self._fixed_queries)
        if self._queries:
            url = add_query(url, tuple(pair for read in self._queries if (pair := read(parameters)) is not None))
        headers = self._fixed_headers
        if self._headers:
            headers = (*headers, *(pair for read in self._headers if (pair := read(parameters)) is not None))
        if self._payload is None:
            return make(HttpRequest, (self.method, url, headers, None, None))
        document = self._payload(parameters)
        try:
            return make(HttpRequest, (self.method, url, headers, orjson.dumps(document), None))
        except TypeError as error:
            raise ActionParameterInvalid(f"the payload can't be written as JSON: {error}", "$") from None

    @property
    def presents_certificate(self) -> bool:
        """Whether a receiver that asks for a certificate gets one."""
        return self._client is not None

    @property
    def token_call(self) -> TokenCall | None:
        """The call whose token `authorize` needs; None when the action needs none. Raises SecretUnreadable."""
        opened = self._open()
        if not isinstance(opened, TokenCall):
            return None
        if self._client is None or (client := self._client()) is None:
            return opened
        return replace(opened, request=opened.request._replace(client=client))

    def authorize(self, request: HttpRequest, token: str | None = None) -> HttpRequest:
        """The request with the action's secret in it: never stored, never logged. Raises SecretUnreadable.

        token: what `token_call` brought, for an action that has one.
        """
        opened = self._open()
        if self._client is not None and (client := self._client()) is not None:
            request = request._replace(client=client)
        if isinstance(opened, TokenCall):
            if token is None:
                raise ValueError("this action is authorized with a token")
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

    def declared_part(self, is_error: bool, response: Any) -> dict[str, Any] | None:
        """The fields of an answer that the action describes; None when it describes none or the answer is no object.

        An instance keeps nothing else, for its context is small. Source: journeys §6.4, §12.1.
        """
        shape = self.failure_response if is_error else self.response
        if shape is None or not isinstance(response, dict):
            return None
        return {key: response[key] for key in shape.sample if key in response}

    def _open(self) -> Credential | TokenCall:
        if self._opened is None:
            self._opened = open_authentication(authentication.unseal(self._authentication, self._secrets))
        return self._opened

    def _with_path(self, path: Any) -> str:
        if type(path) is not str:
            raise ActionParameterInvalid("the path is a text", "path")
        if path and not self._has_path and path[0] not in "/?":
            raise ActionParameterInvalid("the path must start with '/': it would change the host", "path")
        try:
            url = self.url + encode_part(path)
        except UnicodeEncodeError:
            raise ActionParameterInvalid("the path holds half a character", "path") from None
        if climbs(url):
            raise ActionParameterInvalid("the path can't climb with '..'", "path")
        return url


def _shape(answer: Mapping[str, Any] | None) -> AnswerShape | None:
    if answer is None:
        return None
    declared = {path: Type(name) for path, name in answer["types"].items()}
    return AnswerShape(answer["sample"], sample_types(answer["sample"], declared))


def _parameters(document: Mapping[str, Any]) -> Iterable[ActionParameter]:
    for entry in document["headers"]:
        if entry["kind"] == "variable":
            yield ActionParameter(f"headers/{entry['name']}", "header", entry["label"], Type.STRING, entry["optional"])
    for entry in document["queryParameters"]:
        if entry["kind"] == "variable":
            yield ActionParameter(
                f"queryParameters/{entry['name']}", "queryParameter", entry["label"], Type.STRING, entry["optional"]
            )
    for field in document["request"]["fields"] if document["request"] else ():
        if field["kind"] == "variable" and "/[]/" not in field["path"]:
            yield ActionParameter(field["path"], "payload", field["label"], Type(field["type"]), field["optional"])


def _compile_request(request: Mapping[str, Any] | None) -> Reader | None:
    if request is None:
        return None
    fields = {
        entry["path"]: Field(
            entry["path"], Type(entry["type"]), entry["kind"] == "variable", entry.get("optional", False),
            entry.get("value"),
        )
        for entry in request["fields"]
    }  # fmt: skip
    return compile_payload(request["sample"], fields, request["allowNull"])


def _pairs(entries: Iterable[Mapping[str, Any]], prefix: str, *, is_header: bool) -> tuple[_PairReader, ...]:
    return tuple(_pair(entry["name"], prefix, is_header) for entry in entries if entry["kind"] == "variable")


def _pair(name: str, prefix: str, is_header: bool) -> _PairReader:
    path = f"{prefix}/{name}"

    def read(parameters: Mapping[str, Any]) -> tuple[str, str] | None:
        value = parameters.get(path)
        if value is None:
            return None
        if type(value) is not str:
            raise ActionParameterInvalid(f"{path} takes a text", path)
        if is_header:
            value = value.strip(" \t")
            fault = value_fault(value)
            if fault:
                raise ActionParameterInvalid(fault, path)
        elif not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise ActionParameterInvalid(f"{path} holds half a character", path) from None
        return (name, value)

    return read
