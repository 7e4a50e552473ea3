"""Calls that journeys want made: what is put into the outbox for a custom action, a message, a fetch of data."""

from collections.abc import Mapping
from typing import Any

from parcours.actions.errors import ActionParameterInvalid
from parcours.actions.table import ActionTable
from parcours.channels.draft import Draft
from parcours.expressions.references import PLATFORM
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.enrichment import ENRICHMENT, attributes_of
from parcours.journeys.fetch_request import to_request
from parcours.journeys.model import NOTHING, CallAction, FetchData, Instance, SendMessage
from parcours.journeys.run import PROFILE_GROUP, make
from parcours.journeys.workset import Held, OutgoingCall
from parcours.templates.table import TemplateTable


def action_call(actions: ActionTable, held: Held, command: CallAction) -> OutgoingCall | str:
    """A custom action's call for one individual; why there can be none."""
    node_id, pass_no, action_uid, action_name, path, parameters, deadline_us = command
    journey = held.journey
    scope_id = journey.scope_id
    action = actions.get(scope_id, action_uid)
    if action is None:
        return f"action {action_name!r} is gone"
    try:
        request = action.build(parameters, path)
    except ActionParameterInvalid as error:
        return str(error)
    return make(OutgoingCall, (
        scope_id, held.partition, held.instance.id, node_id, pass_no, journey.version_uid, action_uid, request,
        deadline_us,
    ))  # fmt: skip


def message_call(
    templates: TemplateTable, held: Held, command: SendMessage, data: Mapping[str, Any]
) -> OutgoingCall | str:  # fmt: skip
    """A message for one individual; why there can be none.

    What the template reads of the individual is frozen as of now; the rest is done when the message is sent.
    """
    journey, instance = held.journey, held.instance
    template = templates.get(journey.scope_id, command.action_uid)
    if template is None:
        return f"template {command.action_name!r} is gone"
    values = template.pick(template_values(journey, instance, command, data))
    draft = Draft(
        channel=command.channel, template_uid=template.uid, template_version=template.version,
        configuration_uid=command.configuration_uid, address=command.address, namespace=instance.namespace,
        identity=instance.key, values=values, has_consent=command.has_consent,
        journey_uid=journey.journey_uid, is_test=journey.mode == "test", platform=command.platform,
        utc_offset_s=command.utc_offset_s, is_time_optimized=command.is_time_optimized,
    )  # fmt: skip
    try:
        request = draft.request()
    except TypeError as error:
        return f"a value can't be written as JSON: {error}"
    return OutgoingCall(
        journey.scope_id, held.partition, instance.id, command.node_id, command.pass_no,
        journey.version_uid, command.action_uid, request, command.deadline_us,
    )  # fmt: skip


def fetch_call(held: Held, command: FetchData) -> OutgoingCall:
    """A fetch of data that an instance waits for."""
    journey = held.journey
    return OutgoingCall(
        journey.scope_id, held.partition, held.instance.id, command.node_id, command.pass_no,
        journey.version_uid, command.requests[0].source_uid, to_request(command.requests), command.deadline_us,
    )  # fmt: skip


def template_values(
    journey: CompiledJourney, instance: Instance, command: SendMessage, data: Mapping[str, Any]
) -> dict[str, Any]:
    """What a message template may read of an individual, by root."""
    events = command.events
    told = {
        "events": events, "actions": command.actions, "datasetLookup": command.lookups, "technicalProperties": {}
    }  # fmt: skip
    if instance.supplemental_id is not None:
        told["technicalProperties"] = {"supplementalId": instance.supplemental_id}
    profile = (data.get(PLATFORM) or NOTHING).get(PROFILE_GROUP) or NOTHING
    if journey.carries_attributes:
        profile = {**profile, ENRICHMENT: attributes_of(instance.run)}
    return {
        "profile": profile,
        "event": next((events[name] for name in journey.entry_event_names if name in events), NOTHING),
        "context": {"journey": told},
        "params": command.parameters,
    }
