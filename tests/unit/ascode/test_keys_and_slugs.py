"""Names of resources and of their files."""

from hypothesis import given
from hypothesis import strategies as st

from parcours.ascode.model import Ref
from parcours.ascode.naming import age_of, file_names, key_of, keys_of, slug, with_key

names = st.text(max_size=6) | st.sampled_from(["A", "A #2", "A #3", "A #2 #2"])


@given(st.lists(names, max_size=8))
def test_keys_are_different_and_the_oldest_has_the_name(found: list[str]) -> None:
    keys = keys_of(found)
    assert len(set(keys)) == len(found)
    assert all(keys[found.index(name)] == name for name in found)
    assert keys_of(found) == keys


def test_several_of_one_name_are_counted() -> None:
    assert keys_of(["A", "B", "A", "A"]) == ["A", "B", "A #2", "A #3"]
    assert keys_of(["A", "A", "A #2"]) == ["A", "A #3", "A #2"]
    assert age_of("A #10") > age_of("A #9") > age_of("A")


def test_a_file_has_a_key_only_where_the_name_is_not_enough() -> None:
    assert with_key(Ref("journeys", "A"), {"name": "A"}) == {"name": "A"}
    assert with_key(Ref("journeys", "A #2"), {"name": "A"}) == {"$key": "A #2", "name": "A"}
    assert key_of("journeys", {"$key": "A #2", "name": "A"}) == "A #2"
    assert key_of("mappings", {"mappings": []}) is None


def test_slugs_read_well() -> None:
    assert slug("OrderPlaced") == "order-placed"
    assert slug("VIPs of SMSSender") == "vips-of-sms-sender"
    assert slug("Loyalty members, XDM") == "loyalty-members-xdm"
    assert slug("Élan: été!") == "elan-ete"
    assert slug("../../etc") == "etc"


@given(st.text())
def test_a_slug_is_always_a_plain_file_name(text: str) -> None:
    found = slug(text)
    assert found
    assert set(found) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_files_are_all_different_and_those_there_keep_their_names() -> None:
    first, second, third = Ref("journeys", "A!"), Ref("journeys", "a?"), Ref("journeys", "b")
    assert file_names([second, first], {}) == {first: "journeys/a.yaml", second: "journeys/a-2.yaml"}
    kept = file_names([first, third], {third: "journeys/a.yaml"})
    assert kept == {third: "journeys/a.yaml", first: "journeys/a-2.yaml"}
