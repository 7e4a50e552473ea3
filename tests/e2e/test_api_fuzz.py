"""Nothing that is sent to the control plane makes it fail: calls made up from its OpenAPI, and valid calls changed.

`PARCOURS_FUZZ_EXAMPLES` multiplies the number of calls, and makes each run choose others.
"""

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from fuzz_values import changed, queries, written
from fuzz_world import World, world
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

TIMES = int(os.environ.get("PARCOURS_FUZZ_EXAMPLES", "0"))
_numbers = itertools.count()


def bounded(examples: int) -> Any:
    """Settings of a property: the same examples in each run, unless more are asked for."""
    return settings(
        max_examples=examples * max(TIMES, 1),
        derandomize=TIMES == 0,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        print_blob=True,
    )


@pytest.fixture(scope="module")
def sqlite_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("fuzz")) as made:
        yield made


def ask_by_description(asked: World, examples: int) -> None:
    """Send each operation what its description allows and what it doesn't, with ids that exist or don't."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", asked.app)
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/report/live"):
            continue  # its answer has no end
        modes = [operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]

        @bounded(examples)
        @given(case=st.one_of(modes), ids=st.none() | st.lists(st.sampled_from(asked.ids), min_size=3, max_size=3))
        def ask(case: Any, ids: list[str] | None) -> None:
            if ids is not None and case.path_parameters:
                kept = ("container", "kind")
                chosen = {name: one for name, one in zip(case.path_parameters, ids, strict=False) if name not in kept}
                case.path_parameters = {**case.path_parameters, **chosen}
            case.headers = {k: v for k, v in (case.headers or {}).items() if k.lower().startswith("if-")}
            # One operation lets go of the token it is called with.
            answer = case.call(headers={} if case.path.startswith("/ims/") else asked.headers)
            asked.check(case.method, case.formatted_path, answer)

        ask()


def change_calls(asked: World, examples: int) -> None:
    """Send valid calls with their bodies changed in a few places."""

    @bounded(examples)
    @given(data=st.data())
    def send(data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(asked.calls))
        body = written(data.draw(changed(renamed(call.body))))
        asked.send(call, body)

    send()


def ask_odd_questions(asked: World, examples: int) -> None:
    """Read with query parameters that are filters, orders, places and times, or nothing of the kind."""
    questions = [(path, names) for path, names in asked.questions() if names]

    @bounded(examples)
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        path, names = data.draw(st.sampled_from(questions))
        for name in re.findall(r"\{\w+\}", path):
            found = {"{container}": "tenant", "{kind}": "schemas"}.get(name) or data.draw(st.sampled_from(asked.ids))
            path = path.replace(name, quote(found, safe=""))
        chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
        query = [(name, data.draw(queries)) for name in chosen]
        answer = asked.client.get(path, params=query)
        asked.check("GET", str(answer.request.url), answer)

    ask()


def renamed(body: Any) -> Any:
    """The body under another name, so that it isn't refused for the one it has."""
    if not isinstance(body, dict):
        return body
    return {**body, **{key: f"Fuzz{next(_numbers)}" for key in ("name", "title", "code") if key in body}}


def test_no_call_made_from_the_description_makes_the_server_fail(sqlite_world: World) -> None:
    ask_by_description(sqlite_world, 5)


def test_no_changed_call_makes_the_server_fail(sqlite_world: World) -> None:
    change_calls(sqlite_world, 500)


def test_no_odd_question_makes_the_server_fail(sqlite_world: World) -> None:
    ask_odd_questions(sqlite_world, 300)


@pytest.mark.postgres
def test_postgresql_stands_the_same(tmp_path: Path, postgres_url: str) -> None:
    with world(tmp_path, postgres_url) as asked:
        change_calls(asked, 100)
        ask_odd_questions(asked, 60)
        ask_by_description(asked, 1)
