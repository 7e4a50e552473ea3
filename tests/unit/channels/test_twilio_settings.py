"""What a configuration of Twilio may say."""

from typing import Any

import pytest

from parcours.channels.document import read_document
from parcours.channels.errors import ConfigurationInvalid

GOOD: dict[str, Any] = {"accountSid": "AC1", "authToken": "secret token"}


def read(settings: dict[str, Any], allow_private: bool = False) -> dict[str, Any]:
    body = {"name": "SMS", "channel": "sms", "provider": {"kind": "twilio", "settings": settings}}
    return read_document(body, allow_private)


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"accountSid": "AC1"}, "$.provider.settings"),
        ({**GOOD, "accountSid": "../../other"}, "$.provider.settings.accountSid"),
        ({**GOOD, "authToken": 7}, "$.provider.settings.authToken"),
        ({**GOOD, "apiKeySid": "SK1"}, "$.provider.settings.apiKeySid"),
        ({**GOOD, "baseUrl": "https://10.0.0.1"}, "$.provider.settings.baseUrl"),
        ({**GOOD, "baseUrl": "https://localhost"}, "$.provider.settings.baseUrl"),
        ({**GOOD, "baseUrl": "http://sms.example"}, "$.provider.settings.baseUrl"),
        ({**GOOD, "baseUrl": "https://sms.example?x=1"}, "$.provider.settings.baseUrl"),
        ({**GOOD, "maxSegments": 0}, "$.provider.settings.maxSegments"),
        ({**GOOD, "other": 1}, "$.provider.settings"),
    ],
)
def test_a_fault_is_told_where_it_is_and_without_the_secret(settings: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        read(settings)
    assert caught.value.path == path
    assert "secret token" not in str(caught.value)


def test_a_host_of_ones_own_is_for_those_who_allow_it() -> None:
    assert read({**GOOD, "baseUrl": "http://127.0.0.1:8080"}, allow_private=True)
    assert read({**GOOD, "baseUrl": "https://sms.example/gateway"})
    with pytest.raises(ConfigurationInvalid):
        read_document({"name": "x", "channel": "push", "provider": {"kind": "twilio", "settings": GOOD}}, False)
