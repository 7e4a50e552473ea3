"""Folders brought to servers: what a plan says is what an apply does, and nothing is left to do afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from code_world import (
    JOURNEYS,
    Client,
    apply,
    define_demo,
    edit,
    export,
    plan,
    texts,
    told,
    uid_of,
)  # fmt: skip

from parcours.ascode.errors import ApplyIncomplete, CallRefused, SecretsMissing
from parcours.ascode.model import Ref, Reply
from parcours.ascode.remote import read_present
from parcours.commands.code_command import _chosen, _count, to_json
from parcours.commands.scratch import Scratch, open_scratch

pytestmark = pytest.mark.stored
JOURNEY = "journeys/thank-the-customer.yaml"


@pytest.fixture
def server() -> Iterator[Scratch]:
    with open_scratch("parcours") as calls:
        define_demo(calls)
        yield calls


def test_a_round_trip_over_an_empty_server_is_byte_identical(empty: Scratch, folder: Path, tmp_path: Path) -> None:
    done = apply(empty, folder)
    assert len(done) == 15
    export(empty, tmp_path / "again")
    assert texts(tmp_path / "again") == texts(folder)
    assert told(plan(empty, folder)) == []
    assert apply(empty, folder) == []


def test_the_event_id_that_senders_rely_on_is_kept(server: Scratch, empty: Scratch, folder: Path) -> None:
    apply(empty, folder)
    ids = [read_present(calls).resources[Ref("events", "OrderPlaced")].document["eventID"] for calls in (server, empty)]
    assert ids[0] == ids[1]


def test_what_was_exported_is_no_change(server: Scratch, folder: Path) -> None:
    assert told(plan(server, folder)) == []


def test_two_ways_to_say_one_thing_are_no_change(server: Scratch, folder: Path) -> None:
    path = folder / "events" / "order-placed.yaml"
    text = path.read_text()
    shorter = text[: text.index("profileIdentifier")].replace("namespace: Email\n", "")
    path.write_text(f"{shorter}fields: [/commerce/order/priceTotal, /_parcours/person/emailAddress]\n")
    edit(folder, "inlets/shop-events.yaml", "    authenticationRequired: false\n", "")
    edit(folder, "actions/send-message.yaml", "  allowNull: false\n", "")
    edit(
        folder,
        "schemas/order-events.yaml",
        "    xdm:namespace: Email\n",
        "    xdm:namespace: Email\n    xdm:sourceVersion: 1\n",
    )
    assert told(plan(server, folder)) == []


def test_another_tenant_gets_its_own_names(folder: Path, tmp_path: Path) -> None:
    with open_scratch("globex") as other:
        apply(other, folder)
        assert told(plan(other, folder)) == []
        export(other, tmp_path / "again")
    again = texts(tmp_path / "again")
    assert b"/_globex/person/emailAddress" in again["events/order-placed.yaml"]
    assert again == {path: text.replace(b"parcours", b"globex") for path, text in texts(folder).items()}


def test_a_journey_is_changed_as_a_new_draft_and_the_live_version_stays(server: Scratch, folder: Path) -> None:
    edit(folder, JOURNEY, "priceTotal} > 500", "priceTotal} > 900")
    found = plan(server, folder)
    head, line = told(found)
    assert head == "update journey 'Thank the customer' (a new draft after version 1.0 (Deployed))"
    assert line.startswith("  nodes.gold.paths[vip].expression: ")
    assert 'priceTotal} > 500" → ' in line
    assert line.endswith('priceTotal} > 900"')
    assert apply(server, folder) == ["update journey 'Thank the customer'"]
    (journey,) = Client(server).get(f"{JOURNEYS}/journeys")["results"]
    assert [version["status"] for version in journey["versions"]] == ["Deployed", "Draft"]
    assert told(plan(server, folder)) == []
    edit(folder, JOURNEY, "value: 2\n      unit: seconds\n  pause:", "value: 3\n      unit: seconds\n  pause:")
    assert told(plan(server, folder))[0].endswith("(draft 2.0 is changed; version 1.0 is live)")
    assert apply(server, folder, publish=True) == ["update journey 'Thank the customer'"]
    (journey,) = Client(server).get(f"{JOURNEYS}/journeys")["results"]
    assert [version["status"] for version in journey["versions"]] == ["Closed", "Deployed"]


def test_what_a_policy_covers_is_sent_for_approval_and_nothing_else_is_held_up(
    empty: Scratch, folder: Path, tmp_path: Path
) -> None:
    client = Client(empty)
    roles = "/data/foundation/access-control/administration/credentials"
    client.post(roles, {"clientId": "approver", "roles": ["administrators"]})
    client.post("/journey/orchestration/approvalPolicies", {"name": "All", "approvers": {"roles": ["administrators"]}})
    (line,) = [line for line in told(plan(empty, folder, publish=True)) if "journey" in line]
    assert line == "create journey 'Thank the customer' (sent for approval: policy 'All')"
    assert told(plan(empty, folder))[-1] == "create journey 'Thank the customer'", "a draft needs none"
    apply(empty, folder)
    found = plan(empty, folder, publish=True)
    assert told(found) == ["publish journey 'Thank the customer' (draft 1.0 is sent for approval: policy 'All')"]
    assert _count(found) == "1 to send for approval"
    assert to_json(found)["changes"][0]["approvals"] == ["All"]
    assert apply(empty, folder, publish=True) == ["publish journey 'Thank the customer'"]
    (journey,) = client.get(f"{JOURNEYS}/journeys")["results"]
    assert [version["status"] for version in journey["versions"]] == ["In Review"]
    assert told(plan(empty, folder, publish=True)) == []
    export(empty, tmp_path / "again")
    assert texts(tmp_path / "again") == texts(folder)
    edit(folder, JOURNEY, "value: 2\n      unit: seconds\n  pause:", "value: 3\n      unit: seconds\n  pause:")
    (fault,) = plan(empty, folder).faults
    assert "version 1.0 is In Review: end that before it is changed" in str(fault)


def test_that_nobody_could_approve_is_told_before_anything_is_done(server: Scratch, folder: Path) -> None:
    client = Client(server)
    client.post("/journey/orchestration/approvalPolicies", {"name": "All", "approvers": {"roles": ["administrators"]}})
    edit(folder, JOURNEY, "priceTotal} > 500", "priceTotal} > 900")
    assert plan(server, folder).faults == ()
    (fault,) = plan(server, folder, publish=True).faults
    assert str(fault) == (
        f"{JOURNEY}:1:1: journey 'Thank the customer' can't be published: nobody else may approve it under policy 'All'"
    )


def test_words_of_a_live_version_need_no_approval(server: Scratch, folder: Path) -> None:
    Client(server).post(
        "/journey/orchestration/approvalPolicies", {"name": "All", "approvers": {"roles": ["administrators"]}}
    )
    edit(folder, JOURNEY, "name: Thank the customer\n", "name: Thank the customer\ndescription: In other words\n")
    found = plan(server, folder, publish=True)
    assert (found.faults, [change.approvals for change in found]) == ((), [()])


def test_a_waiting_draft_is_published_when_asked(empty: Scratch, folder: Path) -> None:
    apply(empty, folder)
    assert told(plan(empty, folder)) == []
    assert told(plan(empty, folder, publish=True)) == ["publish journey 'Thank the customer' (draft 1.0 is published)"]
    assert apply(empty, folder, publish=True) == ["publish journey 'Thank the customer'"]
    assert told(plan(empty, folder, publish=True)) == []


def test_moved_boxes_are_told_apart_from_meaning(server: Scratch, folder: Path) -> None:
    with (folder / JOURNEY).open("a") as file:
        file.write("layout:\n  order:\n    x: 10\n    y: 20\n")
    (change,) = plan(server, folder)
    assert change.is_layout_only
    assert change.notes == ("version 1.0 (Deployed) is reworded where it is",)
    edit(folder, JOURNEY, "label: Gold member?", "label: Gold?")
    (change,) = plan(server, folder, publish=True)
    assert not change.is_layout_only
    assert apply(server, folder, publish=True) == ["update journey 'Thank the customer'"]
    (journey,) = Client(server).get(f"{JOURNEYS}/journeys")["results"]
    assert [version["status"] for version in journey["versions"]] == ["Deployed"]
    assert told(plan(server, folder, publish=True)) == []


def test_a_draft_that_is_tried_out_is_left_alone(empty: Scratch, folder: Path) -> None:
    apply(empty, folder)
    (journey,) = Client(empty).get(f"{JOURNEYS}/journeys")["results"]
    Client(empty).post(f"{JOURNEYS}/journeyVersions/{journey['latestVersionUid']}/test", {})
    assert told(plan(empty, folder)) == []
    edit(folder, JOURNEY, "priceTotal} > 500", "priceTotal} > 900")
    (fault,) = plan(empty, folder).faults
    assert "version 1.0 is Testing" in fault.message


def test_a_stopped_journey_can_be_pruned_and_frees_its_event(server: Scratch, folder: Path) -> None:
    (journey,) = Client(server).get(f"{JOURNEYS}/journeys")["results"]
    Client(server).post(f"{JOURNEYS}/journeyVersions/{journey['latestVersionUid']}/stop")
    edit(folder, "events/order-placed.yaml", "  - /commerce/order/priceTotal\n", "")
    assert told(plan(server, folder)) == ["update event 'OrderPlaced'", "  fields[/commerce/order/priceTotal]: removed"]
    (folder / JOURNEY).unlink()
    assert told(plan(server, folder, prune=True))[-1] == "delete journey 'Thank the customer'"


def test_a_draft_that_others_changed_meanwhile_is_not_overwritten(empty: Scratch, folder: Path) -> None:
    apply(empty, folder)
    edit(folder, JOURNEY, "label: Gold member?", "label: Gold?")

    class Late:
        """Somebody else saves the draft after the plan has been made."""

        def call(self, method: str, path: str, *rest: object, **named: object) -> Reply:
            if method == "PUT" and "/journeyVersions/" in path:
                uid = path.rpartition("/")[2]
                document = Client(empty).get(f"{JOURNEYS}/journeyVersions/{uid}")["document"]
                Client(empty).put(path, {**document, "description": "theirs"})
            return empty.call(method, path, *rest, **named)  # type: ignore[arg-type]

    with pytest.raises(ApplyIncomplete, match="has changed since it was read"):
        apply(Late(), folder)
    (journey,) = Client(empty).get(f"{JOURNEYS}/journeys")["results"]
    assert journey["description"] == "theirs"


def test_a_used_event_that_loses_a_field_is_a_conflict_told_before_anything_is_done(
    server: Scratch, folder: Path
) -> None:
    edit(folder, "events/order-placed.yaml", "  - /commerce/order/priceTotal\n", "")
    edit(folder, "actions/send-message.yaml", "The shop's message service", "Ours")
    (fault,) = plan(server, folder).faults
    assert fault.place.file == "events/order-placed.yaml"
    assert "field /commerce/order/priceTotal can't be taken away" in fault.message
    assert read_present(server).resources[Ref("actions", "SendMessage")].document["description"] != "Ours"


def test_an_event_that_only_an_older_version_uses_is_in_use_as_well(server: Scratch, folder: Path) -> None:
    text = (folder / "events/order-placed.yaml").read_text()
    (folder / "events/other.yaml").write_text(
        "\n".join(line for line in text.splitlines() if not line.startswith("eventID")).replace("OrderPlaced", "Other")
    )
    edit(folder, JOURNEY, "eventUid: OrderPlaced", "eventUid: Other")
    (folder / JOURNEY).write_text((folder / JOURNEY).read_text().replace("@event{OrderPlaced.", "@event{Other."))
    apply(server, folder, publish=True)
    export(server, folder)
    edit(folder, "events/order-placed.yaml", "  - /commerce/order/priceTotal\n", "")
    (fault,) = plan(server, folder).faults
    assert "can't be taken away" in fault.message


def test_a_field_that_a_live_schema_loses_is_a_conflict(server: Scratch, folder: Path) -> None:
    edit(
        folder,
        "field-groups/shop-customer.yaml",
        "              firstName:\n                type: string\n                title: First name\n",
        "",
    )
    (fault,) = plan(server, folder).faults
    assert fault.place.file == "field-groups/shop-customer.yaml"
    assert "the field is removed" in fault.message


def test_a_field_is_added_to_a_schema_and_used_at_once(server: Scratch, folder: Path) -> None:
    edit(
        folder,
        "field-groups/shop-customer.yaml",
        "              firstName:\n",
        "              city:\n                type: string\n              firstName:\n",
    )
    edit(folder, "events/order-placed.yaml", "fields:\n", "fields:\n  - /_parcours/person/city\n")
    assert told(plan(server, folder)) == [
        "update field group 'Shop customer'",
        '  definitions.customer.properties._parcours.properties.person.properties.city: added: {type: "string"}',
        "update event 'OrderPlaced'",
        "  fields[/_parcours/person/city]: added",
    ]
    apply(server, folder)
    assert told(plan(server, folder)) == []


def test_a_mapping_takes_its_flow_along_to_the_new_version(server: Scratch, folder: Path) -> None:
    edit(folder, "mappings/to-loyalty-members.yaml", "source: upper(lastName)", "source: lower(lastName)")
    assert told(plan(server, folder)) == [
        "update mapping set 'to Loyalty members'",
        '  mappings[person.name.lastName].source: "upper(lastName)" → "lower(lastName)"',
        "update flow 'Loyalty members, raw'",
        "  mappingVersion: moves to the new version of mapping set 'to Loyalty members'",
    ]
    apply(server, folder)
    assert told(plan(server, folder)) == []
    flow = read_present(server).resources[Ref("flows", "Loyalty members, raw")]
    assert flow.extra["flow"]["transformations"][0]["params"]["mappingVersion"] == 1


def test_a_flow_that_stays_behind_is_pinned_in_its_file(server: Scratch, tmp_path: Path) -> None:
    uid = uid_of(server, "mappings", "to Loyalty members")
    client = Client(server)
    client.put(f"/data/foundation/mappingSets/{uid}", client.get(f"/data/foundation/mappingSets/{uid}"))
    export(server, tmp_path)
    assert "mappingVersion: 0\n" in (tmp_path / "flows/loyalty-members-raw.yaml").read_text()
    assert told(plan(server, tmp_path)) == []


def test_a_flow_can_not_move_to_another_inlet(server: Scratch, folder: Path) -> None:
    edit(folder, "flows/orders.yaml", "inlet: Shop events", "inlet: ACME Streaming Connection XDM Data")
    (fault,) = plan(server, folder).faults
    assert str(fault).startswith("flows/orders.yaml:2:1: the inlet of a flow can't be changed")


def test_flows_and_inlets_are_changed_in_place(server: Scratch, folder: Path) -> None:
    before = {kind: uid_of(server, kind, key) for kind, key in (("flows", "Orders"), ("inlets", "Shop events"))}
    edit(folder, "flows/orders.yaml", 'name: "Orders: source"', "name: The shop's")
    edit(folder, "flows/orders.yaml", "inlet:", "state: disabled\ndescription: New\ninlet:")
    edit(folder, "inlets/shop-events.yaml", "authenticationRequired: false", "authenticationRequired: true")
    assert told(plan(server, folder)) == [
        "update inlet 'Shop events'",
        "  auth.params.authenticationRequired: false → true",
        "update flow 'Orders'",
        '  description: added: "New"',
        '  state: added: "disabled"',
        '  source.name: "Orders: source" → "The shop\'s"',
    ]
    apply(server, folder)
    assert told(plan(server, folder)) == []
    assert before == {kind: uid_of(server, kind, key) for kind, key in (("flows", "Orders"), ("inlets", "Shop events"))}


def test_what_the_folder_lacks_is_deleted_only_when_asked_and_only_of_its_kinds(server: Scratch, folder: Path) -> None:
    for path in ("flows/orders.yaml", "inlets/shop-events.yaml"):
        (folder / path).unlink()
    for path in (folder / "actions").iterdir():
        path.unlink()
    (folder / "actions").rmdir()
    assert told(plan(server, folder)) == []
    assert told(plan(server, folder, prune=True)) == ["delete flow 'Orders'", "delete inlet 'Shop events'"]
    assert apply(server, folder, prune=True) == ["delete flow 'Orders'", "delete inlet 'Shop events'"]
    assert told(plan(server, folder, prune=True)) == []


def test_what_can_not_be_deleted_is_told_before(server: Scratch, folder: Path) -> None:
    (folder / JOURNEY).unlink()
    (folder / "inlets/shop-events.yaml").unlink()
    found = sorted(str(fault) for fault in plan(server, folder, prune=True).faults)
    assert found == [
        "inlets/shop-events.yaml:1:1: inlet 'Shop events' can't be deleted: flows still use it: Orders",
        f"{JOURNEY}:1:1: journey 'Thank the customer' can't be deleted: version 1.0 is Deployed; it can't be deleted",
    ]


def test_secrets_that_are_missing_are_all_named_before_anything_is_done(empty: Scratch, folder: Path) -> None:
    before = read_present(empty)
    with pytest.raises(SecretsMissing) as refused:
        apply(empty, folder, {})
    assert refused.value.missing == {"SEND_MESSAGE_PASSWORD": ["actions/send-message.yaml"]}
    assert read_present(empty) == before


def test_a_secret_is_needed_again_only_where_it_goes_elsewhere(server: Scratch, folder: Path) -> None:
    edit(folder, "actions/send-message.yaml", "The shop's message service", "Ours")
    apply(server, folder, {})
    edit(folder, "actions/send-message.yaml", "receiver.example.com/messages", "receiver.example.com/v2")
    apply(server, folder, {})
    edit(folder, "actions/send-message.yaml", "receiver.example.com/v2", "other.example.com/v2")
    with pytest.raises(SecretsMissing):
        apply(server, folder, {})
    assert apply(server, folder) == ["update action 'SendMessage'"]


def test_secrets_are_sent_again_when_asked(empty: Scratch, folder: Path) -> None:
    apply(empty, folder)
    assert told(plan(empty, folder, renew_secrets=True)) == [
        "update action 'SendMessage'",
        "  authentication: secrets are sent again",
    ]
    with pytest.raises(SecretsMissing):
        apply(empty, folder, {}, renew_secrets=True)
    assert apply(empty, folder, renew_secrets=True) == ["update action 'SendMessage'"]


def test_a_name_that_nothing_has_is_told_with_its_place(empty: Scratch, folder: Path) -> None:
    edit(folder, JOURNEY, "eventUid: OrderPlaced", "eventUid: OrderPlacde")
    edit(folder, "flows/orders.yaml", "dataset: Orders", "dataset: Order")
    edit(folder, "schemas/order-events.yaml", "$ref: Shop customer", "$ref: Shop customers")
    assert sorted(str(fault) for fault in plan(empty, folder).faults) == [
        "flows/orders.yaml:3:1: there is no data set 'Order'",
        f"{JOURNEY}:10:5: there is no event 'OrderPlacde'",
        "schemas/order-events.yaml:8:5: there is no component of the schema registry 'Shop customers'",
    ]


def test_what_the_server_refuses_of_a_file_is_told_with_its_place(empty: Scratch, folder: Path) -> None:
    edit(folder, "events/order-placed.yaml", "fields:\n", "fields:\n  - /no/such/field\n")
    edit(
        folder,
        "mappings/to-loyalty-members.yaml",
        "source: upper(lastName)\n    sourceType: text/x.schema-path",
        "source: upper(lastName\n    sourceType: EXPRESSION",
    )
    found = sorted(str(fault) for fault in plan(empty, folder).faults)
    assert found[0].startswith("events/order-placed.yaml:12:5: schema 'Order events' has no field '/no/such/field'")
    assert found[1].startswith("mappings/to-loyalty-members.yaml:11:5: ")
    assert len(found) == 2  # what builds on the refused is not told of, too


def test_faults_of_a_journey_are_warnings_of_a_draft_and_stop_a_publication(empty: Scratch, folder: Path) -> None:
    edit(folder, JOURNEY, "priceTotal} > 500", "priceTotl} > 500")
    found = plan(empty, folder)
    (warning,) = found.warnings
    assert found.faults == ()
    assert (warning.place.file, warning.code) == (JOURNEY, "ERR_EXPRESSION")
    assert warning.place.line == 18
    (fault,) = plan(empty, folder, publish=True).faults
    assert fault == warning
    apply(empty, folder)
    assert told(plan(empty, folder)) == []


def test_a_failure_half_way_says_what_was_done_and_a_second_apply_does_the_rest(empty: Scratch, folder: Path) -> None:
    class Failing:
        def call(self, method: str, path: str, *rest: object, **named: object) -> Reply:
            if method == "POST" and path.endswith("/flows"):
                raise CallRefused(503, {"detail": "the disk is full"})
            return empty.call(method, path, *rest, **named)  # type: ignore[arg-type]

    with pytest.raises(ApplyIncomplete) as refused:
        apply(Failing(), folder)
    lines = str(refused.value).splitlines()
    assert lines[0] == (
        "flows/loyalty-members-xdm.yaml: flow 'Loyalty members, XDM' can't be created: 503: the disk is full"
    )
    assert "done: schema 'Order events'" in lines
    assert "not done: flow 'Orders'" in lines
    assert "not done: journey 'Thank the customer'" in lines
    connections = Client(empty).get("/data/foundation/flowservice/sourceConnections")["items"]
    assert connections == []  # without its flow nobody would find it
    done = apply(empty, folder)
    assert "create flow 'Orders'" in done
    assert "create schema 'Order events'" not in done
    assert told(plan(empty, folder)) == []


def test_journeys_that_jump_to_each_other_are_both_made(empty: Scratch, folder: Path) -> None:
    for name, other in (("One", "Two"), ("Two", "One")):
        (folder / "journeys" / f"{name}.yaml").write_text(
            f"name: {name}\nnodes:\n  go:\n    type: jump\n    targetJourneyUid: {other}\n"
        )
    apply(empty, folder)
    assert told(plan(empty, folder)) == []
    found = {one["name"]: one for one in Client(empty).get(f"{JOURNEYS}/journeys")["results"]}
    for name, other in (("One", "Two"), ("Two", "One")):
        version = Client(empty).get(f"{JOURNEYS}/journeyVersions/{found[name]['latestVersionUid']}")
        assert version["document"]["nodes"]["go"]["targetJourneyUid"] == found[other]["uid"]


def test_several_of_one_name_survive_a_round_trip(server: Scratch, empty: Scratch, tmp_path: Path) -> None:
    for text in ("first", "second", "third"):
        Client(server).post(f"{JOURNEYS}/journeys", {"name": "Welcome", "description": text})
    export(server, tmp_path / "a")
    assert (tmp_path / "a/journeys/welcome-3.yaml").read_text() == (
        '$key: "Welcome #3"\nname: Welcome\ndescription: third\n'
    )
    apply(empty, tmp_path / "a")
    export(empty, tmp_path / "b")
    assert texts(tmp_path / "a") == texts(tmp_path / "b")


def test_documents_of_journeys_survive_whatever_they_hold(server: Scratch, empty: Scratch, tmp_path: Path) -> None:
    odd = {
        "name": "Ünïcode: no #1",
        "zeta": ["no", "2026-01-01", "1e3", ":", "a: b", "", " ", "two\nlines", "trailing \n", "\u2028", "😀", None],
        "alpha": {"z": 1, "a": 1.0, "m": True, "b": -0.0, "c": 1e21, "d": 12345678901234567890},
        "nodes": {"x": {"type": "wait", "label": "multi\nline\n", "description": "\"quoted\" 'twice'"}},
    }
    Client(server).post(f"{JOURNEYS}/journeys", odd)
    export(server, tmp_path / "a")
    apply(empty, tmp_path / "a")
    export(empty, tmp_path / "b")
    assert texts(tmp_path / "a") == texts(tmp_path / "b")
    found = next(one for one in Client(empty).get(f"{JOURNEYS}/journeys")["results"] if one["name"] == odd["name"])
    document = Client(empty).get(f"{JOURNEYS}/journeyVersions/{found['latestVersionUid']}")["document"]
    assert document == odd
    assert list(document) == list(odd)
    assert list(document["alpha"]) == list(odd["alpha"])


def test_merge_policies_and_namespaces_travel_too(server: Scratch, empty: Scratch, tmp_path: Path) -> None:
    client = Client(server)
    client.post(
        "/data/core/idnamespace/identities",
        {"name": "Loyalty", "code": "Loyal", "idType": "CROSS_DEVICE", "description": "Members"},
    )
    data_set = uid_of(server, "datasets", "Loyalty members")
    client.post(
        "/data/core/ups/config/mergePolicies",
        {
            "name": "CRM first",
            "identityGraph": {"type": "none"},
            "attributeMerge": {"type": "dataSetPrecedence", "order": [data_set]},
            "default": True,
        },
    )
    export(server, tmp_path / "a")
    assert "order:\n    - Loyalty members\n" in (tmp_path / "a/merge-policies/crm-first.yaml").read_text()
    apply(empty, tmp_path / "a")
    export(empty, tmp_path / "b")
    assert texts(tmp_path / "a") == texts(tmp_path / "b")
    assert told(plan(empty, tmp_path / "a")) == []


def test_rule_sets_travel_and_journeys_name_them(server: Scratch, empty: Scratch, tmp_path: Path) -> None:
    client = Client(server)
    rule = {"id": "r", "name": "Monthly", "type": "entryCap", "limit": 5, "period": "month"}
    body = {"name": "Few journeys", "domain": "journey", "state": "active", "rules": [rule]}
    uid = client.post(f"{JOURNEYS}/ruleSets", body)["uid"]
    document = {"name": "Under rules", "entry": {"node": "e"}, "nodes": {"e": {"type": "end"}}, "ruleSet": uid}
    client.post(f"{JOURNEYS}/journeys", document)
    export(server, tmp_path / "a")
    text = (tmp_path / "a/rule-sets/few-journeys.yaml").read_text()
    assert "domain: journey\n" in text
    assert "state: active\n" in text
    assert "isGlobal" not in text
    assert "ruleSet: Few journeys\n" in (tmp_path / "a/journeys/under-rules.yaml").read_text()
    apply(empty, tmp_path / "a")
    export(empty, tmp_path / "b")
    assert texts(tmp_path / "a") == texts(tmp_path / "b")
    assert told(plan(empty, tmp_path / "a")) == []
    (tmp_path / "a/rule-sets/few-journeys.yaml").write_text(text.replace("limit: 5", "limit: 6"))
    apply(empty, tmp_path / "a")
    assert Client(empty).get(f"{JOURNEYS}/ruleSets")["results"][0]["rules"][0]["limit"] == 6


def test_decision_rules_travel_and_paths_name_them(server: Scratch, empty: Scratch, tmp_path: Path) -> None:
    client = Client(server)
    expression = "isNotEmpty(#{ExperiencePlatform.ProfileFieldGroup.personID})"
    body = {"name": "Testers", "description": "Who tries things out", "tags": ["qa"], "expression": expression}
    uid = client.post(f"{JOURNEYS}/decisionRules", body)["uid"]
    nodes = {"e": {"type": "optimize", "optimizeType": "targeting", "paths": [{"id": "a", "rule": uid}]}}
    client.post(f"{JOURNEYS}/journeys", {"name": "By rule", "entry": {"node": "e"}, "nodes": nodes})
    export(server, tmp_path / "a")
    file = tmp_path / "a/decision-rules/testers.yaml"
    assert "name: Testers\ndescription: Who tries things out\ntags:\n  - qa\nexpression: " in file.read_text()
    assert "rule: Testers\n" in (tmp_path / "a/journeys/by-rule.yaml").read_text()
    apply(empty, tmp_path / "a")
    export(empty, tmp_path / "b")
    assert texts(tmp_path / "a") == texts(tmp_path / "b")
    assert told(plan(empty, tmp_path / "a")) == []
    file.write_text(file.read_text().replace("Who tries", "Those who try"))
    assert [change.ref for change in plan(empty, tmp_path / "a")] == [Ref("decision-rules", "Testers")]
    apply(empty, tmp_path / "a")
    (found,) = Client(empty).get(f"{JOURNEYS}/decisionRules")["results"]
    assert (found["description"], found["usedIn"]) == ("Those who try things out", 1)


def test_schemas_with_data_types_classes_and_relationships_both_ways(
    server: Scratch, empty: Scratch, tmp_path: Path
) -> None:
    client = Client(server)
    registry = "/data/foundation/schemaregistry/tenant"
    money = client.post(
        f"{registry}/datatypes",
        {
            "title": "Money",
            "type": "object",
            "properties": {"amount": {"type": "number"}, "currency": {"type": "string"}},
        },
    )
    group = client.post(
        f"{registry}/fieldgroups",
        {
            "title": "#Balance",
            "type": "object",
            "meta:intendedToExtend": ["https://ns.adobe.com/xdm/context/profile"],
            "properties": {
                "_parcours": {
                    "type": "object",
                    "properties": {"balance": {"$ref": money["$id"]}, "partner": {"type": "string"}},
                }
            },
        },
    )
    ids = []
    for title in ("Left", "Right"):
        schema = client.post(
            f"{registry}/schemas",
            {"title": title, "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/profile"}, {"$ref": group["$id"]}]},
        )
        ids.append(schema["$id"])
    for source, destination in (ids, reversed(ids)):
        client.post(
            f"{registry}/descriptors",
            {
                "@type": "xdm:descriptorOneToOne",
                "xdm:sourceSchema": source,
                "xdm:sourceVersion": 1,
                "xdm:sourceProperty": "/_parcours/partner",
                "xdm:destinationSchema": destination,
                "xdm:destinationVersion": 1,
            },
        )
    export(server, tmp_path / "a")
    text = (tmp_path / "a/schemas/left.yaml").read_text()
    assert "$ref: title:#Balance\n" in text
    assert "xdm:destinationSchema: Right" in text
    apply(empty, tmp_path / "a")
    export(empty, tmp_path / "b")
    assert texts(tmp_path / "a") == texts(tmp_path / "b")
    assert told(plan(empty, tmp_path / "a")) == []


def test_an_ad_hoc_class_keeps_the_name_its_fields_are_under(server: Scratch, empty: Scratch, tmp_path: Path) -> None:
    client = Client(server)
    registry = "/data/foundation/schemaregistry/tenant"
    fields = {"_adhoc": {"type": "object", "properties": {"sku": {"type": "string"}}}}
    behaviour = {"$ref": "https://ns.adobe.com/xdm/data/adhoc"}
    own = client.post(f"{registry}/classes", {"title": "Rows", "allOf": [behaviour, {"properties": fields}]})
    client.post(f"{registry}/schemas", {"title": "Row schema", "allOf": [{"$ref": own["$id"]}]})
    export(server, tmp_path / "a")
    apply(empty, tmp_path / "a")
    export(empty, tmp_path / "b")
    assert texts(tmp_path / "a") == texts(tmp_path / "b")
    assert own["meta:datasetNamespace"] in (tmp_path / "b/classes/rows.yaml").read_text()


def test_a_descriptor_comes_and_goes_without_a_new_version_of_its_schema(server: Scratch, folder: Path) -> None:
    def shown() -> list[str]:
        path = "/data/foundation/schemaregistry/tenant"
        schemas = Client(server).get(f"{path}/schemas")["results"]
        return sorted(f"{one['title']} {one['version']}" for one in schemas)

    before = shown()
    text = (folder / "schemas/loyalty-members.yaml").read_text()
    (folder / "schemas/loyalty-members.yaml").write_text(
        f'{text}  - "@type": xdm:descriptorIdentity\n    xdm:sourceProperty: /person/name/fullName\n'
        "    xdm:namespace: ECID\n    xdm:property: xdm:code\n"
    )
    assert told(plan(server, folder)) == [
        "update schema 'Loyalty members'",
        '  descriptors[xdm:descriptorIdentity /person/name/fullName]: added: {@type: "xdm:descriptorIdentity", '
        'xdm:sourceProperty: "/person/name/fullName", xdm:namespace: "ECID", xdm:property: "xdm:code"}',
    ]
    apply(server, folder)
    assert told(plan(server, folder)) == []
    assert shown() == before
    (folder / "schemas/loyalty-members.yaml").write_text(text)
    apply(server, folder)
    assert told(plan(server, folder)) == []


def test_a_partial_export_takes_what_it_names_along(server: Scratch, tmp_path: Path) -> None:
    present = read_present(server)
    found = _chosen(present, ["journeys"], ["Thank the customer"], with_dependencies=True)
    assert {str(ref) for ref in found} == {
        "journey 'Thank the customer'",
        "event 'OrderPlaced'",
        "action 'SendMessage'",
        "schema 'Order events'",
        "field group 'Shop customer'",
        "data set 'Orders'",
    }


def test_a_namespace_of_one_s_own_is_a_dependency(server: Scratch, tmp_path: Path) -> None:
    client = Client(server)
    client.post("/data/core/idnamespace/identities", {"name": "Loyalty", "code": "Loyal", "idType": "CROSS_DEVICE"})
    export(server, tmp_path)
    edit(tmp_path, "events/order-placed.yaml", "name: OrderPlaced", "name: ByLoyalty")
    for old, new in (("@event{OrderPlaced.", "@event{ByLoyalty."), ("namespace: Email", "namespace: loyal")):
        edit(tmp_path, "events/order-placed.yaml", old, new)
    text = (tmp_path / "events/order-placed.yaml").read_text()
    (tmp_path / "events/order-placed.yaml").write_text(
        "\n".join(line for line in text.splitlines() if not line.startswith("eventID")) + "\n"
    )
    (tmp_path / JOURNEY).unlink()
    apply(server, tmp_path)
    found = _chosen(read_present(server), ["events"], ["ByLoyalty"], with_dependencies=True)
    assert Ref("namespaces", "Loyal") in found


def test_audiences_travel_as_definitions_and_journeys_name_them(
    server: Scratch, empty: Scratch, tmp_path: Path
) -> None:
    client = Client(server)
    audience = {"name": "Best customers", "description": "", "identityNamespace": "Email", "audienceId": "crm-7"}
    made = client.post("/data/core/ups/audiences", audience)
    client.post("/data/core/ups/audiences", {"name": "Others", "identityNamespace": "Email"})
    node = {"type": "readAudience", "audienceId": made["id"]}
    client.post(f"{JOURNEYS}/journeys", {"name": "To the best", "entry": {"node": "read"}, "nodes": {"read": node}})
    export(server, tmp_path / "a")
    assert (tmp_path / "a/audiences/best-customers.yaml").read_text() == (
        "name: Best customers\nidentityNamespace: Email\naudienceId: crm-7\n"
    )
    assert "audienceId: Best customers\n" in (tmp_path / "a/journeys/to-the-best.yaml").read_text()
    apply(empty, tmp_path / "a")
    export(empty, tmp_path / "b")
    assert texts(tmp_path / "a") == texts(tmp_path / "b")
    assert told(plan(empty, tmp_path / "a")) == []
    edit(tmp_path / "a", "audiences/others.yaml", "name: Others", "name: Others\ndescription: The rest")
    assert told(plan(empty, tmp_path / "a")) == ["update audience 'Others'", '  description: added: "The rest"']
    assert apply(empty, tmp_path / "a") == ["update audience 'Others'"]


def test_a_title_that_another_kind_has_is_a_fault(server: Scratch, folder: Path) -> None:
    (folder / "data-types").mkdir()
    (folder / "data-types/x.yaml").write_text("title: Shop customer\nproperties: {a: {type: string}}\n")
    (folder / "field-groups/shop-customer.yaml").unlink()
    assert [str(fault) for fault in plan(server, folder).faults] == [
        "data-types/x.yaml:1:1: 'Shop customer' is the title of a field group 'Shop customer' already"
    ]


def test_usage_labels_marketing_actions_and_policies_travel_and_keep_a_journey_from_being_published(
    server: Scratch, empty: Scratch, tmp_path: Path
) -> None:
    client = Client(server)
    dule = "/data/foundation/dulepolicy"
    client.put(f"{dule}/labels/custom/partner", {"friendlyName": "Of a partner"})
    client.put(f"{dule}/marketingActions/custom/offers", {"description": "Offers of ours"})
    body = {
        "name": "No partners in offers",
        "status": "ENABLED",
        "marketingActionRefs": ["custom/offers", "core/emailTargeting"],
        "deny": {"operator": "OR", "operands": [{"label": "partner"}, {"label": "C2"}]},
    }
    client.post(f"{dule}/policies/custom", body)
    schema = next(one for one in read_present(server).resources.values() if one.ref.key == "Order events")
    descriptor = {
        "@type": "xdm:descriptorLabel",
        "xdm:sourceSchema": schema.id,
        "xdm:sourceProperty": "/_parcours/person",
        "xdm:labels": ["partner"],
    }
    client.post("/data/foundation/schemaregistry/tenant/descriptors", descriptor)
    folder = tmp_path / "a"
    export(server, folder)
    assert (folder / "usage-labels/partner.yaml").read_text() == "name: partner\nfriendlyName: Of a partner\n"
    assert (
        "marketingActionRefs:\n  - custom/offers\n  - core/emailTargeting\n"
        in (folder / "usage-policies/no-partners-in-offers.yaml").read_text()
    )
    apply(empty, folder)
    export(empty, tmp_path / "b")
    assert texts(folder) == texts(tmp_path / "b")
    assert told(plan(empty, folder)) == []
    label = "    label: Send the vip message\n"
    edit(folder, JOURNEY, label, f"{label}    additionalMarketingAction: offers\n")
    found = plan(empty, folder, publish=True)
    assert [fault.code for fault in found.faults] == ["ERR_USAGE_POLICY"], found
    edit(folder, "usage-policies/no-partners-in-offers.yaml", "status: ENABLED", "status: DISABLED")
    assert plan(empty, folder, publish=True).faults == ()
