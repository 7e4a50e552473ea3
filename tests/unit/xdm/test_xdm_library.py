"""The bundled components: complete, consistent, and in the names payloads use."""

from typing import Any

import pytest

from parcours.xdm.compose import resolve
from parcours.xdm.ids import EVENT_CLASS, PROFILE_CLASS, alt_id
from parcours.xdm.library import library, title_of
from parcours.xdm.registry import Registry
from parcours.xdm.rules import references
from parcours.xdm.table import SchemaTable, compile_schema

NS = "https://ns.adobe.com/"
LISTED = {
    "behaviors": ["xdm/data/record", "xdm/data/time-series", "xdm/data/adhoc"],
    "classes": [
        "xdm/context/profile",
        "xdm/context/experienceevent",
        "experience/journeyOrchestration/stepEvents/journeyStepEvent",
        "experience/journeyOrchestration/stepEvents/journey",
    ],
    "mixins": [
        "xdm/context/identitymap",
        "xdm/context/profile-person-details",
        "xdm/context/profile-personal-details",
        "xdm/context/profile-work-details",
        "xdm/context/profile-preferences-details",
        "xdm/mixins/profile-consents",
        "xdm/context/profile-test-profile",
        "xdm/context/profile-push-notification-details",
        "xdm/context/profile-segmentation",
        "xdm/mixins/profile/profile-loyalty-details",
        "experience/campaign/orchestration/eventid",
        "experience/campaign/experienceevent-profile-work-details",
        "xdm/context/experienceevent-commerce",
        "xdm/context/experienceevent-web",
        "xdm/context/experienceevent-environment-details",
        "xdm/context/experienceevent-application",
        "xdm/context/experienceevent-pushtracking",
        "xdm/context/experienceevent-marketing",
        "xdm/context/experienceevent-implementation-details",
        "xdm/context/experienceevent-enduserids",
        "xdm/context/experienceevent-loyalty-details",
        "experience/aep-web-sdk-experienceevent",
        "experience/analytics/experienceevent-all",
        "experience/journeyOrchestration/stepEvents/journeyStepEventCommonFields",
        "experience/journeyOrchestration/serviceEvents/segmentExportJob/",
        "experience/customerJourneyManagement/message-delivery-feedback",
    ],
    "datatypes": ["xdm/common/address", "xdm/context/emailaddress", "xdm/context/phonenumber", "xdm/context/identity"],
}


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in LISTED.items() for path in paths])
def test_each_component_of_the_specification_is_there(kind: str, path: str) -> None:
    assert library()[NS + path]["meta:resourceType"] == kind


@pytest.mark.parametrize("resource_id", list(library()))
def test_each_component_refers_to_components_that_exist_and_resolves(resource_id: str) -> None:
    resource = library()[resource_id]
    assert all(uri in library() for uri in references(resource))
    assert resolve(resource, library().get)["meta:xdmType"]
    assert resource["meta:altId"] == alt_id(resource_id)


def test_titles_are_unique() -> None:
    titles = [resource["title"] for resource in library().values()]
    assert len(titles) == len(set(titles))


def _all_of(class_id: str) -> dict[str, object]:
    groups = [r["$id"] for r in library().values() if class_id in r.get("meta:intendedToExtend", ())]
    return {
        "$id": "https://ns.adobe.com/acme/schemas/all",
        "title": "All",
        "version": "1.0",
        "meta:resourceType": "schemas",
        "allOf": [{"$ref": uri} for uri in (class_id, *groups)],
    }


@pytest.mark.parametrize("class_id", [PROFILE_CLASS, EVENT_CLASS])
def test_all_field_groups_of_a_class_fit_together_and_compile(class_id: str) -> None:
    assert compile_schema(Registry(), _all_of(class_id)).document["properties"]


@pytest.mark.parametrize(
    ("class_id", "path", "kind"),
    [
        (PROFILE_CLASS, "_repo.createDate", "date-time"),
        (PROFILE_CLASS, "person.name.firstName", "string"),
        (PROFILE_CLASS, "person.birthYear", "int"),
        (PROFILE_CLASS, "homeAddress._schema.latitude", "number"),
        (PROFILE_CLASS, "consents.marketing.email.val", "string"),
        (PROFILE_CLASS, "consents.idSpecific.Email.jane@example.com.collect.val", "string"),
        (PROFILE_CLASS, "segmentMembership.ups.abc.status", "string"),
        (PROFILE_CLASS, "loyalty.rewards.coupons.0.redemptionLimit", "int"),
        (PROFILE_CLASS, "optInOut._channels.email", "string"),
        (EVENT_CLASS, "_experience.campaign.orchestration.eventID", "string"),
        (EVENT_CLASS, "_experience.analytics.customDimensions.eVars.eVar250", "string"),
        (EVENT_CLASS, "_experience.analytics.event901to1000.event1000.value", "number"),
        (EVENT_CLASS, "_experience.analytics.contextData.anything", "string"),
        (EVENT_CLASS, "productListItems.*.SKU", "string"),
        (EVENT_CLASS, "productListItems.SKU", "string"),
        (EVENT_CLASS, "environment.browserDetails.userAgentClientHints.brands.0.brand", "string"),
        (EVENT_CLASS, "placeContext.POIinteraction.poiDetail.metadata.list.0.key", "string"),
        (EVENT_CLASS, "endUserIDs._experience.mcid.namespace.code", "string"),
        (EVENT_CLASS, "_experience.customerJourneyManagement.messageDeliveryfeedback.feedbackStatus", "string"),
        (EVENT_CLASS, "_experience.analytics.customDimensions.eVars.eVar251", None),
        (EVENT_CLASS, "web.nothing", None),
    ],
)
def test_fields_are_found_under_their_payload_names(class_id: str, path: str, kind: str | None) -> None:
    tokens = [token.replace("|", ".") for token in path.replace("example.com", "example|com").split(".")]
    found = compile_schema(Registry(), _all_of(class_id)).field_at(tokens)
    assert (found and found["meta:xdmType"]) == kind


def test_the_schema_of_step_events_is_in_every_sandbox() -> None:
    step_events = SchemaTable({}, {}).get(
        7, "https://ns.adobe.com/experience/journeyOrchestration/stepEvents/journeyStepEventSchema"
    )
    assert step_events is not None
    assert step_events.behaviour == "time-series"
    assert step_events.field_at(("_experience", "journeyOrchestration", "stepEvents", "actionExecutionTime"))


def test_labels_are_made_from_names() -> None:
    assert title_of("pointsToNextTier") == "Points to next tier"
    assert title_of("SKU") == "SKU"


def test_schemas_that_contradict_each_other_leave_the_union_of_their_class_usable() -> None:
    def enabled(number: int, kind: str) -> dict[str, Any]:
        return {
            "$id": f"s{number}",
            "title": f"S{number}",
            "version": "1.0",
            "meta:resourceType": "schemas",
            "meta:immutableTags": ["union"],
            "allOf": [{"$ref": PROFILE_CLASS}],
            "properties": {"_acme": {"type": "object", "properties": {"a": {"type": kind}}}},
        }

    registry = Registry({"s1": enabled(1, "string"), "s2": enabled(2, "number")})
    union = SchemaTable({1: registry}, {}).union(1, PROFILE_CLASS)
    assert union.field_at(("personID",))
    assert SchemaTable({1: Registry({"s1": enabled(1, "string")})}, {}).union(1, PROFILE_CLASS).field_at(("_acme", "a"))
