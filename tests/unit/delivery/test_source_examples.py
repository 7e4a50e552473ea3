"""The examples of docs/reference/data-sources.md are what is asked, read, and kept."""

import asyncio
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from test_fetching import BOX, World
from virtual_time import run_virtual

from parcours.actions import authentication
from parcours.actions.model import HttpRequest
from parcours.datasources import document
from parcours.datasources.document import read_document
from parcours.datasources.table import SourceTable
from parcours.delivery.model import OutboxRow
from parcours.delivery.sender import Received
from parcours.journeys.fetch_request import to_request
from parcours.journeys.model import FetchRequest

PAGE = (Path(__file__).parents[3] / "docs/reference/data-sources.md").read_text(encoding="utf-8")
EXAMPLES: list[dict[str, Any]] = [orjson.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
OPTIONS = [one for one in EXAMPLES if "source" in one]


def row(row_id: int, example: dict[str, Any]) -> OutboxRow:
    source = example["source"]
    asked = FetchRequest("s1", source["name"], source["fieldGroups"][0]["name"], example["given"], (0,))
    return OutboxRow(row_id, 1, f"i{row_id}", "n", 2, "v1", "s1", f"i{row_id}-2", to_request([asked]), 30_000_000)


@pytest.mark.parametrize("example", OPTIONS, ids=lambda one: one["source"]["name"])
def test_each_option_asks_reads_and_keeps_what_the_page_says(example: dict[str, Any]) -> None:
    stored = read_document(example["source"], False)
    stored["authentication"] = authentication.seal(stored["authentication"], BOX, None)
    table = SourceTable([(1, "s1", 0, stored)], BOX)

    class Answering(World):
        async def send(self, request: HttpRequest, bare: HttpRequest, headers: Any) -> Received:
            if request.url == example["source"].get("authentication", {}).get("endpoint"):
                return Received(200, {}, example["token"].encode())
            return await super().send(request, bare, headers)

    async def main() -> None:
        world = Answering(lambda _n: Received(200, {}, orjson.dumps(example["answered"])), table)
        world.fetching.take(row(1, example))
        await asyncio.sleep(1)
        ((request, _),) = world.sent
        asked = example["asked"]
        assert (request.method, request.url) == (asked["method"], asked["url"])
        headers = dict(request.headers)
        assert {name: headers.get(name) for name in asked["headers"]} == asked["headers"]
        assert (None if request.body is None else orjson.loads(request.body)) == asked.get("body")
        assert world.done[1][0][0].data == example["read"]
        kept_s = example["keptSeconds"]
        await asyncio.sleep(max(kept_s - 3, 0))
        world.fetching.take(row(2, example))
        await asyncio.sleep(1)
        assert len(world.sent) == (1 if kept_s else 2)
        await asyncio.sleep(3)
        world.fetching.take(row(3, example))
        await asyncio.sleep(1)
        assert len(world.sent) == (2 if kept_s else 3)
        assert {outcomes[0].error for outcomes, _ in world.done.values()} == {None}

    run_virtual(main())
    group = table.get(1, "s1")
    assert group is not None
    (shape,) = [one.answer for one in group.groups.values()]
    scalars = {path: str(kind) for path, kind in shape.types.items() if kind not in ("object", "listObject")}
    assert scalars == example["types"]


def test_every_member_of_the_model_is_in_the_tables_and_used_in_an_example() -> None:
    sources = [one["source"] for one in OPTIONS]
    groups = [group for one in sources for group in one["fieldGroups"]]
    assert {name for one in sources for name in one} == set(document._WRITTEN)
    assert {name for one in groups for name in one} == document._OF_GROUP
    (built_in,) = [one for one in EXAMPLES if "fields" in one.get("fieldGroups", [{}])[0]]
    assert built_in.keys() == {"description", "fieldGroups"}
    assert built_in["fieldGroups"][0].keys() == {"name", "description", "fields"}
    assert {one["authentication"]["type"] for one in sources} == set(authentication._KEYS)
    prose = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
    members = {*document._WRITTEN, *document._OF_GROUP, "fields"}
    assert {name for name in members if f"`{name}`" not in prose} == set()
