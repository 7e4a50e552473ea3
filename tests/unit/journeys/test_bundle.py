"""Definitions out of files: names become uids, and every fault has its file, line and column."""

from pathlib import Path
from typing import Any

import pytest

from parcours.journeys.bundle import BundleInvalid, config_files, read_bundle, read_file
from parcours.journeys.feed import DEFAULT_START_US, LineInvalid, feed, first_moment, read_events, read_profiles
from parcours.journeys.outcome import path_of
from parcours.journeys.people import GivenPeople
from parcours.journeys.seen import VirtualClock
from parcours.journeys.simulate import World
from parcours.kit.yaml_text import Located, read_yaml

CONFIG = """\
schemas:
  - $id: https://ns.test/order
    type: object
    properties:
      email: {type: string}
      order: {type: object, properties: {total: {type: number}, note: {type: string}}}
events:
  - {name: Order, namespace: Email, idType: systemGenerated, eventID: abc, profileIdentifier: '@event{Order.email}',
     schemaRef: {id: 'https://ns.test/order'}, fields: [/email, /order/total]}
  - {name: Refund, uid: u-2, namespace: Email, idCondition: '@event{Refund.kind} == "refund"',
     profileIdentifier: '@event{Refund.email}'}
  - {name: Visit, namespace: Email}
actions:
  - {name: Mail, uid: a-1, url: https://mail.test/, authentication: {type: nonsense}, response: {sample: {id: 1}}}
"""
JOURNEY = """\
name: J
entry: {node: start}
nodes:
  start: {type: event, event: Order}
  check:
    type: condition
    paths:
      - {id: big, expression: '@event{Order.order.total} > 5'}
  mail: {type: customAction, action: Mail}
edges:
  - {from: start, to: check}
  - {from: check, to: mail, kind: path, path: big}
"""


def bundle(*texts: str) -> Any:
    return read_bundle([read_yaml(text, f"c{n}.yaml") for n, text in enumerate(texts)], VirtualClock(0))


def journey(text: str = JOURNEY) -> Located:
    return read_yaml(text, "j.yaml")


def faults(text: str, *config: str) -> list[str]:
    with pytest.raises(BundleInvalid) as caught:
        bundle(*(config or (CONFIG,))).compile(journey(text))
    return str(caught.value).splitlines()


def test_a_journey_by_names_is_compiled() -> None:
    made = bundle(CONFIG).compile(journey())
    assert (made.name, made.namespace, made.entry_event_uid) == ("J", "Email", "Order")
    assert made.nodes["mail"].action_uid == "a-1"


def test_a_metric_names_its_event_as_nodes_do() -> None:
    metrics = "metrics:\n  - {id: back, type: event, event: Refund}\n  - a word\n"
    compiled = bundle(CONFIG).compile(journey(JOURNEY + metrics))
    assert [(metric.id, metric.event_uid) for metric in compiled.metrics] == [("back", "u-2")]
    (told,) = faults_of_journey(JOURNEY + metrics.replace("Refund", "Return"))
    assert "no event is called 'Return'" in told


def faults_of_journey(text: str) -> list[str]:
    with pytest.raises(BundleInvalid) as caught:
        bundle(CONFIG).compile(journey(text))
    return str(caught.value).splitlines()


def test_uids_that_the_documents_have_do_as_well() -> None:
    by_uid = JOURNEY.replace("event: Order", "eventUid: Order").replace("action: Mail", "actionUid: a-1")
    assert bundle(CONFIG).compile(journey(by_uid)).name == "J"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("event: Order", "event: Ordr"), "j.yaml:4:24: no event is called 'Ordr'; there are: Order, Refund, Visit"),
        (("action: Mail", "action: Post"), "j.yaml:9:30: no action is called 'Post'; there are: Mail"),
        (("order.total}", "order.totl}"), "j.yaml:8:19: ERR_EXPRESSION line 1, column 20: unknown field 'totl'"),
        (("order.total}", "order.note}"), "j.yaml:8:19: ERR_EXPRESSION"),
        (("type: condition", "type: conditon"), "j.yaml:6:5: ERR_DOCUMENT_SHAPE"),
        (("to: check}", "to: chek}"), "j.yaml:11:19: ERR_EDGE_NODE"),
    ],
)
def test_a_fault_of_the_journey_has_its_place(change: tuple[str, str], said: str) -> None:
    told = faults(JOURNEY.replace(*change))
    assert any(line.startswith(said) for line in told), told


def test_an_event_without_schema_may_have_any_field() -> None:
    any_field = JOURNEY.replace("event: Order", "event: Visit").replace("event{Order.", "event{Visit.a.")
    assert bundle(CONFIG).compile(journey(any_field)).entry_event_uid == "Visit"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("event: []", "c0.yaml:1:1: a configuration has no 'event'"),
        ("events: {}", "c0.yaml:1:1: events is a list"),
        ("events: [1]", "c0.yaml:1:10: this is an object"),
        ("events: [{name: a b}]", "c0.yaml:1:11: name is letters"),
        ("events:\n- {name: A, namespace: E}\n- {name: A, namespace: E}", "c0.yaml:3:4: A is there twice"),
        ("events: [{name: A}]", "c0.yaml:1:10: event A: an event has a profileIdentifier"),
        ("events: [{name: A, namespace: E, idType: ruleBased}]", "c0.yaml:1:10: event A: a rule-based"),
        ("events: [{name: A, namespace: E, idCondition: '1 +'}]", "c0.yaml:1:34: event A: "),
        ("actions: [{name: A, url: ftp://x}]", "c0.yaml:1:21: action A: "),
        ("schemas: [{type: object}]", "c0.yaml:1:11: a schema has an $id"),
        ("- 1", "c0.yaml:1:1: a configuration has events"),
    ],
)
def test_a_fault_of_the_configuration_has_its_place(config: str, said: str) -> None:
    with pytest.raises(BundleInvalid) as caught:
        bundle(config)
    assert str(caught.value).startswith(said)


def test_files_of_a_folder_are_read_in_order_and_a_missing_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("z.yaml", "a.json", "b/c.yml", "notes.txt"):
        (tmp_path / name).write_text("{}")
    found = [str(path.relative_to(tmp_path)) for path in config_files([tmp_path])]
    assert found == ["a.json", "b/c.yml", "z.yaml"]
    with pytest.raises(BundleInvalid, match="No such file"):
        read_file(tmp_path / "none.yaml")
    (tmp_path / "latin").write_bytes(b"a: \xe9")
    with pytest.raises(BundleInvalid, match="no UTF-8"):
        read_file(tmp_path / "latin")


# --- lines -----------------------------------------------------------------------------------------------------------


def test_lines_of_all_forms_are_fed_and_matched() -> None:
    lines = [
        b'{"at": "2026-02-01T00:00:00Z", "event": "Order", "payload": {"email": "a", "order": {"total": 9}}}',
        b"",
        b'{"at": "+1d", "profile": {"namespace": "Email", "id": "a", "attributes": {"x": 1}}}',
        b'{"timestamp": "2026-02-01T01:00:00Z", "email": "b", "order": {"total": 9}, '
        b'"_experience": {"campaign": {"orchestration": {"eventID": "abc"}}}}',
        b'{"header": {"schemaRef": {"id": "https://ns.test/order"}}, "body": {"xdmEntity": '
        b'{"timestamp": "2026-02-01T02:00:00Z", "email": "c", "kind": "refund"}}}',
        b'{"timestamp": "2026-02-01T03:00:00Z", "email": "d", "kind": "refund"}',
        b'{"at": "2026-01-01T03:00:00Z", "event": "Order", "payload": {"email": "early"}}',
    ]
    fed = list(read_events(lines, "e.jsonl"))
    assert first_moment(fed[:-1]) == first_moment([fed[0]])
    clock = VirtualClock(first_moment(fed[:-1]))
    made = read_bundle([read_yaml(CONFIG, "c.yaml")], clock)
    people = GivenPeople()
    world = World([made.compile(journey())], made.events, made.actions, clock, people=people)
    assert feed(world, made, people, fed, clock.at_us) == 5
    world.run()
    assert [(one.event, one.key) for one in world.received] == [("Order", "a"), ("Order", "b"), ("Refund", "d")]
    assert world.unmatched == 1, "the schema that the envelope names has no such event"
    assert people.profile(("Email", "a")) == {"x": 1}


def test_without_an_instant_the_clock_begins_on_a_fixed_day() -> None:
    fed = list(read_events([b'{"at": "+1d", "event": "Order"}', b'{"event": "Order"}'], "e"))
    assert first_moment(fed) == DEFAULT_START_US


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "e:1: this is no JSON"),
        (b"[]", "e:1: a line is a JSON object"),
        (b'{"event": "Order", "at": 5}', "e:1: at is a moment"),
        (b'{"event": "Order", "data": {}}', "e:1: an event has at, event and payload, but no 'data'"),
        (b'{"event": "Nope"}', "e:1: no event is called 'Nope'; there are: Order, Refund, Visit"),
        (b'{"event": "Order", "at": "soon"}', "e:1: 'soon' is no moment"),
        (b'{"profile": {"id": "a"}}', "e:1: a profile has namespace"),
        (b'{"email": "a"}', "e:1: a line has event, profile or audience, or is an entity with a timestamp"),
        (b'{"timestamp": "+2d"}', "e:1: '+2d' is no moment"),
    ],
)
def test_a_line_that_cant_be_used_is_told_with_its_number(line: bytes, said: str) -> None:
    made = bundle(CONFIG)
    clock = VirtualClock(DEFAULT_START_US)
    people = GivenPeople()
    world = World([made.compile(journey())], made.events, made.actions, clock, people=people)
    with pytest.raises(LineInvalid) as caught:
        feed(world, made, people, list(read_events([line], "e")), clock.at_us)
    assert str(caught.value).startswith(said)


def test_profiles_of_a_file() -> None:
    people = GivenPeople()
    lines = [b'{"namespace": "email", "id": "a", "attributes": {"tier": "gold"}}']
    assert read_profiles(lines, "p", people) == 1
    assert people.profile(("Email", "a")) == {"tier": "gold"}
    with pytest.raises(LineInvalid, match="p:1: attributes are an object"):
        read_profiles([b'{"namespace": "Email", "id": "a", "attributes": []}'], "p", people)


LINKED = """\
schemas:
  - $id: https://ns.test/order
    type: object
    properties: {email: {type: string}, sku: {type: string}}
events:
  - name: Order
    namespace: Email
    profileIdentifier: '@event{Order.email}'
    schemaRef: {id: 'https://ns.test/order'}
    fields: [/email, /sku, /sku_related/price]
    related: RELATED
"""


def linked(related: str) -> str:
    return LINKED.replace("RELATED", related)


def test_rows_of_related_schemas_are_those_given_for_lookups() -> None:
    made = bundle(linked("[{property: /sku, datasetId: Products}]"))
    priced = JOURNEY.replace("order.total", "sku_related.price").replace("customAction, action: Mail", "end")
    clock, people = VirtualClock(DEFAULT_START_US), GivenPeople()
    world = World([made.compile(journey(priced))], made.events, made.actions, clock, people=people)
    world.ledger.put_rows("Products", {"a": {"price": 7}, "b": {"price": 3}}, DEFAULT_START_US)
    lines = [f'{{"event": "Order", "payload": {{"email": "{sku}", "sku": "{sku}"}}}}' for sku in ("a", "b", "gone")]
    feed(world, made, people, read_events([line.encode() for line in lines], "e.jsonl"), DEFAULT_START_US)
    world.run()
    assert [path_of(record)[-1] for record in world.records] == ["mail", "check", "check"]


@pytest.mark.parametrize(
    ("related", "told"),
    [
        ("[{property: /sku}]", "which data set holds the rows that /sku names"),
        ("[{datasetId: x}]", "property"),
        ("x", "related is a list"),
    ],
)
def test_what_related_lacks_is_told_with_its_line(related: str, told: str) -> None:
    with pytest.raises(BundleInvalid, match=told) as caught:
        bundle(linked(related))
    assert str(caught.value).startswith("c0.yaml:11:")
