"""The hot path's measurements come out as Prometheus expects them."""

import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from parcours.kit.tally import Tally, TallyHistogram, TallyTotal, tallies
from parcours.kit.telemetry import BulkHistogram


def lines(name: str) -> list[str]:
    text = generate_latest(tallies).decode()
    return [line for line in text.splitlines() if line.startswith(name)]


def test_a_tally_counts_by_label_from_nought() -> None:
    tally = Tally("tally_test_requests_total", "Requests.", "status", (200,))
    assert lines("tally_test_requests") == ['tally_test_requests_total{status="200"} 0.0']
    tally.add(200)
    tally.add(413, 2)
    tally.add(200)
    assert lines("tally_test_requests") == [
        'tally_test_requests_total{status="200"} 2.0',
        'tally_test_requests_total{status="413"} 2.0',
    ]


def test_a_total_has_no_label() -> None:
    total = TallyTotal("tally_test_records_total", "Records.")
    total.count += 3
    assert lines("tally_test_records") == ["tally_test_records_total 3.0"]


def test_a_histograms_buckets_are_cumulative_and_include_their_bound() -> None:
    histogram = TallyHistogram("tally_test_seconds", "Time.", (0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 2.0):
        histogram.observe(seconds)
    assert lines("tally_test_seconds") == [
        'tally_test_seconds_bucket{le="0.1"} 2.0',
        'tally_test_seconds_bucket{le="1.0"} 3.0',
        'tally_test_seconds_bucket{le="+Inf"} 4.0',
        "tally_test_seconds_count 4.0",
        "tally_test_seconds_sum 2.65",
    ]


def test_a_value_observed_many_times_is_as_many_observations() -> None:
    registry = CollectorRegistry()
    bulk = BulkHistogram("bulk_seconds", "Time.", buckets=(0.1, 1.0), registry=registry)
    plain = Histogram("plain_seconds", "Time.", buckets=(0.1, 1.0), registry=registry)
    for seconds, count in ((0.1, 3), (0.5, 2), (7.0, 1)):
        bulk.observe_many(seconds, count)
        for _ in range(count):
            plain.observe(seconds)
    for suffix, labels in (("_bucket", {"le": "0.1"}), ("_bucket", {"le": "1.0"}), ("_count", {}), ("_sum", {})):
        of_bulk, of_plain = (registry.get_sample_value(f"{name}_seconds{suffix}", labels) for name in ("bulk", "plain"))
        assert of_bulk == pytest.approx(of_plain)
