"""The arithmetic of experiments."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parcours.journeys.experiments import (
    HOLD_OUT,
    MIN_INDIVIDUALS,
    Arm,
    draw_of,
    lift_of,
    path_at,
    shares_of,
    winner_of,
)
from parcours.journeys.metrics import MAX_VALUE, to_thousandths


@st.composite
def arms(draw: st.DrawFn) -> list[Arm]:
    numbers = draw(st.lists(st.tuples(st.integers(0, 5_000), st.floats(0, 1)), min_size=2, max_size=6))
    return [Arm(f"p{index}", people, int(people * rate)) for index, (people, rate) in enumerate(numbers)]


@settings(deadline=None, max_examples=25)  # ten thousand draws each
@given(arms(), st.integers(1, 100), st.integers(1, 50))
def test_shares_add_up_and_none_falls_below_its_part_of_exploration(
    every: list[Arm], total: int, exploration: int
) -> None:
    shares = shares_of(every, total, exploration, "seed")
    assert list(shares) == [arm.path for arm in every]
    assert sum(shares.values()) == pytest.approx(total, abs=1e-9)
    least = total * exploration / 100 / len(every)
    assert all(share >= least - 0.001 for share in shares.values())


@settings(deadline=None, max_examples=10)
@given(arms())
def test_shares_are_the_same_whenever_they_are_worked_out_again(every: list[Arm]) -> None:
    assert shares_of(every, 90, 10, "v\nn\n1") == shares_of(every, 90, 10, "v\nn\n1")


@pytest.mark.parametrize("seed", range(5))
def test_a_bandit_comes_to_give_the_better_path_most(seed: int) -> None:
    """Week after week, people are drawn by the shares and convert by the true rates."""
    draw, rates = random.Random(seed), {"a": 0.05, "b": 0.12, "c": 0.06}
    counts = {path: [0, 0] for path in rates}
    shares: dict[str, float] = dict.fromkeys(rates, 30.0)
    for week in range(6):
        for _ in range(600):
            path = path_at(draw.random() * 100, 10, shares)
            if path != HOLD_OUT:
                counts[path][0] += 1
                counts[path][1] += draw.random() < rates[path]
        shares = shares_of([Arm(path, *numbers) for path, numbers in counts.items()], 90, 10, f"{seed} {week}")
    assert shares["b"] == max(shares.values()) > 60
    assert min(shares.values()) >= 3


def test_nobody_known_divides_shares_nearly_equally() -> None:
    shares = shares_of([Arm("a", 0, 0), Arm("b", 0, 0)], 100, 10, "x")
    assert abs(shares["a"] - 50) < 2


@given(st.floats(0, 99.999999), st.integers(0, 99), st.lists(st.integers(0, 40), min_size=1, max_size=6))
def test_every_draw_falls_into_one_stretch(drawn: float, holdout: int, weights: list[int]) -> None:
    weights[0] += 1
    scale = (100 - holdout) / sum(weights)
    shares = {f"p{index}": weight * scale for index, weight in enumerate(weights)}
    path = path_at(drawn, holdout, shares)
    assert (path == HOLD_OUT) == (drawn < holdout)
    assert path == HOLD_OUT or shares[path] > 0


def test_draws_are_spread_evenly_and_belong_to_the_individual() -> None:
    draws = [draw_of("v", "n", f"p{number}") for number in range(5_000)]
    assert sum(draw < 30 for draw in draws) / 5_000 == pytest.approx(0.3, abs=0.03)
    assert draw_of("v", "n", "p1") == draws[1] != draw_of("v", "other", "p1")


def test_a_lift_is_the_difference_and_its_share_of_the_baseline() -> None:
    lift = lift_of(Arm("b", 1_000, 150), Arm("a", 1_000, 100))
    assert lift is not None
    assert (lift.difference, lift.relative) == (pytest.approx(0.05), pytest.approx(0.5))
    assert lift.low < 0.05 < lift.high
    assert (lift.high + lift.low) / 2 == pytest.approx(0.05)
    # by hand: sqrt(var * (n r2 + 1) / (n r2) * ln((n r2 + 1) / 0.0025)), n = 2000, r2 = 10**-2.8
    assert lift.high - lift.low == pytest.approx(2 * 0.0459, abs=0.001)


def test_there_is_no_lift_without_anybody() -> None:
    assert lift_of(Arm("b", 0, 0), Arm("a", 10, 1)) is None
    without = lift_of(Arm("b", 10, 1), Arm("a", 10, 0))
    assert without is not None
    assert without.relative is None


def test_looking_every_day_seldom_finds_a_difference_that_is_none() -> None:
    """The promise of a confidence sequence: over all looks together, at most one in twenty is wrong."""
    wrong = 0
    for seed in range(200):
        draw = random.Random(seed)
        left, right = Arm("a", 0, 0), Arm("b", 0, 0)
        for _ in range(60):
            left, right = (
                Arm(arm.path, arm.individuals + 40, arm.converted + sum(draw.random() < 0.2 for _ in range(40)))
                for arm in (left, right)
            )
            if winner_of([left, right]) is not None:
                wrong += 1
                break
    assert wrong <= 10


def test_a_winner_is_better_than_each_other_path() -> None:
    good, bad, close = Arm("a", 5_000, 900), Arm("b", 5_000, 500), Arm("c", 5_000, 880)
    assert winner_of([good, bad]) == "a"
    assert winner_of([bad, good]) == "a"
    assert winner_of([good, bad, close]) is None
    assert winner_of([good]) is None
    few = MIN_INDIVIDUALS - 1
    assert winner_of([Arm("a", few, few), Arm("b", few, 0)]) is None


@pytest.mark.parametrize(
    ("value", "thousandths"),
    [(19.99, 19_990), (0.1 + 0.2, 300), (-5, -5_000), (MAX_VALUE + 1, 0), (float("nan"), 0), ("12", 0), (True, 0)],
)
def test_values_are_whole_thousandths(value: object, thousandths: int) -> None:
    assert to_thousandths(value) == thousandths
