"""The tag that enables a data set for lookup, and what becomes of it."""

from typing import Any

import pytest

from parcours.catalog.errors import DataSetRefused
from parcours.catalog.tags import LOOKUP, normalise_tags
from parcours.lookups.keys import admit, key_of, key_path
from parcours.xdm.compiled import CompiledSchema, IdentityField

DOCUMENT = {
    "type": "object",
    "properties": {
        "_acme": {
            "type": "object",
            "properties": {
                "sku": {"type": "string"},
                "number": {"type": "integer"},
                "price": {"type": "number"},
                "a.b/c~d": {"type": "string"},
            },
        }
    },
}


def schema(behaviour: Any = "record", *, has_primary: bool = True) -> CompiledSchema:
    identities = (IdentityField(("_acme", "sku"), "SKU", True),) if has_primary else ()
    return CompiledSchema("s", "c", "Products", 0, behaviour, False, DOCUMENT, identities)


def admitted(*values: str, before: dict[str, list[str]] | None = None, **of_schema: Any) -> list[str]:
    tags = normalise_tags({LOOKUP: list(values)})
    admit(tags, before or {}, schema(**of_schema))
    return tags[LOOKUP]


def test_the_key_is_the_primary_identity_where_the_tag_names_none() -> None:
    assert admitted("enabled: true") == ["enabled:true", "key:/_acme/sku"]


@pytest.mark.parametrize(
    ("named", "pointer"),
    [
        ("_acme.number", "/_acme/number"),
        ("/_acme/number", "/_acme/number"),
        ("/_acme/a.b~1c~0d", "/_acme/a.b~1c~0d"),
    ],
)
def test_a_named_key_is_written_down_as_a_pointer(named: str, pointer: str) -> None:
    values = admitted("enabled:true", f"key:{named}", has_primary=False)
    assert values == ["enabled:true", f"key:{pointer}"]
    assert admitted(*values, before={LOOKUP: values}) == values


def test_a_key_that_was_chosen_stays_until_another_one_is_named() -> None:
    before = {LOOKUP: ["enabled:true", "key:/_acme/number"]}
    assert admitted("enabled:true", before=before) == ["enabled:true", "key:/_acme/number"]
    assert admitted("enabled:true", "key:_acme.sku", before=before) == ["enabled:true", "key:/_acme/sku"]


@pytest.mark.parametrize(
    ("values", "of_schema", "told"),
    [
        (["enabled:true"], {"behaviour": "time-series"}, "not one of events"),
        (["enabled:true"], {"has_primary": False}, "no primary identity"),
        (["enabled:true", "key:_acme.gone"], {}, "no field"),
        (["enabled:true", "key:_acme.price"], {}, "a text or a whole number"),
        (["enabled:true", "key:_acme"], {}, "a text or a whole number"),
        (["enabled:true", "key:"], {}, "path of a field"),
        (["enabled:true", "key:a..b"], {}, "path of a field"),
        (["enabled:true", "key:_acme.sku", "key:_acme.number"], {}, "one lookup key"),
    ],
)
def test_what_can_not_be_looked_up_is_refused(values: list[str], of_schema: dict[str, Any], told: str) -> None:
    with pytest.raises(DataSetRefused, match=told):
        admitted(*values, **of_schema)


def test_a_data_set_that_is_not_enabled_has_no_key() -> None:
    assert admitted("enabled:false", "key:nonsense") == ["enabled:false", "key:nonsense"]
    assert key_path({LOOKUP: ["enabled:false", "key:/_acme/sku"]}) is None
    assert key_path({}) is None
    assert key_path({LOOKUP: ["enabled:true", "key:/_acme/a.b~1c~0d"]}) == ("_acme", "a.b/c~d")


@pytest.mark.parametrize(
    ("value", "key"),
    [("A-1", "A-1"), (7, "7"), (0, "0"), ("", None), (None, None), (True, None), (1.5, None), (["a"], None),
     ("a\0b", None), ("é" * 512, "é" * 512), ("é" * 513, None)],
)  # fmt: skip
def test_a_key_is_a_text_or_a_whole_number(value: Any, key: str | None) -> None:
    assert key_of({"_acme": {"sku": value}}, ("_acme", "sku")) == key
    assert key_of({"_acme": value}, ("_acme", "sku")) is None
