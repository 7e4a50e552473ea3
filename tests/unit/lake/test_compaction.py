"""Which files are merged: neighbours, so that records stay in the order in which they landed."""

import pytest

from parcours.lake.compaction import find_run

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        ([], None),
        ([1] * 9, None),
        ([1] * 10, slice(0, 10)),
        ([5 * MIB] * 3 + [1] * 10, slice(3, 13)),
        ([1] * 4 + [5 * MIB] + [1] * 6 + [5 * MIB], slice(0, 11)),
        ([1] * 9 + [300 * MIB] + [1] * 9, None),
        ([1] * 9 + [300 * MIB] + [1] * 10, slice(10, 20)),
        ([1] * 500, slice(0, 200)),
        ([1] * 5 + [5 * MIB] * 300 + [1] * 9, None),
    ],
)
def test_small_files_merge_with_what_stands_between_them(sizes: list[int], found: slice | None) -> None:
    assert find_run(sizes, 0, MIB) == found


def test_a_class_of_larger_files_takes_the_smaller_ones_between_along() -> None:
    assert find_run([1, *[5 * MIB, 1] * 10], MIB, 16 * MIB) == slice(1, 20)
