import numpy as np
import pytest
from scipy.stats import chi2

from sampling import cube, flight, local_pivotal, pivotal
from sampling.balance import _duels, _fly, _local, _settle

FALSE_ALARM = 1e-6
PROB = np.array([0.2, 0.5, 0.4, 0.6, 0.3])


def first_order(law, size):
    share = np.zeros(size)
    for sample, weight in law.items():
        share[list(sample)] += weight
    return share


def positions(mask):
    return tuple(np.flatnonzero(mask).tolist())


def test_pivotal_over_every_outcome(exact_law):
    given = exact_law(lambda rng: positions(_duels(PROB, np.arange(5)[None, :], rng)[0]))
    mixed = exact_law(
        lambda rng: positions(_duels(PROB, rng.permuted(np.arange(5)[None, :], axis=1), rng)[0])
    )
    for law in (given, mixed):
        assert all(len(s) == 2 for s in law)
        assert first_order(law, 5) == pytest.approx(PROB, abs=1e-12)
    assert len(mixed) == 10  # in random order every pair is possible
    assert (0, 1) not in given  # in the given order neighbours exclude each other: 0.2 + 0.5 < 1


def test_local_pivotal_over_every_outcome(exact_law):
    points = np.array([[0.0, 0], [0.1, 0], [1, 0], [1.15, 0], [5, 5]])
    law = exact_law(lambda rng: positions(_local(PROB, points, rng)))
    assert all(len(s) == 2 for s in law)
    assert first_order(law, 5) == pytest.approx(PROB, abs=1e-12)
    assert sum(law.values()) == pytest.approx(1, abs=1e-12)
    assert law.get((0, 1), 0) < 0.02  # neighbours rarely come together


def test_cube_over_every_outcome(exact_law):
    balance = np.array([[3.0, 1], [1, 4], [2, 2], [5, 1], [1, 1]])
    ratio = np.hstack([np.ones((5, 1)), balance / PROB[:, None]])
    law = exact_law(lambda rng: positions(_settle(PROB, ratio, rng)))
    assert all(len(s) == 2 for s in law)
    assert first_order(law, 5) == pytest.approx(PROB, abs=1e-12)
    flown = exact_law(lambda rng: tuple(_fly(np.array(PROB), ratio, rng).tolist()))
    mean = sum(np.array(state) * weight for state, weight in flown.items())
    assert mean == pytest.approx(PROB, abs=1e-12)
    for state in flown:
        assert ratio.T @ np.array(state) == pytest.approx(ratio.T @ PROB, abs=1e-9)
        assert sum(1e-9 < p < 1 - 1e-9 for p in state) <= 3


def test_flight_balances_exactly_and_leaves_at_most_q_undecided():
    rng = np.random.default_rng(1)
    for q in (1, 3, 6):
        prob = rng.uniform(0.05, 0.95, 300)
        balance = rng.normal(size=(300, q))
        state = flight(prob, balance, rng=rng)
        assert balance.T @ (state / prob) == pytest.approx(balance.sum(axis=0), abs=1e-8)
        assert ((state > 0) & (state < 1)).sum() <= q
        assert ((state >= 0) & (state <= 1)).all()


def test_cube_samples_are_nearly_balanced_and_of_fixed_size():
    rng = np.random.default_rng(2)
    prob = rng.uniform(0.1, 0.2, 400)
    prob *= 60 / prob.sum()
    balance = np.column_stack([rng.uniform(1, 2, 400), rng.normal(size=400)])
    got = cube(prob, balance, draws=30, rng=3)
    assert got.shape == (30, 60)
    error = np.array([balance[s, 0] @ (1 / prob[s]) for s in got]) - balance[:, 0].sum()
    plain = (
        np.array([balance[s, 0] @ (1 / prob[s]) for s in pivotal(prob, draws=30, rng=3)])
        - balance[:, 0].sum()
    )
    assert np.sqrt((error**2).mean()) < 0.3 * np.sqrt((plain**2).mean())


def test_local_pivotal_spreads():
    rng = np.random.default_rng(3)
    where = rng.random((200, 2))
    prob = np.full(200, 0.1)
    smooth = where[:, 0] + where[:, 1]
    local = np.array([smooth[s].sum() / 0.1 for s in local_pivotal(prob, where, draws=60, rng=1)])
    plain = np.array([smooth[s].sum() / 0.1 for s in pivotal(prob, draws=60, rng=1)])
    assert local.var() < 0.5 * plain.var()


@pytest.mark.parametrize(
    "scheme",
    [
        pivotal,
        lambda p, **k: pivotal(p, order="given", **k),
        lambda p, **k: local_pivotal(p, np.arange(p.size)[:, None] % 5, **k),
        lambda p, **k: cube(p, np.column_stack([np.arange(p.size), np.arange(p.size) % 3]), **k),
    ],
)
def test_replicates_reach_the_probabilities(scheme):
    prob = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.9, 1.0, 0.0])
    draws = 2500
    got = scheme(prob, draws=draws, rng=8)
    assert got.shape == (draws, 4)
    assert (np.diff(got, axis=1) > 0).all()
    share = np.bincount(got.ravel(), minlength=9) / draws
    assert share[7] == 1
    assert share[8] == 0
    z = (share - prob)[:7] / np.sqrt(prob[:7] * (1 - prob[:7]) / draws)
    assert (z**2).max() < chi2.isf(FALSE_ALARM / 28, 1)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r'order must be "random" or "given", got'):
        pivotal([0.5, 0.5], order="file")
    with pytest.raises(ValueError, match=r"where must have a row for each of 2 units"):
        local_pivotal([0.5, 0.5], [[1.0]])
    with pytest.raises(ValueError, match=r"balance must have a row for each of 2 units"):
        cube([0.5, 0.5], [[1.0]])
    with pytest.raises(ValueError, match=r"prob must be at most 1"):
        flight([1.5, 0.5], [[1.0], [1.0]])
