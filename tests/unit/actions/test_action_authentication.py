"""Secrets of actions: sealed, masked, kept, and put on a request only when it leaves."""

from typing import Any

import orjson
import pytest
from action_documents import BOX, compiled

from parcours.actions import authentication
from parcours.actions.authentication import MASK, TokenCall, normalise, open_authentication, seal, unseal
from parcours.actions.errors import ActionInvalid, TokenUnavailable
from parcours.actions.model import HttpRequest
from parcours.kit.secrets import SecretBox, SecretUnreadable

BASIC = {"type": "basic", "username": "ann", "password": "päss:w)rd"}
KEY = {"type": "apiKey", "name": "X-Key", "value": "k-123", "location": "header"}
CUSTOM = {
    "type": "customAuthorization",
    "endpoint": "https://auth.example.com/token",
    "method": "POST",
    "headers": {"Authorization": "Basic EncodeBase64(id:se(c)ret)"},
    "body": {"bodyType": "form", "bodyParams": {"grant_type": "client credentials", "n": 5}},
    "tokenInResponse": "json://data.access_token",
    "cacheDuration": {"expiryInResponse": "json://expires_in", "timeUnit": "seconds"},
    "authorizationType": "Bearer",
}
REQUEST = HttpRequest("GET", "https://api.example.com/x?a=b", (("X-Key", "theirs"),), None)


def changed(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**CUSTOM, **changes}.items() if value is not None}


@pytest.mark.parametrize("document", [BASIC, KEY, CUSTOM])
def test_no_secret_is_readable_in_what_is_stored_or_returned(document: dict[str, Any]) -> None:
    sealed = seal(normalise(document, False), BOX, None)
    for text in (orjson.dumps(sealed).decode(), orjson.dumps(authentication.mask(sealed)).decode()):
        for secret in ("päss", "k-123", "se(c)ret", "client credentials"):
            assert secret not in text
    assert MASK in orjson.dumps(authentication.mask(sealed)).decode()
    assert unseal(sealed, BOX) == normalise(document, False)


@pytest.mark.parametrize("document", [BASIC, KEY, CUSTOM])
def test_a_mask_keeps_the_stored_secret(document: dict[str, Any]) -> None:
    sealed = seal(normalise(document, False), BOX, None)
    again = seal(normalise(authentication.mask(sealed), False), BOX, sealed)
    assert unseal(again, BOX) == normalise(document, False)


def test_a_mask_with_nothing_behind_it_is_refused() -> None:
    sealed = seal(normalise(BASIC, False), BOX, None)
    for previous in (None, sealed):
        with pytest.raises(ActionInvalid) as refused:
            seal(normalise({**KEY, "value": MASK}, False), BOX, previous)
        assert refused.value.path == "$.authentication.value"
    with pytest.raises(ActionInvalid):
        seal(normalise(changed(headers={"X-New": MASK}), False), BOX, seal(normalise(CUSTOM, False), BOX, None))


def test_credentials_are_put_on_the_request_that_leaves() -> None:
    request = open_authentication(normalise(BASIC, False)).apply(REQUEST)  # type: ignore[union-attr]
    assert request.headers[-1] == ("Authorization", "Basic YW5uOnDDpHNzOncpcmQ=")
    request = open_authentication(normalise(KEY, False)).apply(REQUEST)  # type: ignore[union-attr]
    assert request.headers == (("X-Key", "k-123"),)
    query = {**KEY, "location": "Query", "value": "k&1"}
    request = open_authentication(normalise(query, False)).apply(REQUEST)  # type: ignore[union-attr]
    assert request.url == "https://api.example.com/x?a=b&X-Key=k%261"


def test_build_never_holds_a_secret() -> None:
    for document in (BASIC, KEY, {**KEY, "location": "queryParam"}):
        action = compiled(authentication=document)
        request = action.build({"/to/email": "x"})
        assert action.authorize(request) != request
        for secret in action.secret_texts():
            assert secret not in repr(request)
            assert secret in repr(action.authorize(request)) or secret == BASIC["password"]


def test_a_token_call_is_what_the_document_says() -> None:
    call = open_authentication(normalise(CUSTOM, False))
    assert isinstance(call, TokenCall)
    assert call.request == HttpRequest(
        "POST",
        "https://auth.example.com/token",
        (
            ("Authorization", "Basic aWQ6c2UoYylyZXQ="),
            ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
        ),
        b"grant_type=client+credentials&n=5",
    )
    assert call.read(b'{"data":{"access_token":"t"},"expires_in":"60"}') == ("t", 60_000)
    assert call.credential("t").apply(REQUEST).headers[-1] == ("Authorization", "Bearer t")
    assert "secret" not in repr(call)


def test_a_token_may_be_the_whole_answer_and_go_into_a_header_or_the_query() -> None:
    document = changed(
        tokenInResponse="response", cacheDuration=None, authorizationType="header", tokenTarget="X-Auth",
        body={"bodyType": "json", "bodyParams": {"a": 1}},
    )  # fmt: skip
    call = open_authentication(normalise(document, False))
    assert isinstance(call, TokenCall)
    assert call.request.body == b'{"a":1}'
    assert call.read(b" tok\n") == ("tok", 3_600_000)
    assert call.credential("tok").apply(REQUEST).headers[-1] == ("X-Auth", "tok")
    cached = changed(
        authorizationType="queryParam", tokenTarget="t", cacheDuration={"duration": 5, "timeUnit": "minutes"}
    )
    call = open_authentication(normalise(cached, False))
    assert isinstance(call, TokenCall)
    assert call.lifetime_ms == 300_000
    assert call.credential("a b").apply(REQUEST).url.endswith("?a=b&t=a%20b")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"no json", b"[]", b"{}", b'{"data":{"access_token":5},"expires_in":1}',
        b'{"data":{"access_token":""},"expires_in":1}', b'{"data":{"access_token":"a\\r\\nb"},"expires_in":1}',
        b'{"data":{"access_token":"t"}}', b'{"data":{"access_token":"t"},"expires_in":true}',
        b'{"data":{"access_token":"t"},"expires_in":-1}', b'{"data":{"access_token":"t"},"expires_in":1e300}',
    ],
)  # fmt: skip
def test_an_answer_without_a_usable_token_is_refused(body: bytes) -> None:
    call = open_authentication(normalise(CUSTOM, False))
    assert isinstance(call, TokenCall)
    with pytest.raises(TokenUnavailable):
        call.read(body)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({**BASIC, "username": "a:b"}, "username"),
        ({**BASIC, "password": ""}, "password"),
        ({**BASIC, "extra": 1}, "extra"),
        ({**KEY, "location": "cookie"}, "location"),
        ({**KEY, "name": "Host"}, "name"),
        ({**KEY, "value": "a\nb"}, "value"),
        (changed(endpoint="http://localhost/"), "endpoint"),
        (changed(endpoint=None), "endpoint"),
        (changed(method="PUT"), "method"),
        (changed(headers=[]), "headers"),
        (changed(headers={"A": 5}), "headers"),
        (changed(headers={"A B": "x"}), "headers"),
        (changed(headers={"A": "x\ny"}), "headers.A"),
        (changed(body=None), "body"),
        (changed(method="GET"), "body"),
        (changed(body={"bodyType": "xml", "bodyParams": {}}), "body.bodyType"),
        (changed(body={"bodyType": "form", "bodyParams": {"a": {"b": 1}}}), "body"),
        (changed(tokenInResponse="access_token"), "tokenInResponse"),
        (changed(tokenInResponse="json://"), "tokenInResponse"),
        (changed(cacheDuration={"duration": 1}), "cacheDuration.timeUnit"),
        (changed(cacheDuration={"duration": 1.5, "timeUnit": "hours"}), "cacheDuration.duration"),
        (changed(cacheDuration={"duration": -1, "timeUnit": "hours"}), "cacheDuration.duration"),
        (changed(cacheDuration={"duration": 100, "timeUnit": "years"}), "cacheDuration.duration"),
        (changed(cacheDuration={"duration": 1, "expiryInResponse": "json://e", "timeUnit": "hours"}), "cacheDuration"),
        (changed(cacheDuration={"expiryInResponse": "e", "timeUnit": "hours"}), "cacheDuration.expiryInResponse"),
        (changed(authorizationType="basic"), "authorizationType"),
        (changed(authorizationType="header"), "tokenTarget"),
        (changed(subType="certificateCredential"), "subType"),
    ],
)
def test_an_authentication_that_cannot_work_is_refused(document: dict[str, Any], path: str) -> None:
    with pytest.raises(ActionInvalid) as refused:
        normalise(document, False)
    assert refused.value.path == f"$.authentication.{path}"


def test_a_secret_of_another_key_is_unreadable_only_when_it_is_needed() -> None:
    action = compiled(authentication=BASIC)
    action._secrets = SecretBox(b"other" * 8)
    request = action.build({})
    with pytest.raises(SecretUnreadable):
        action.authorize(request)
