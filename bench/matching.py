"""What it costs to have many: 200 live journeys and 1 000 event configurations, beside one of each.

The events are the same, and so is what becomes of them: each enters one journey, whose first node asks a condition and
whose second calls an action. Of the thousand configurations a hundred are on the schema of the events, as many as a
schema may have, half of them system-generated and half rules over its fields; the others are on nine more schemas.
"""

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.definitions import XDM_FULL, Bench
from bench.figures import Figure, figure, middle
from bench.pipeline import EVENTS, fill, on_core

CONFIGURATIONS = 1_000
JOURNEYS = 200
OF_A_SCHEMA = 100
ROUNDS = 3


def run() -> list[Figure]:
    """The same events through a sandbox with little and one with much in it, in turn."""
    folder = Path(tempfile.mkdtemp(prefix="parcours-bench-"))
    try:
        few, many = Bench(folder / "few"), Bench(folder / "many")
        few.define()
        many.define()
        define_many(many)
        for bench in (few, many):
            fill(bench)
        rates: dict[str, list[float]] = {"few": [], "many": []}
        starts: dict[str, list[float]] = {"few": [], "many": []}
        for n in range(ROUNDS):
            for name, bench in (("few", few), ("many", many)):
                copy = folder / f"{name}{n}"
                shutil.copytree(bench.data_dir, copy)
                rates[name].append(EVENTS / float(on_core("bench.pipeline", "ours", str(copy))))
                starts[name].append(float(on_core("bench.matching", "compile", str(copy))))
                shutil.rmtree(copy)
        rate, base = middle(rates["many"]), middle(rates["few"])
        cost = middle([a / b for a, b in zip(rates["few"], rates["many"], strict=True)])
        one = "one journey, one event configuration"
        title = f"{JOURNEYS} journeys, {CONFIGURATIONS:,} event configurations"
        return [
            figure(f"events with {title}", rate, "events/s", (one, base), "≥ 10 000/s", rate >= 10_000),
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
