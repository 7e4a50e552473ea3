"""`make bench`: every figure, or those named: `make bench ARGS="pipeline waiting=100000"`."""

import sys
from collections.abc import Callable

from rich.console import Console

from bench import collection, delivery, designer, email, latency, matching, pipeline, simulate, startup, steps, waiting
from bench.figures import Figure, report
from bench.machine import NotMeasured
from parcours import batch

PARTS: dict[str, Callable[..., list[Figure]]] = {
    "collection": collection.run,
    "pipeline": pipeline.run,
    "matching": matching.run,
    "steps": steps.run,
    "latency": latency.run,
    "simulate": simulate.run,
    "delivery": delivery.run,
    "email": email.run,
    "designer": designer.run,
    "waiting": waiting.run,
    "startup": startup.run,
}
SIZED = {"waiting"}
"""Parts whose size can be given, such as `waiting=100000`."""


def main() -> int:
    asked = [name.partition("=") for name in sys.argv[1:]] or [(name, "", "") for name in PARTS]
    if any(name not in PARTS or (sign and not (name in SIZED and size.isdecimal())) for name, sign, size in asked):
        print(f"what can be measured: {', '.join(PARTS)}; waiting=N with N people", file=sys.stderr)
        return 2
    console = Console()
    kind = "interpreted" if str(batch.__file__).endswith(".py") else "compiled"
    console.print(f"What is measured is {kind}.")
    figures: list[Figure] = []
    missing: list[str] = []
    for name, _, size in asked:
        console.print(f"measuring {name} …")
        try:
            figures += PARTS[name](int(size)) if size else PARTS[name]()
        except NotMeasured as reason:
            missing.append(f"{name} was not measured: {reason}")
    report(figures)
    for line in missing:
        console.print(f"[yellow]{line}[/]")
    return 0


sys.exit(main())
