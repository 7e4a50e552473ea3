"""The arithmetic of experiments: pure, whatever the figures come from. Source: journeys §8.13."""

import random
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from math import log, sqrt
from typing import NamedTuple

HOLD_OUT = ""
"""What stands for the hold-out among paths: no path has an empty id."""
CONFIDENCE = 0.95
RHO_SQUARED = 10**-2.8
"""Where a confidence sequence is narrowest: at some thousands of individuals. The reference product's choice."""
DRAWS = 10_000
MIN_INDIVIDUALS = 100
"""Fewest on each side before a path can have won: the sequence holds for large numbers."""
SHARE_DIGITS = 4


class Arm(NamedTuple):
    """One path of an experiment, and how its individuals did."""

    path: str
    individuals: int
    converted: int

    @property
    def rate(self) -> float:
        """The share that converted; 0 of nobody."""
        return self.converted / self.individuals if self.individuals else 0.0


class Lift(NamedTuple):
    """How much better one path does than another."""

    difference: float
    """Of the rates."""
    relative: float | None
    """The difference as a share of the other's rate; None when that is 0."""
    low: float
    """The confidence sequence of the difference."""
    high: float

    @property
    def is_significant(self) -> bool:
        """Whether the difference has a sign."""
        return self.low > 0 or self.high < 0


def lift_of(arm: Arm, baseline: Arm, confidence: float = CONFIDENCE) -> Lift | None:
    """The difference of two rates, with an interval that may be looked at as often as one likes; None without anybody.

    An asymptotic confidence sequence: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, "Time-uniform central limit theory
    and asymptotic confidence sequences", Annals of Statistics 52 (2024), theorem 2.2, with n the individuals of both
    sides and σ² n times the variance of the difference. Rates are taken with half a success and half a failure more
    for the variance (Agresti and Caffo, 2000), so that a side without conversions is not taken to be certain.
    """
    if not arm.individuals or not baseline.individuals:
        return None
    difference = arm.rate - baseline.rate
    n = arm.individuals + baseline.individuals
    spread = n * RHO_SQUARED + 1
    alpha = 1 - confidence
    variance = _variance(arm) + _variance(baseline)
    radius = sqrt(variance * spread / (n * RHO_SQUARED) * log(spread / alpha**2))
    relative = difference / baseline.rate if baseline.converted else None
    return Lift(difference, relative, max(difference - radius, -1.0), min(difference + radius, 1.0))


def _variance(arm: Arm) -> float:
    """Of the estimated rate."""
    rate = (arm.converted + 0.5) / (arm.individuals + 1)
    return rate * (1 - rate) / arm.individuals


def winner_of(arms: Sequence[Arm], confidence: float = CONFIDENCE) -> str | None:
    """The path that is better than each other one; None while none is.

    The risk that the confidence leaves is shared among the comparisons (Bonferroni).
    """
    if len(arms) < 2 or any(arm.individuals < MIN_INDIVIDUALS for arm in arms):
        return None
    best = max(arms, key=lambda arm: arm.rate)
    each = 1 - (1 - confidence) / (len(arms) - 1)
    lifts = [lift_of(best, arm, each) for arm in arms if arm.path != best.path]
    return best.path if all(lift is not None and lift.low > 0 for lift in lifts) else None


def shares_of(arms: Sequence[Arm], total: float, exploration: float, seed: str) -> dict[str, float]:
    """The percentages of a multi-armed bandit's paths from now on; they add up to `total`.

    Thompson sampling: a path gets the share in which it is the best of rates drawn from their posteriors, Beta(1 +
    converted, 1 + others) (Thompson, 1933; Chapelle and Li, 2011). exploration: the percentage of `total` that is
    divided equally before, so that none is ever given up. seed: the same draws whenever this is worked out again.
    """
    draw = random.Random(seed)
    best = [0] * len(arms)
    for _ in range(DRAWS):
        rates = [draw.betavariate(1 + arm.converted, 1 + max(arm.individuals - arm.converted, 0)) for arm in arms]
        best[rates.index(max(rates))] += 1
    least = exploration / 100 / len(arms)
    found = {
        arm.path: round(total * (least + (1 - exploration / 100) * wins / DRAWS), SHARE_DIGITS)
        for arm, wins in zip(arms, best, strict=True)
    }
    largest = max(found, key=lambda path: found[path])
    found[largest] = round(found[largest] + total - sum(found.values()), SHARE_DIGITS)
    return found


def draw_of(version_uid: str, node_id: str, key: str) -> float:
    """Where an individual stands between 0 and 100, the same in every entrance of a version."""
    seed = f"{version_uid}\n{node_id}\n{key}".encode()
    return int.from_bytes(blake2b(seed, digest_size=8).digest(), "big") * 100 / 2**64


def path_at(drawn: float, holdout: float, shares: Mapping[str, float]) -> str:
    """The path whose stretch a draw falls into, the hold-out's being the first."""
    limit = float(holdout)
    if drawn < limit:
        return HOLD_OUT
    last = HOLD_OUT
    for path, share in shares.items():
        limit += share
        if share > 0:
            last = path
            if drawn < limit:
                return path
    return last  # what rounding left over
