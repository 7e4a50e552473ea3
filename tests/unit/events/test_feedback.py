"""What message services post back about the messages of journeys."""

from typing import Any

import pytest
from event_world import EVENT_CLASS
from hypothesis import given
from hypothesis import strategies as st

from parcours.delivery.model import idempotency_key
from parcours.events.feedback import FEEDBACK_SCHEMA, TRACKING_SCHEMA, Feedback, read_feedback, split_message_id
from parcours.journeys.workset import instance_id_of
from parcours.xdm.compiled import CompiledSchema
from parcours.xdm.registry import Registry
from parcours.xdm.table import SchemaTable

INSTANCE = instance_id_of(1_780_000_000_000, "version|jane@example.com|seed")
KEY = idempotency_key(INSTANCE, 3)
AT = "2026-06-01T10:00:00Z"


def event(**groups: Any) -> dict[str, Any]:
    return {"_id": "1", "timestamp": AT, "_experience": {"customerJourneyManagement": groups}}


def schema_of(schema_id: str) -> CompiledSchema:
    schema = SchemaTable({1: Registry()}, {}).get(1, schema_id)
    assert schema is not None
    assert (schema.class_id, schema.behaviour, schema.has_identity_map) == (EVENT_CLASS, "time-series", True)
    return schema


EXECUTION = {
    "messageExecutionID": "UMA-30647505",
    "journeyVersionID": "version",
    "journeyVersionInstanceID": INSTANCE,
    "journeyVersionNodeID": "send",
}
PROFILE = {"messageProfileID": KEY, "channel": {"_id": "https://ns.adobe.com/xdm/channels/email"}}
BOUNCE = {
    "feedbackStatus": "bounce",
    "messageFailure": {"reason": "Mailbox is full", "code": "FR-123", "type": "soft"},
    "retryCount": 1,
}
DELIVERY = event(messageExecution=EXECUTION, messageProfile=PROFILE, messageDeliveryfeedback=BOUNCE)
CLICK = event(
    messageExecution=EXECUTION,
    messageProfile=PROFILE,
    messageInteraction={"interactionType": "click", "url": "https://example.com/offer", "label": "See the offer"},
)


def test_a_delivery_says_which_message_and_what_became_of_it() -> None:
    assert read_feedback(DELIVERY) == Feedback(
        KEY, INSTANCE, 3, "delivery", "bounce", AT, False, "Mailbox is full", "version", "send"
    )


def test_an_interaction_says_what_a_person_did() -> None:
    assert read_feedback(CLICK) == Feedback(
        KEY, INSTANCE, 3, "interaction", "click", AT, False, "See the offer", "version", "send"
    )


def test_both_are_valid_records_of_the_schemas_the_registry_has() -> None:
    feedback, tracking = schema_of(FEEDBACK_SCHEMA), schema_of(TRACKING_SCHEMA)
    assert feedback.violations({**DELIVERY, "eventType": "message.feedback"}) == []
    assert tracking.violations({**CLICK, "eventType": "message.tracking"}) == []
    assert [one["keyword"] for one in tracking.violations(DELIVERY)] == ["additionalProperties"]
    unknown = event(messageExecution=EXECUTION, messageDeliveryfeedback={"feedbackStatus": "eaten"})
    assert [one["keyword"] for one in feedback.violations(unknown)] == ["enum"]
    nobody = event(messageExecution={"journeyVersionID": "v"}, messageDeliveryfeedback={"feedbackStatus": "sent"})
    assert "messageExecutionID" in feedback.violations(nobody)[0]["message"]


def test_senders_with_one_id_put_it_into_the_execution() -> None:
    found = read_feedback(
        event(messageExecution={"messageExecutionID": KEY}, messageDeliveryfeedback={"feedbackStatus": "delivered"})
    )
    assert found is not None
    assert (found.message_id, found.status, found.label, found.node_id) == (KEY, "delivered", None, None)


@pytest.mark.parametrize(
    ("interaction", "is_bot"),
    [
        ({"interactionType": "open"}, False),
        ({"interactionType": "open", "isBot": True}, True),
        ({"interactionType": "bot_open"}, True),
        ({"interactionType": "bot_click"}, True),
    ],
)
def test_machines_that_open_messages_are_told_from_people(interaction: dict[str, Any], is_bot: bool) -> None:
    found = read_feedback(event(messageProfile=PROFILE, messageInteraction=interaction))
    assert found is not None
    assert found.is_bot is is_bot


def test_why_a_message_was_left_out_is_told() -> None:
    exclusion = {"feedbackStatus": "exclude", "messageExclusion": {"code": "050109"}}
    found = read_feedback(event(messageProfile=PROFILE, messageDeliveryfeedback=exclusion))
    assert found is not None
    assert (found.status, found.label) == ("exclude", "050109")


@pytest.mark.parametrize(
    "entity",
    [
        {},
        {"_experience": None},
        {"_experience": "x"},
        {"_experience": {"campaign": {}}},
        event(),
        event(messageProfile=PROFILE),
        event(messageProfile=PROFILE, messageInteraction={}),
        event(messageProfile=PROFILE, messageInteraction={"interactionType": ""}),
        event(messageInteraction={"interactionType": "open"}),
        event(messageExecution={"messageExecutionID": "UMA-30647505"}, messageInteraction={"interactionType": "open"}),
        {**CLICK, "timestamp": None},
    ],
)
def test_what_says_nothing_of_a_journeys_message_is_nothing(entity: dict[str, Any]) -> None:
    assert read_feedback(entity) is None


@pytest.mark.parametrize(
    "value",
    [
        None, 5, "", "-", "-3", INSTANCE, f"{INSTANCE}-", f"{INSTANCE}-x", f"{INSTANCE}-03", f"{INSTANCE}--3",
        f"{INSTANCE}-1234567890", f"{INSTANCE[1:]}-3", f"{INSTANCE.upper()}-3", f"{INSTANCE}-٣",
        "4218b775-bef3-46b2-aee2-7caae052cf94", ["x"],
    ],
)  # fmt: skip
def test_what_is_no_message_id_is_not_taken_for_one(value: Any) -> None:
    assert split_message_id(value) is None


@given(st.integers(0, 10**9 - 1), st.text(max_size=20), st.integers(0, 2**41))
def test_every_idempotency_key_is_a_message_id(pass_no: int, seed: str, at_ms: int) -> None:
    instance_id = instance_id_of(at_ms, seed)
    assert split_message_id(idempotency_key(instance_id, pass_no)) == (instance_id, pass_no)


json_values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["messageProfile", "messageExecution", "messageInteraction", "messageDeliveryfeedback"]),
            inner,
        )
    ),
    max_leaves=8,
)


@given(json_values)
def test_no_record_makes_it_raise(value: Any) -> None:
    for entity in ({"_experience": value}, {"timestamp": AT, "_experience": {"customerJourneyManagement": value}}):
        assert read_feedback(entity) is None
