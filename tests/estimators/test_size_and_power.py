"""Every test of the package, in the worlds of docs/tests.md: its size under the null and its power."""

from inspect import isfunction, signature
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

import estimators
from benchmarks.calibration_tables import ALPHA, CASES

FALSE_ALARM = 1e-6
TRIALS = 120
PAGE = (Path(__file__).parents[2] / "docs" / "tests.md").read_text(encoding="utf-8")
NAMES = [case.call for case in CASES]
WEAK = {"joint_region", "ranks"}  # whose alternative is the hardest: first of all above each of the others


@pytest.mark.parametrize("place", range(len(CASES)), ids=NAMES)
def test_a_true_null_is_seldom_rejected_and_a_false_one_more_often(place):
    trial = CASES[place].trial
    rejected = [
        sum(trial(np.random.default_rng([5, place, real, k]), real) for k in range(TRIALS))
        for real in (False, True)
    ]
    assert rejected[0] <= binom.isf(FALSE_ALARM, TRIALS, ALPHA)
    least = 0.02 if NAMES[place].partition(",")[0] in WEAK else 0.35
    assert rejected[1] >= max(binom.ppf(FALSE_ALARM, TRIALS, least + 0.1), rejected[0] + 1)


def test_the_page_has_every_test_and_its_figures_are_those_of_a_test():
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert [row.split("|")[1].replace("`", "").strip() for row in rows] == NAMES
    figures = np.array([[cell.split(" ± ") for cell in row.split("|")[3:6:2]] for row in rows], dtype=float)
    size, power = figures[:, 0], figures[:, 1]
    assert np.all(size[:, 0] <= ALPHA + 5 * size[:, 1])
    assert np.all(power[:, 0] > size[:, 0] + 5 * np.hypot(power[:, 1], size[:, 1]))


def test_every_public_function_with_a_p_value_or_a_level_of_several_units_is_tried():
    told = {name for name in estimators.__all__ if _tests(getattr(estimators, name))}
    called = {name.partition(",")[0] for name in NAMES}
    elsewhere = {"alternatives", "TopVerification", "WaldTest", "Winner"}  # own size test; results
    assert told - called <= elsewhere
    assert {"pairwise", "change", "equivalence", "trend", "adjust", "ranks", "joint_region"} <= told


def _tests(member):
    """Whether it tells of a p-value, or judges several units at a level from their covariance or counts."""
    asked = set(signature(member).parameters) if isfunction(member) else set()
    return "p_value" in (member.__doc__ or "") or (
        "level" in asked and {"covariance_or_se", "counts"} & asked
    )
