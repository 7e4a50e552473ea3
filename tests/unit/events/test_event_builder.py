"""The builder of the table of events, which threads of the control plane share."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from event_world import EVENTS, create_schema, event_body
from fastapi.testclient import TestClient

from parcours.app import Platform
from parcours.events.compile import EventBuilder
from parcours.events.model import EVENT_KIND
from parcours.kit.clock import SystemClock


def test_a_table_is_whole_while_another_thread_builds_one(api: TestClient, platform: Platform) -> None:
    schema_id = create_schema(api)
    uids = {api.post(EVENTS, json=event_body(schema_id, name=f"Order{n}")).json()["uid"] for n in range(4)}
    with platform.db.read() as connection:
        stored = list(platform.resources.in_all_scopes(connection, EVENT_KIND))
        has_begun, may_end = threading.Event(), threading.Event()

        def read(_connection: Any, _kind: str) -> Iterator[Any]:
            if threading.current_thread() is not threading.main_thread():
                has_begun.set()
                may_end.wait(10)
                yield from stored
                return
            first, *rest = stored
            yield first
            other.start()
            assert has_begun.wait(10)
            yield from rest

        resources: Any = SimpleNamespace(in_all_scopes=read)
        builder = EventBuilder(resources, platform.schemas.table, SystemClock())
        other = threading.Thread(target=builder.build, args=(connection,))
        table = builder.build(connection)
        may_end.set()
        other.join()
        scope_id = stored[0].scope_id
        assert {uid for uid in uids if table.get(scope_id, uid) is not None} == uids
