"""Supplemental identifiers: which attributes can be one, and what a record's are."""

from typing import Any

import pytest
from event_world import EVENTS, create_namespace, create_schema, event_body, identify
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from parcours.events.language import MAX_KEY_BYTES
from parcours.events.model import MAX_SUPPLEMENTAL_IDS
from parcours.events.supplemental import attribute_path, supplemental_readers

PATH = ("bookings", "number")


@pytest.fixture
def schema_id(api: TestClient) -> str:
    schema_id = create_schema(api)
    create_namespace(api, "BookingNumber")
    create_namespace(api, "Crm", "CROSS_DEVICE")
    identify(api, schema_id, "/_acme/order/number", "BookingNumber")
    identify(api, schema_id, "/_acme/bookings/number", "BookingNumber")
    identify(api, schema_id, "/_acme/store", "Crm")
    identify(api, schema_id, "/_acme/order/tags", "BookingNumber")
    return schema_id


def body(schema_id: str, expression: Any, **more: Any) -> dict[str, Any]:
    return event_body(schema_id, supplementalIdentifier={"expression": expression, **more})


@pytest.mark.parametrize(
    ("expression", "field"),
    [
        ("@event{Order._acme.order.number}", "/_acme/order/number"),
        ("@{Order._acme.order.number}", "/_acme/order/number"),
        ("@event{Order._acme.bookings.number}", "/_acme/bookings/number"),
        ("@event{Order._acme.bookings.all().number}", "/_acme/bookings/number"),
    ],
)
def test_an_identity_of_a_thing_can_be_chosen_and_is_selected(
    api: TestClient, schema_id: str, expression: str, field: str
) -> None:
    answer = api.post(EVENTS, json=body(schema_id, expression))
    assert answer.status_code == 201, answer.text
    created = answer.json()
    assert created["supplementalIdentifier"] == {"expression": expression, "namespace": "BookingNumber"}
    assert field in created["fields"]
    preview = api.get(f"{EVENTS}/{created['uid']}/payload").json()["body"]["xdmEntity"]["_acme"]
    where = preview["bookings"][0] if "bookings" in field else preview["order"]
    assert where["number"] == "string"
    renamed = api.put(f"{EVENTS}/{created['uid']}", json={**created, "name": "Booked"}).json()
    assert renamed["supplementalIdentifier"]["expression"] == expression.replace("Order", "Booked")


def test_the_namespace_is_the_descriptors_and_can_be_repeated(api: TestClient, schema_id: str) -> None:
    text = "@event{Order._acme.order.number}"
    assert api.post(EVENTS, json=body(schema_id, text, namespace="bookingnumber")).status_code == 201
    answer = api.post(EVENTS, json=body(schema_id, text, namespace="Crm"))
    assert answer.json()["report"]["path"] == "$.supplementalIdentifier.namespace"


BAD: list[tuple[Any, str]] = [
    ("@event{Order._acme.person.firstName}", "is no identity"),
    ("@event{Order._acme.person.email}", "primary identity"),
    ("@event{Order._acme.store}", "one of people"),
    ("@event{Order._acme.order.tags}", "array of strings"),
    ("@event{Order._acme.bookings.codes}", "array of strings"),
    ("@event{Order._acme.labels}", "is a map"),
    ("@event{Order._acme.labels.entry('x')}", "leads through a map"),
    ("@event{Order.identityMap.entry('BookingNumber').first().id}", "chooses an attribute"),
    ("@event{Order._acme.bookings.nights}", "is of type integer"),
    ("@event{Order._acme.order.total}", "is of type decimal"),
    ("@event{Order._acme.order.day}", "is of type dateOnly"),
    ("@event{Order._acme.at}", "is of type dateTime"),
    ("@event{Order._acme.order}", "is of type object"),
    ("@event{Order._acme.bookings}", "is of type listObject"),
    ("@event{Order._acme.bookings.first().number}", "chooses an attribute"),
    ("@event{Order._acme.bookings.all(currentEventField.nights > 1).number}", "chooses an attribute"),
    ("concat(@event{Order._acme.order.number}, 'x')", "chooses an attribute"),
    ("@event{Order._acme.order.number, defaultValue: 'x'}", "chooses an attribute"),
    ("'fixed'", "chooses an attribute"),
    ("@event{Order}", "chooses an attribute"),
    ("@event{Order._acme.nothing}", "nothing"),
    ("@event{Other._acme.order.number}", "Other"),
    ("@event{Order._acme.order.number", "line 1"),
    ("", "chooses an attribute"),
    (5, "chooses an attribute"),
]


def test_each_bad_choice_is_refused_with_its_own_reason(api: TestClient, schema_id: str) -> None:
    for expression, reason in BAD:
        answer = api.post(EVENTS, json=body(schema_id, expression))
        told = answer.json()
        assert (answer.status_code, told["report"]["path"]) == (400, "$.supplementalIdentifier.expression"), expression
        assert reason in told["detail"] or reason in str(told["report"]), (expression, told["detail"])
    for value in ("x", [], 5, {"expression": "@event{Order._acme.order.number}", "more": 1}):
        answer = api.post(EVENTS, json=event_body(schema_id, supplementalIdentifier=value))
        assert answer.json()["report"]["path"] == "$.supplementalIdentifier", value
    assert api.get(EVENTS).json()["results"] == []


def ids(*values: Any) -> dict[str, Any]:
    return {"bookings": [{"number": value} for value in values]}


@pytest.mark.parametrize(
    ("entity", "found"),
    [
        (ids("A", "B"), ("A", "B")),
        (ids("B", "A", "B"), ("B", "A")),
        ({"bookings": {"number": "A"}}, ("A",)),
        ({"bookings": [{"number": "A"}, {}, {"number": None}, "x", None]}, ("A",)),
        (ids("", 5, True, "a\x00b", "x" * (MAX_KEY_BYTES + 1), "C"), ("C",)),
        ({"bookings": []}, ()),
        ({"bookings": "A"}, ()),
        ({"bookings": None}, ()),
        ({}, ()),
    ],
)
def test_a_records_supplemental_ids_are_distinct_and_usable(entity: dict[str, Any], found: tuple[str, ...]) -> None:
    read, count = supplemental_readers(PATH)
    assert read(entity) == found
    assert count(entity) == len(found)


def test_more_than_a_profile_may_be_in_at_once_are_left_out_and_counted() -> None:
    read, count = supplemental_readers(PATH)
    many = ids(*(str(number) for number in range(MAX_SUPPLEMENTAL_IDS + 3)))
    assert read(many) == tuple(str(number) for number in range(MAX_SUPPLEMENTAL_IDS))
    assert count(many) == MAX_SUPPLEMENTAL_IDS + 3


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.sampled_from(["bookings", "number", "x"]), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["bookings", "x"]), json_values))
def test_no_record_makes_the_reader_raise(entity: dict[str, Any]) -> None:
    read, count = supplemental_readers(PATH)
    found = read(entity)
    assert len(found) == min(count(entity), MAX_SUPPLEMENTAL_IDS)
    assert len(set(found)) == len(found)


def test_the_path_of_an_expression_is_what_is_read() -> None:
    assert attribute_path("@event{E.a.all().b}") == ("a", "b")
    assert attribute_path("@event{E.a.at(0).b}") is None
    assert attribute_path("#{ExperiencePlatform.ProfileFieldGroup.a}") is None
