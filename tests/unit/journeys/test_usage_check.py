"""Data usage policies over journeys: what blocks a publication, and consent for an additional marketing action."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from journey_world import IDENTITY, World, document
from test_journey_api import VERSIONS, Sandbox

from parcours.governance.document import read_policy
from parcours.governance.table import ScopePolicies, compile_policy
from parcours.journeys.activities.custom_action import ActionNode
from parcours.journeys.activities.kind import DataSetShape, TemplateShape
from parcours.journeys.compile import EventShape, examine
from parcours.xdm.ids import PROFILE_CLASS, UNION_SUFFIX

DULE = "/data/foundation/dulepolicy"
END = {"type": "end"}
LOYALTY = {"type": "customAction", "actionUid": "a2"}
EXPORT = "exportToThirdParty"


class Governed(World):
    """The world of journeys with labelled fields and policies."""

    def __init__(self, *policies: dict[str, Any]) -> None:
        super().__init__()
        self.usage_policies = ScopePolicies(
            marketing_actions=["offers"],
            policies=[compile_policy(one["name"], read_policy({"status": "ENABLED", **one})) for one in policies],
        )
        shape = self.events["e1"]
        self.events["e1"] = EventShape(shape.uid, shape.name, shape.namespace, shape.document, schema_id="orders")
        self.field_labels = {
            "orders": {("total",): frozenset({"C1"}), ("email",): frozenset({"I1"})},
            PROFILE_CLASS + UNION_SUFFIX: {("tier",): frozenset({"C3"})},
            "products": {("price",): frozenset({"S1"})},
        }
        found = self.data_sets["d2"]
        self.data_sets["d2"] = DataSetShape(found.id, found.name, found.document, False, True, "products")

    def template(self, uid: str) -> TemplateShape:
        paths = (("profile", "tier"), ("context", "journey", "events", "Order", "total"), ("event", "email"))
        return TemplateShape(uid, uid, "email", {}, uid, paths)


def policy(deny: Any, *actions: str, name: str = "P") -> dict[str, Any]:
    return {"name": name, "marketingActionRefs": list(actions or [f"core/{EXPORT}"]), "deny": deny}


def told(world: World, node: dict[str, Any], **nodes: Any) -> list[tuple[str, str, str]]:
    names = [*nodes, "m", "e"]
    doc = document({**nodes, "m": node, "e": END}, *zip(["start", *names], names, strict=False))
    _, found = examine(doc, world, IDENTITY)
    assert all(fault.node_id == "m" for fault in found), found
    return [(fault.severity, fault.code, f"{fault.path}: {fault.message}") for fault in found]


def sends(expression: str, marketing_action: str | None = EXPORT) -> dict[str, Any]:
    more = {} if marketing_action is None else {"additionalMarketingAction": marketing_action}
    return {**LOYALTY, "parameters": [{"paramPath": "/n", "expression": expression}], **more}


def test_a_labelled_field_in_a_parameter_violates_a_policy() -> None:
    world = Governed(policy({"label": "C1"}, name="No export"))
    assert told(world, sends("toInteger(@event{Order.total})")) == [
        (
            "error",
            "ERR_USAGE_POLICY",
            "$.nodes.m.parameters[0].expression: policy 'No export' forbids exportToThirdParty with data labelled C1: "
            "event Order.total (C1)",
        )
    ]


@pytest.mark.parametrize(
    ("deny", "expression", "is_forbidden"),
    [
        ({"label": "C1"}, "3", False),
        ({"label": "I1"}, "toInteger(@event{Order.total})", False),
        ({"label": "C3"}, "length(#{ExperiencePlatform.ProfileFieldGroup.tier})", True),
        ({"label": "C3"}, "length(#{ExperiencePlatform.TierOnly.tier})", True),
        ({"label": "C1"}, "length(#{ExperiencePlatform.ProfileFieldGroup.tier})", False),
        (
            {"operator": "AND", "operands": [{"label": "C1"}, {"label": "C3"}]},
            "toInteger(@event{Order.total} + length(#{ExperiencePlatform.ProfileFieldGroup.tier}))",
            True,
        ),
        ({"operator": "AND", "operands": [{"label": "C1"}, {"label": "C3"}]}, "toInteger(@event{Order.total})", False),
    ],
)
def test_labels_of_everything_that_is_sent_are_taken_together(deny: Any, expression: str, is_forbidden: bool) -> None:
    codes = [code for severity, code, _ in told(Governed(policy(deny)), sends(expression)) if severity == "error"]
    assert codes == (["ERR_USAGE_POLICY"] if is_forbidden else [])


def test_only_the_marketing_actions_of_the_activity_count() -> None:
    world = Governed(policy({"label": "C1"}))
    field = "toInteger(@event{Order.total})"
    assert told(world, sends(field, None)) == []
    assert told(world, sends(field, "analytics")) == []
    world = Governed(policy({"label": "C3"}, "custom/offers"))
    offers = {"type": "customAction", "actionUid": "a3", "path": "#{ExperiencePlatform.ProfileFieldGroup.tier}"}
    ((_, code, text),) = told(world, offers)
    assert code == "ERR_USAGE_POLICY"
    assert text.startswith("$.nodes.m.path: ")
    assert "forbids offers with" in text


def test_rows_of_a_lookup_have_the_labels_of_their_data_set() -> None:
    lookup = {
        "type": "datasetLookup",
        "label": "prices",
        "dataSetId": "d2",
        "keys": '["b"]',
        "fields": ["/price", "/sku"],
    }
    world = Governed(policy({"label": "S1"}))
    field = 'toInteger(@datasetLookup{prices.entities.first(currentDatasetLookupField.sku == "b").price})'
    found = told(world, sends(field), look=lookup)
    assert [code for _, code, _ in found] == ["ERR_USAGE_POLICY"], found


@pytest.mark.parametrize(
    ("path", "is_labelled"), [(("entities",), True), (("entities", "price"), True), (("entities", "sku"), False)]
)
def test_rows_of_a_lookup_in_the_text_of_a_message_have_labels_too(path: tuple[str, ...], is_labelled: bool) -> None:
    class Reading(Governed):
        def template(self, uid: str) -> TemplateShape:
            paths = (("context", "journey", "datasetLookup", "prices", *path),)
            return TemplateShape(uid, uid, "email", {}, "marketing", paths)

    lookup = {"type": "datasetLookup", "label": "prices", "dataSetId": "d2", "keys": '["b"]'}
    world = Reading(policy({"label": "S1"}, "core/emailTargeting"))
    found = told(world, {"type": "message", "channel": "email", "templateUid": "t"}, look=lookup)
    read = ".".join(("lookup prices", *path[1:]))
    assert [text.rpartition(": ")[2] for _, _, text in found] == ([f"{read} (S1)"] if is_labelled else [])


@pytest.mark.parametrize(("category", "labels"), [("marketing", "C1,C3,I1"), ("transactional", "")])
def test_an_email_of_marketing_is_email_targeting_and_its_text_is_read(category: str, labels: str) -> None:
    world = Governed(*(policy({"label": one}, "core/emailTargeting", name=one) for one in ("C1", "C3", "I1")))
    found = told(world, {"type": "message", "channel": "email", "templateUid": category})
    assert [text for _, _, text in found] == [
        f"$.nodes.m.templateUid: policy '{label}' forbids emailTargeting with data labelled {label}: {field} ({label})"
        for label, field in (("C1", "event Order.total"), ("C3", "profile.tier"), ("I1", "event Order.email"))
        if label in labels
    ]


def test_a_marketing_action_that_is_not_there_is_an_error_in_a_journey_and_a_warning_of_an_action() -> None:
    ((severity, code, text),) = told(Governed(), sends("3", "teleport"))
    assert (severity, code) == ("error", "ERR_MARKETING_ACTION_UNKNOWN")
    assert text.startswith("$.nodes.m.additionalMarketingAction: ")
    world = Governed()
    world.usage_policies = ScopePolicies()
    ((severity, code, text),) = told(world, {"type": "customAction", "actionUid": "a3"})
    assert (severity, code) == ("warning", "ERR_MARKETING_ACTION_UNKNOWN")


def test_an_additional_marketing_action_asks_for_consent() -> None:
    doc = document({"m": sends("3", "analytics"), "e": END}, ("start", "m"), ("m", "e"))
    journey, _ = examine(doc, Governed(), IDENTITY)
    assert journey is not None
    assert journey.reads_profile
    node = journey.nodes["m"]
    assert isinstance(node, ActionNode)
    assert node.requires_consent


def test_a_violation_blocks_publication_and_a_later_policy_stops_nothing(api: TestClient) -> None:
    sandbox = Sandbox(api)
    descriptor = {
        "@type": "xdm:descriptorLabel",
        "xdm:sourceSchema": sandbox.schema_id,
        "xdm:sourceProperty": "/_acme/person",
        "xdm:labels": ["I1"],
    }
    assert api.post("/data/foundation/schemaregistry/tenant/descriptors", json=descriptor).status_code == 201
    body = policy({"label": "I1"}, name="No identifiers for partners")
    made = api.post(f"{DULE}/policies/custom", json={**body, "status": "ENABLED"}).json()
    document = sandbox.document()
    document["nodes"]["mail"]["additionalMarketingAction"] = EXPORT
    draft = api.post("/journey/orchestration/journeys", json=document).json()
    version = f"{VERSIONS}/{draft['versionUid']}"
    found = api.post(f"{version}/check").json()
    assert (found["valid"], found["errors"][0]["code"], found["errors"][0]["nodeId"]) == (
        False, "ERR_USAGE_POLICY", "mail",
    )  # fmt: skip
    refused = api.post(f"{version}/publish")
    assert refused.status_code == 400
    assert "No identifiers for partners" in refused.text
    assert "event Order._acme.person.email (I1)" in refused.text
    status = [{"op": "replace", "path": "/status", "value": "DISABLED"}]
    one = f"{DULE}/policies/custom/{made['id']}"
    assert api.patch(one, json=status).status_code == 200
    assert api.post(f"{version}/publish").status_code == 200
    assert api.patch(one, json=[{**status[0], "value": "ENABLED"}]).status_code == 200
    assert api.get(version).json()["status"] == "Deployed"
