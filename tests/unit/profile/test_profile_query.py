"""Questions about profiles, as values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.profile.errors import ProfileNotFound, ProfileQueryInvalid, TooManyIdentities
from parcours.profile.query import (
    check_related,
    read_body_fields,
    read_event_query,
    read_event_query_of_body,
    read_kind,
    read_people,
    read_person,
    read_person_of_events,
    read_place,
    read_policy_id,
    write_place,
)
from parcours.profile.service import Asked
from parcours.profile.store import MAX_EVENTS, MAX_MS, MIN_MS

anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=5,
)


@pytest.mark.parametrize("name", ["_xdm.context.profile", "xdm.context.profile"])
def test_a_schema_name_may_lack_its_underscore(name: str) -> None:
    assert read_kind(name) == "profile"


@pytest.mark.parametrize("name", [None, "", "profile", 5, ["_xdm.context.profile"], "__xdm.context.profile"])
def test_another_schema_name_is_refused(name: Any) -> None:
    with pytest.raises(ProfileQueryInvalid) as caught:
        read_kind(name)
    assert caught.value.path == "$.schema.name"
    with pytest.raises(ProfileQueryInvalid):
        check_related(name)


def test_there_are_no_accounts() -> None:
    with pytest.raises(ProfileNotFound):
        read_kind("_xdm.context.account")


def test_the_person_of_events_is_the_related_one_and_another_id_is_an_events() -> None:
    jane = {"relatedEntityId": "j", "relatedEntityIdNS": "Email"}
    assert read_person_of_events(jane) == (Asked("j", "Email"), None)
    assert read_person_of_events({**jane, "entityId": "j", "entityIdNS": "Email"}) == (Asked("j", "Email"), None)
    assert read_person_of_events({**jane, "entityId": "e1"}) == (Asked("j", "Email"), "e1")
    assert read_person_of_events({"entityId": "j", "entityIdNS": ""}) == (Asked("j"), None)
    with pytest.raises(ProfileQueryInvalid):
        read_person_of_events({"relatedSchema.name": "_xdm.context.profile"})
    with pytest.raises(ProfileQueryInvalid):
        read_person({"entityIdNS": "Email"})


def test_a_question_without_wishes_is_for_everything_oldest_first() -> None:
    query = read_event_query({}, [], None)
    assert (query.from_ms, query.to_ms, query.limit, query.newest_first) == (MIN_MS, MAX_MS, MAX_EVENTS, False)
    assert read_event_query_of_body({}) == query


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"startTime": "soon"}, "$.startTime"),
        ({"endTime": "9" * 25}, "$.endTime"),
        ({"endTime": "--5"}, "$.endTime"),
        ({"limit": "0"}, "$.limit"),
        ({"limit": "-1"}, "$.limit"),
        ({"limit": "²"}, "$.limit"),
        ({"orderby": "name"}, "$.orderby"),
        ({"start": "e1"}, "$.start"),
        ({"start": "é"}, "$.start"),
        ({"offsets": "W10"}, "$.start"),
    ],
)
def test_a_wish_that_makes_no_sense_says_where(query: dict[str, str], path: str) -> None:
    with pytest.raises(ProfileQueryInvalid) as caught:
        read_event_query(query, [], None)
    assert caught.value.path == path


@pytest.mark.parametrize("filters", [["=1"], ["a<1,2"], ["a=1", "b=1", "c=1", "d=1"]])
def test_a_filter_that_makes_no_sense_is_refused(filters: list[str]) -> None:
    with pytest.raises(ProfileQueryInvalid) as caught:
        read_event_query({}, filters, None)
    assert caught.value.path == "$.property"


@pytest.mark.parametrize(
    ("text", "wanted"), [('a="b c"', "a=b c"), ("a=b", "a=b"), ('a>="1"', "a>=1"), ('a="', 'a="'), ('a"=1', 'a"=1')]
)
def test_a_filters_value_may_stand_in_quotation_marks(text: str, wanted: str) -> None:
    assert list(read_event_query({}, [text], None).filters) == [wanted]


def test_a_blank_stands_for_the_plus_that_a_query_string_swallows() -> None:
    assert not read_event_query({"orderby": " timestamp"}, [], None).newest_first
    assert read_event_query({"orderBy": "-timestamp"}, [], None).newest_first


@pytest.mark.parametrize(
    ("identities", "path"),
    [
        (None, "$.identities"),
        ({}, "$.identities"),
        ([], "$.identities"),
        (["x"], "$.identities[0]"),
        ([{"entityId": "x"}, {"entityId": 5}], "$.identities[1].entityId"),
        ([{"entityId": "x", "entityIdNS": {"code": 5}}], "$.identities[0].entityIdNS"),
        ([{"relatedEntityId": ["x"]}], "$.identities[0].relatedEntityId"),
    ],
)
def test_people_that_are_no_people_say_where(identities: Any, path: str) -> None:
    with pytest.raises(ProfileQueryInvalid) as caught:
        read_people({"identities": identities})
    assert caught.value.path == path


def test_fifty_people_can_be_asked_for_and_no_more() -> None:
    everyone = [{"entityId": str(n), "entityIdNS": {"code": "Email"}} for n in range(51)]
    assert read_people({"identities": everyone[:50]})[49] == Asked("49", "Email")
    assert read_people({"identities": [{"entityId": "x", "entityIdNS": "Email"}]}) == [Asked("x", "Email")]
    with pytest.raises(TooManyIdentities):
        read_people({"identities": everyone})


@given(st.tuples(st.integers(MIN_MS, MAX_MS), st.text(), st.text(), st.text()))
def test_a_place_in_a_time_line_is_read_back(place: tuple[int, str, str, str]) -> None:
    if "\0" in "".join(place[1:]):
        with pytest.raises(ProfileQueryInvalid):
            read_place(write_place(place))
    else:
        assert read_place(write_place(place)) == place


@given(st.one_of(anything, st.text("ABCabc019_-=", min_size=1)))
def test_no_start_breaks_it(start: Any) -> None:
    try:
        place = read_place(start)
    except ProfileQueryInvalid:
        return
    assert start == "" or place is not None


@given(st.dictionaries(
    st.sampled_from(["identities", "timeFilter", "limit", "orderBy", "orderby", "fields", "start", "mergePolicyId"]),
    anything,
))  # fmt: skip
def test_no_body_breaks_it(body: dict[str, Any]) -> None:
    for read in (read_people, read_event_query_of_body, read_body_fields, lambda b: read_policy_id(b.get("limit"))):
        path = None
        try:
            read(body)
        except (ProfileQueryInvalid, TooManyIdentities) as error:
            path = error.path
        assert path is None or path.startswith("$.")
