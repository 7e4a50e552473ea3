"""Measurements of the inlets' way: plain numbers of one process, each written by one thread.

`prometheus_client` keeps what several processes measure in files, behind a lock. Four such measurements cost more than
everything else that an inlet does with a request; these cost next to nothing. /metrics shows both kinds.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

tallies = CollectorRegistry()
"""Every tally of this process."""


class Tally(Collector):
    """A counter with one label. `counts` is by the label's value and may be written to directly."""

    def __init__(self, name: str, help_text: str, label: str, values: Sequence[str | int] = ()) -> None:
        self._name, self._help, self._label = name, help_text, label
        self.counts: dict[str | int, int] = dict.fromkeys(values, 0)
        tallies.register(self)

    def add(self, value: str | int, count: int = 1) -> None:
        """Count `count` more under a value of the label."""
        self.counts[value] = self.counts.get(value, 0) + count

    def collect(self) -> Iterator[CounterMetricFamily]:
        """See Collector."""
        family = CounterMetricFamily(self._name, self._help, labels=[self._label])
        for value, count in sorted(self.counts.items(), key=lambda item: str(item[0])):
            family.add_metric([str(value)], count)
        yield family


class TallyTotal(Collector):
    """A counter without labels; `count` may be written to directly."""

    def __init__(self, name: str, help_text: str) -> None:
        self._name, self._help = name, help_text
        self.count = 0
        tallies.register(self)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """See Collector."""
        yield CounterMetricFamily(self._name, self._help, value=self.count)


class TallyHistogram(Collector):
    """A histogram of seconds without labels. buckets: upper bounds, ascending."""

    def __init__(self, name: str, help_text: str, buckets: Sequence[float]) -> None:
        self._name, self._help = name, help_text
        self._bounds = tuple(buckets)
        self._counts = [0] * (len(buckets) + 1)
        self._sum = 0.0
        tallies.register(self)

    def observe(self, seconds: float) -> None:
        """Take a measurement in."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """See Collector."""
        below, rows = 0, []
        for bound, count in zip((*map(str, self._bounds), "+Inf"), tuple(self._counts), strict=True):
            below += count
            rows.append((bound, below))
        yield HistogramMetricFamily(self._name, self._help, buckets=rows, sum_value=self._sum)
