"""A setting that can't be used is told in one line that names the variable and what it may be."""

from dataclasses import fields
from pathlib import Path

import pytest

from parcours.kit.errors import Invalid
from parcours.kit.settings import MASK, NO_SETTINGS, RANGES, Settings


def read(name: str, text: str) -> object:
    return getattr(Settings.from_environment({f"PARCOURS_{name.upper()}": text}), name)


@pytest.mark.parametrize("name", sorted(RANGES))
def test_a_number_out_of_its_range_is_refused_with_the_range(name: str) -> None:
    least, most = RANGES[name]
    assert read(name, str(least)) == least
    assert read(name, str(most)) == most
    for text in (str(least - 1), str(most + 1), "-1", "1.5", "soon", "9" * 5_000):
        with pytest.raises(Invalid) as refused:
            read(name, text)
        assert str(refused.value) == (
            f"PARCOURS_{name.upper()} must be a whole number from {least} to {most}, not {text!r}"
        )


def test_every_number_has_a_range_that_its_default_is_in() -> None:
    numbers = {field.name: field.default for field in fields(Settings) if field.type is int}
    assert numbers.keys() == RANGES.keys()
    for name, default in numbers.items():
        assert isinstance(default, int)
        assert RANGES[name][0] <= default <= RANGES[name][1]


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("log_level", "loud", "debug, info, warning or error, not 'loud'"),
        ("database_url", "mysql://u:s3cret@h/d", "a URL such as postgresql+psycopg://"),
        ("database_url", "garbage", "a URL such as postgresql+psycopg://"),
        ("public_url", "parcours.example.com", "a URL such as https://"),
        ("public_url", "https://", "a URL such as https://"),
        ("public_url", "https://a b", "a URL such as https://"),
        ("public_url", "https://a:99999", "a URL such as https://"),
        ("public_url", "https://a/?x=1", "without query"),
        ("trusted_proxies", "proxy.example.com", "addresses and networks such as 127.0.0.1,10.0.0.0/8"),
        ("trusted_proxies", "10.0.0.1/8", "addresses and networks"),
        ("bootstrap_org_id", "ACME", "such as ABC123@AdobeOrg"),
        ("bootstrap_tenant", "a-b", "letters, digits and underscores"),
        ("bootstrap_client_id", "a b", "no spaces"),
        ("allow_private_networks", "perhaps", "true or false"),
    ],
)
def test_a_text_that_does_not_fit_is_refused_with_what_it_must_be(name: str, text: str, part: str) -> None:
    with pytest.raises(Invalid, match=f"^PARCOURS_{name.upper()} must be ") as refused:
        read(name, text)
    assert part in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_texts_that_fit_are_taken() -> None:
    assert read("log_level", "WARNING") == "warning"
    assert read("public_url", "https://a.example:8443/base/") == "https://a.example:8443/base/"
    assert read("bootstrap_org_id", "ABC123@AdobeOrg") == "ABC123@AdobeOrg"


@pytest.mark.parametrize(
    ("host", "local", "base"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080", "http://localhost:8080"),
        ("::", "http://[::1]:8080", "http://localhost:8080"),
        ("::1", "http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_the_commands_reach_the_server_on_this_machine(host: str, local: str, base: str) -> None:
    assert Settings(host=host).local_url == local
    assert Settings(host=host).base_url == base
    behind = Settings(host=host, public_url="https://parcours.example.com/")
    assert (behind.local_url, behind.base_url) == (local, "https://parcours.example.com")


def test_an_empty_variable_means_the_default() -> None:
    empty = {f"PARCOURS_{field.name.upper()}": "" for field in fields(Settings) if field.name not in NO_SETTINGS}
    assert Settings.from_environment(empty) == Settings()
    assert Settings.from_environment({"PARCOURS_PORT": ""}, data_dir=Path("x")).data_dir == Path("x")


def test_settings_in_force_are_told_with_their_source_and_no_secret() -> None:
    variables = {
        "PARCOURS_SECRET_KEY": "hush", "PARCOURS_BATCH_RECORDS": "7",
        "PARCOURS_DATABASE_URL": "postgresql+psycopg://ann:hush@db.example.com/parcours",
        "PARCOURS_EGRESS_PROXY": "http://ann:hush@proxy.example.com:3128",
    }  # fmt: skip
    told = {one["name"]: one for one in Settings.from_environment(variables, port=9000, host=None).describe()}
    assert set(told) == {field.name for field in fields(Settings)} - NO_SETTINGS
    assert all(one["description"] for one in told.values())
    assert "hush" not in str(told)
    assert told["secret_key"]["value"] == MASK
    assert told["database_url"]["value"] == f"postgresql+psycopg://ann:{MASK}@db.example.com/parcours"
    assert (told["batch_records"]["value"], told["batch_records"]["source"]) == (7, "environment")
    assert (told["port"]["value"], told["port"]["source"]) == (9000, "option")
    assert (told["host"]["value"], told["host"]["source"]) == ("127.0.0.1", "default")
    assert told["bootstrap_client_secret"]["value"] == ""
    assert told["data_dir"]["variable"] == "PARCOURS_DATA_DIR"
