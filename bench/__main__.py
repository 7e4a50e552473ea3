"""`make bench`: every figure, or those named: `make bench ARGS="pipeline latency"`."""

import sys

from rich.console import Console

from bench import collection, latency, pipeline, simulate, startup
from bench.figures import Figure, report
from bench.machine import NotMeasured

PARTS = {
    "collection": collection.run,
    "pipeline": pipeline.run,
    "latency": latency.run,
    "simulate": simulate.run,
    "startup": startup.run,
}


def main() -> int:
    unknown = [name for name in sys.argv[1:] if name not in PARTS]
    if unknown:
        print(f"what can be measured: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    console = Console()
    figures: list[Figure] = []
    missing: list[str] = []
    for name in sys.argv[1:] or PARTS:
        console.print(f"measuring {name} …")
        try:
            figures += PARTS[name]()
        except NotMeasured as reason:
            missing.append(f"{name} was not measured: {reason}")
    report(figures)
    for line in missing:
        console.print(f"[yellow]{line}[/]")
    return 0


sys.exit(main())
