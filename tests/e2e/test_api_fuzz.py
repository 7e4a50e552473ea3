"""Nothing that is sent to the control plane makes it fail: calls made up from its OpenAPI, and valid calls changed.

`PARCOURS_FUZZ_EXAMPLES` multiplies the number of calls, and makes each run choose others.
"""

import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fuzz_values import changed, written
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


def renamed(body: Any) -> Any:
    """The body under another name, so that it isn't refused for the one it has."""
    if not isinstance(body, dict):
        return body
    return {**body, **{key: f"Fuzz{next(_numbers)}" for key in ("name", "title", "code") if key in body}}


def test_no_call_made_from_the_description_makes_the_server_fail(sqlite_world: World) -> None:
    ask_by_description(sqlite_world, 5)


def test_no_changed_call_makes_the_server_fail(sqlite_world: World) -> None:
    change_calls(sqlite_world, 500)
