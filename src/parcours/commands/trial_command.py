"""`parcours trial`: a simulation for a process that serves, which asks on standard input."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import orjson

from parcours.access.errors import SandboxNotFound
from parcours.access.model import Sandbox
from parcours.actions.service import ACTION_KIND
from parcours.app import Platform, build_platform
from parcours.events.fields import OPEN, cut
from parcours.events.links import row_place, with_rows
from parcours.events.model import EVENT_KIND, EventConfiguration
from parcours.events.preview import show_row, show_values
from parcours.events.related import sent_fields, with_related
from parcours.events.service import EventService
from parcours.journeys.compile import VersionIdentity, compile_version
from parcours.journeys.definitions import FrozenDefinitions
from parcours.journeys.live import identity_of
from parcours.journeys.seen import VirtualClock
from parcours.journeys.trial import EventKind, Setting, check_members, run_trial, start_of
from parcours.journeys.versions import VERSION_KIND
from parcours.kit.clock import SystemClock
from parcours.kit.errors import Invalid
from parcours.kit.helper import begin_helper
from parcours.kit.memory import settle_memory
from parcours.kit.settings import Settings
from parcours.xdm.compiled import CompiledSchema


def run(settings: Settings, limit_s: float) -> None:
    """Answer one question: {"result"}, or {"fault": {"message", "path"}}."""
    question = orjson.loads(begin_helper(limit_s))
    settle_memory()
    platform = build_platform(settings)
    try:
        answer: dict[str, Any] = {"result": _simulate(platform, question)}
    except Invalid as error:
        answer = {"fault": {"message": str(error), "path": error.path}}
    finally:
        platform.close()
    sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_NON_STR_KEYS))


def _simulate(platform: Platform, question: dict[str, Any]) -> dict[str, Any]:
    asked = question["asked"]
    check_members(asked)
    clock = VirtualClock(start_of(asked, SystemClock().now_us()))
    found = [one for one in platform.access.sandboxes(question["org"]) if one.name == question["sandbox"]]
    if not found:
        raise SandboxNotFound(question["sandbox"])
    return run_trial(_setting(platform, found[0], question, clock), asked, clock)


def _setting(platform: Platform, sandbox: Sandbox, question: dict[str, Any], clock: VirtualClock) -> Setting:
    """What the sandbox has, its events compiled with the virtual clock: their conditions may ask for the time."""
    scope_id = sandbox.scope_id
    service = EventService(
        platform.db, platform.resources, platform.schemas, platform.namespaces, platform.catalog.table,
        platform.flows.inlets, platform.settings.base_url, clock,
    )  # fmt: skip
    with platform.db.read() as connection:
        events = service.table.current(connection)
        definitions = replace(platform.journeys.definitions(connection, scope_id), events=events)
        names = None
        identity = VersionIdentity(scope_id=scope_id, org_id=sandbox.org_id, sandbox_name=sandbox.name)
        if question["versionUid"]:
            stored = platform.resources.get(connection, scope_id, VERSION_KIND, question["versionUid"])
            names, identity = stored.body["names"], identity_of(stored, sandbox)
        used = definitions if names is None else FrozenDefinitions(definitions, names)
        journey = compile_version(question["document"], used, identity)
        data_sets = platform.catalog.table.current(connection)
        kinds: dict[str, EventKind] = {}
        for one in platform.resources.in_scope(connection, scope_id, EVENT_KIND):
            schema = definitions.schemas.get(scope_id, one.body["schemaRef"]["id"])
            configuration = events.get(scope_id, one.id)
            if schema is None or configuration is None:
                continue
            rows = {
                link.dataset_id: related.document
                for link in configuration.related
                if (data_set := data_sets.get(scope_id, link.dataset_id))
                and (related := definitions.schemas.get(scope_id, data_set.schema_id))
            }
            places = {row_place(link.path): rows.get(link.dataset_id, OPEN) for link in configuration.related}
            kinds[one.id] = kinds[one.body["name"]] = EventKind(
                configuration, one.body, schema, partial(_sample, configuration, one.body, schema, rows),
                with_rows(schema.document, places),
            )  # fmt: skip
        audiences = definitions.audiences.of_scope(scope_id)
        known = {
            key: shape for one in audiences if (shape := definitions.audience(one.id)) for key in (one.id, one.name)
        }
        sources = definitions.data_sources.in_scope(scope_id)
        actions = platform.actions.table.current(connection)
        return Setting(
            question["document"], journey, events, actions, definitions.data_sources, definitions.rule_sets, scope_id,
            kinds, known,
            {text: one.id for one in data_sets.of_scope(scope_id) for text in (one.name, one.id)},
            [
                *(one.body["name"] for one in platform.resources.in_scope(connection, scope_id, ACTION_KIND)),
                *(one.name for one in sources),
                *(f"{one.name}.{group}" for one in sources for group in one.groups),
            ],
        )  # fmt: skip


def _sample(
    configuration: EventConfiguration, body: Mapping[str, Any], schema: CompiledSchema,
    rows: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """An entity, and beside each field that names a row one that is made up. rows: data set → schema of its rows."""
    last = {"_id": "sample", "timestamp": "2026-01-01T00:00:00.000Z"}
    selected = cut(schema.document, sent_fields(body))
    entity = show_values(selected, schema, configuration.namespace, body["eventID"], last)
    return dict(with_related(entity, configuration.related, lambda found, _: show_row(rows.get(found, OPEN))))
