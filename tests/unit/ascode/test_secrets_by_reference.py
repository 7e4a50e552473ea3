"""Secrets by reference."""

import pytest

from parcours.ascode.model import Ref
from parcours.ascode.secrets import fill, known_secrets, masked, names_in, read_secrets, refer
from parcours.kit.errors import Invalid

FILE = {
    "name": "Pay",
    "authentication": {
        "type": "customAuthorization",
        "headers": {"Authorization": "Basic EncodeBase64(${env:PAY_ID}:${env:PAY_KEY})"},
        "body": {"bodyParams": {"scope": {"secret": "PAY_SCOPE"}}},
    },
    "request": {"sample": {"secret": "NOT_A_SECRET", "text": "${env:NEITHER}"}},
}


def test_only_the_authentication_names_secrets() -> None:
    assert names_in("actions", FILE) == ["PAY_ID", "PAY_KEY", "PAY_SCOPE"]


def test_values_are_put_in() -> None:
    found = fill("actions", FILE, {"PAY_ID": "a", "PAY_KEY": "b", "PAY_SCOPE": "c"}.__getitem__)
    assert found["authentication"]["headers"] == {"Authorization": "Basic EncodeBase64(a:b)"}
    assert found["authentication"]["body"]["bodyParams"] == {"scope": "c"}
    assert found["request"] == FILE["request"]


def test_a_masked_file_is_what_the_server_shows() -> None:
    found = masked("actions", FILE)["authentication"]
    assert found["headers"] == {"Authorization": "********"}
    assert found["body"]["bodyParams"] == {"scope": "********"}


def test_an_export_names_secrets_after_their_places_and_keeps_names_there_were() -> None:
    shown = {"name": "Pay", "authentication": masked("actions", FILE)["authentication"]}
    fresh = refer(Ref("actions", "PayNow"), shown)["authentication"]
    assert fresh["headers"] == {"Authorization": {"secret": "PAY_NOW_HEADERS_AUTHORIZATION"}}
    assert fresh["body"]["bodyParams"] == {"scope": {"secret": "PAY_NOW_SCOPE"}}
    assert refer(Ref("actions", "PayNow"), shown, FILE)["authentication"] == FILE["authentication"]


def test_a_file_of_secrets() -> None:
    text = '# ours\nA=1\nexport B=\'two # not a comment\'\nC="th\\nree\\""  # yes\nD = four # comment\n\nE=\n'
    assert read_secrets(text, "s.env") == {"A": "1", "B": "two # not a comment", "C": 'th\nree"', "D": "four", "E": ""}
    assert known_secrets({"A": "env", "F": "6"}, {"A": "file", "E": ""}) == {"A": "file", "F": "6"}


@pytest.mark.parametrize("line", ["A", "1A=b", "A='b", 'A="b'])
def test_a_line_that_is_none_is_named(line: str) -> None:
    with pytest.raises(Invalid, match=r"^s\.env:2: "):
        read_secrets(f"B=1\n{line}\n", "s.env")
