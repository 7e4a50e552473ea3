"""How a list and an audience are compared, part by part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.audiences.loading import next_part, refuse
from parcours.audiences.upload_store import Progress

PEOPLE = st.sets(st.text("abcé𝄞", min_size=1, max_size=3))


@given(PEOPLE, PEOPLE, st.integers(1, 4))
def test_parts_together_name_everyone_of_the_list_and_every_member_it_lacks_once_and_in_order(
    listed: set[str], inside: set[str], limit: int
) -> None:
    """Each part looks at no more than `limit` of either side."""
    after = ""
    named: list[str] = []
    gone: list[str] = []
    for _ in range(len(listed) + len(inside) + 1):
        part = next_part(
            [(identity, None) for identity in sorted(listed) if identity > after][:limit],
            [identity for identity in sorted(inside) if identity > after][:limit],
            limit,
        )
        assert len(part.listed) <= limit
        assert len(part.unlisted) <= limit
        named += [identity for identity, _ in part.listed]
        gone += part.unlisted
        if part.through is None:
            break
        assert part.through > after
        after = part.through
    else:
        raise AssertionError("it does not end")
    assert named == sorted(listed)
    assert gone == sorted(inside - listed)


@pytest.mark.parametrize(
    ("rows", "bad_rows", "most", "is_refused"),
    [
        (0, 0, 0, False),
        (10, 1, 10, False),
        (10, 2, 10, True),
        (10, 9, 100, False),
        (10, 10, 100, True),
        (1000, 1, 0, True),
    ],
)
def test_too_many_bad_rows_refuse_a_list(rows: int, bad_rows: int, most: int, is_refused: bool) -> None:
    assert (refuse(Progress(rows=rows, bad_rows=bad_rows), most) is not None) is is_refused
