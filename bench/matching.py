"""What it costs to have many: 200 live journeys and 1 000 event configurations, beside one of each.

The events are the same, and so is what becomes of them: each enters one journey, whose first node asks a condition and
whose second calls an action. Of the thousand configurations a hundred are on the schema of the events, as many as a
schema may have, half of them system-generated and half rules over its fields; the others are on nine more schemas.

The same is measured once more with every module interpreted, as in a checkout: what is measured otherwise is compiled.

A third log has as many views of a product as orders. The hundred configurations of the schema look at a view and none
is about it; it lands, and the profile has it. As each order makes two steps, there are as many steps as events.
"""

import copy
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.definitions import XDM_FULL, Bench, order
from bench.figures import Figure, figure, middle
from bench.pipeline import EVENTS, fill, on_core

CONFIGURATIONS = 1_000
JOURNEYS = 200
OF_A_SCHEMA = 100
ROUNDS = 3
SOURCE = Path(__file__).parents[1] / "src"
ONE_IN = 2


def run() -> list[Figure]:
    """The same events through a sandbox with little and one with much in it, in turn."""
    folder = Path(tempfile.mkdtemp(prefix="parcours-bench-"))
    try:
        few, many = Bench(folder / "few"), Bench(folder / "many")
        few.define()
        many.define()
        define_many(many)
        mixed = copy.copy(many)
        mixed.data_dir = folder / "mixed"
        shutil.copytree(many.data_dir, mixed.data_dir)
        for bench in (few, many):
            fill(bench)
        fill(mixed, stream)
        plain = {"PYTHONPATH": str(SOURCE)}
        benches: tuple[tuple[str, Bench, int, dict[str, str]], ...] = (
            ("few", few, EVENTS, {}), ("many", many, EVENTS, {}), ("plain", many, EVENTS, plain),
            ("mixed", mixed, EVENTS // ONE_IN, {}),
        )  # fmt: skip
        rates: dict[str, list[float]] = {name: [] for name, *_ in benches}
        starts: dict[str, list[float]] = {name: [] for name, *_ in benches}
        for n in range(ROUNDS):
            for name, bench, calls, environment in benches:
                place = folder / f"{name}{n}"
                shutil.copytree(bench.data_dir, place)
                seconds = on_core("bench.pipeline", "ours", str(place), str(calls), **environment)
                rates[name].append(EVENTS / float(seconds))
                starts[name].append(float(on_core("bench.matching", "compile", str(place))))
                shutil.rmtree(place)
        rate, base = middle(rates["many"]), middle(rates["plain"])
        cost = middle([a / b for a, b in zip(rates["few"], rates["many"], strict=True)])
        one = "one journey, one event configuration"
        title = f"{JOURNEYS} journeys, {CONFIGURATIONS:,} event configurations"
        return [
            figure(
                f"events that all enter, with {title}",
                rate, "events/s", ("the same, interpreted", base), "≥ 10 000/s", rate >= 10_000,
            ),
            figure(
                f"events of which one in {ONE_IN} enters, a step for each event, with {title}",
                middle(rates["mixed"]), "events/s", ("all of them enter", rate), "≥ 10 000/s",
                middle(rates["mixed"]) >= 10_000,
            ),
            figure(f"cost of an event with {title}", cost, "×", (one, 1.0), "≤ 1.5 ×", cost <= 1.5),
            figure(
                f"compiling {title}",
                middle(starts["many"]), "s", (one, middle(starts["few"])), "< 10 s", middle(starts["many"]) < 10,
            ),
        ]  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def define_many(bench: Bench) -> None:
    """Event configurations and journeys up to the numbers above."""
    with bench.serving():
        platform = bench.platform()
        names: list[tuple[str, str]] = []
        for place in range(CONFIGURATIONS // OF_A_SCHEMA):
            members: dict[str, Any] = {}
            if place:
                schema = _make_schema(platform, f"Bench {place}")
                fields = ["/commerce/order/priceTotal"]
                members = {"schemaRef": {"id": schema, "contentType": XDM_FULL}, "fields": fields}
            for number in range(0 if place else 1, OF_A_SCHEMA):
                name = f"E{place}x{number}"
                made = bench.define_event(platform, name, **members, **_kind(name, number))
                if not place:
                    names.append((name, made["uid"]))
        for number in range(1, JOURNEYS):
            name, uid = names[number % len(names)]
            document = bench.journey(f"Other {number}", uid, bench.action_uid)
            bench.publish(platform, _renamed(document, name))


def stream(bench: Bench, number: int) -> dict[str, Any]:
    """An order or, by another customer, the view of a product."""
    made = order(bench, number)
    if number % ONE_IN:
        entity = made["body"]["xdmEntity"]
        entity["eventType"] = "commerce.productViews"
        entity["commerce"] = {"productViews": {"value": 1}}
        entity["productListItems"] = [{"SKU": f"S{number % 500}", "name": f"Thing {number % 500}", "priceTotal": 12.5}]
        del entity["_experience"]
    return made


def _make_schema(platform: Any, title: str) -> str:
    parts = (
        "https://ns.adobe.com/xdm/context/experienceevent",
        "https://ns.adobe.com/xdm/context/experienceevent-commerce",
        "https://ns.adobe.com/experience/campaign/orchestration/eventid",
        "https://ns.adobe.com/xdm/context/identitymap",
    )
    body = {"type": "object", "title": title, "allOf": [{"$ref": part} for part in parts]}
    made: str = platform.post("/data/foundation/schemaregistry/tenant/schemas", body)["$id"]
    return made


def _kind(name: str, number: int) -> dict[str, Any]:
    """Every other one a rule that no order of the bench fulfils; one in five of those compares numbers."""
    if number % 2:
        return {}
    if number % 10 == 0:
        condition = f"@event{{{name}.commerce.order.priceTotal}} > {100_000 + number}"
    else:
        condition = (
            f'@event{{{name}.eventType}} == "kind.{number}" and @event{{{name}.commerce.order.priceTotal}} > {number}'
        )
    return {"idType": "ruleBased", "idCondition": condition}


def _renamed(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(one, name) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, name) for one in value]
    return value.replace("@event{OrderPlaced.", f"@event{{{name}.") if isinstance(value, str) else value


def compile_all(data_dir: Path) -> float:
    """Seconds until a new process has compiled every definition."""
    from parcours.app import build_pipeline, build_platform
    from parcours.kit.settings import Settings

    pipeline = build_pipeline(build_platform(Settings.from_environment(data_dir=data_dir)))
    started = time.perf_counter()
    pipeline.look()
    return time.perf_counter() - started


if __name__ == "__main__":
    import sys

    print({"compile": compile_all}[sys.argv[1]](Path(sys.argv[2])))
