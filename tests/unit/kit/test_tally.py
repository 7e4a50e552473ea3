"""The hot path's measurements come out as Prometheus expects them."""

from prometheus_client import generate_latest

from parcours.kit.tally import Tally, TallyHistogram, TallyTotal, tallies


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
