from itertools import combinations, product

import numpy as np
import pytest
import xarray as xr
from scipy.stats import chi2

from simulate import Population, Selected, Streams, Study, stratified
from simulate.selection import srs_within

FALSE_ALARM = 1e-6


def test_every_set_is_as_likely_as_any_other():
    # 2 of 9 (sparse: repeats are drawn again), 2 of 4 (dense: shuffled), 0 of 3, 2 of 2
    first, size, n = np.array([0, 9, 13, 16]), np.array([9, 4, 3, 2]), np.array([2, 2, 0, 2])
    replicates = 18_000
    samples = np.sort(srs_within(first, size, n, Streams(1, range(replicates))).reshape(replicates, 3, 2))
    assert (samples[:, 2] == [16, 17]).all()
    sets = list(product(combinations(range(9), 2), combinations(range(9, 13), 2)))
    keys = {a + b: i for i, (a, b) in enumerate(sets)}
    found = np.bincount([keys[tuple(row)] for row in samples[:, :2].reshape(-1, 4)], minlength=len(sets))
    expected = replicates / len(sets)
    assert chi2.sf(((found - expected) ** 2 / expected).sum(), len(sets) - 1) > FALSE_ALARM


def test_samples_are_distinct_and_inside_their_strata():
    rng = np.random.default_rng(1)
    size = rng.integers(0, 300, 400)
    n = np.minimum(rng.integers(0, 40, 400), size)
    first = np.cumsum(size) - size
    for row in srs_within(first, size, n, Streams(3, range(20))):
        assert np.unique(row).size == n.sum()
        block = np.searchsorted(np.cumsum(size), row, side="right")
        assert (np.bincount(block, minlength=400) == n).all()


def test_cells_of_a_coarser_plan_come_in_their_proportion(world):
    people = world.population()
    plan = xr.DataArray([30, 30, 30], dims="region", coords={"region": world.regions})
    chosen = stratified(people, plan, Streams(2, range(3000)))
    share = np.stack([np.bincount(row, minlength=12) for row in chosen.cell]) / 30
    expected = (world.counts / world.counts.sum(axis=1, keepdims=True)).ravel()
    error = share.std(axis=0, ddof=1) / np.sqrt(3000)
    z = abs(share.mean(axis=0) - expected)[error > 0] / error[error > 0]
    assert z.max() < 5.5  # normal at FALSE_ALARM over 12 cells
    assert share[:, 3].sum() == 0  # an empty cell
    # the counts of a cell are hypergeometric: finite population, no replacement
    total, cell = world.counts[0].sum(), world.counts[0, 0]
    variance = 30 * cell / total * (1 - cell / total) * (total - 30) / (total - 1)
    assert (share[:, 0] * 30).var(ddof=1) == pytest.approx(variance, rel=0.2)
    assert chosen.weight[0] == world.counts[0].sum() / 30


def test_people_belong_to_their_cells(world):
    fixed = world.population().realised(seed=1)
    plan = xr.DataArray([30, 30, 30, 30], dims="service", coords={"service": world.services})
    chosen = stratified(fixed, plan, Streams(2, range(4)))
    assert (fixed.people()[chosen.person] == chosen.cell).all()
    assert all(np.unique(row).size == 120 for row in chosen.person)


def tiny() -> Population:
    counts = xr.DataArray([4, 3], dims="region", coords={"region": ["A", "B"]})
    pmf = xr.DataArray([[0.1, 0.2, 0.2, 0.2, 0.3]] * 2, dims=("item", "score"), coords={"item": ["x", "y"]})
    return Population.from_pmf(counts, pmf).realised(seed=4)


def all_samples(population: Population, plan: xr.DataArray, streams: Streams) -> Selected:
    """Replicate r gets the r-th of all stratified samples: 2 of 4 people and 1 of 3."""
    sets = [a + b for a, b in product(combinations(range(4), 2), combinations(range(4, 7), 1))]
    person = np.array([sets[r] for r in streams.replicates])
    weight = np.array([2.0, 2.0, 3.0])
    return Selected(population.people()[person].astype(np.intp), weight, np.array([0, 0, 1]), person)


def test_design_unbiasedness_by_enumeration_through_the_whole_pipeline():
    people = tiny()
    study = Study(
        population=people,
        plan=xr.DataArray([2, 1], dims="region", coords={"region": ["A", "B"]}),
        selection=all_samples,
        estimators={"total": lambda s: {"estimate": np.einsum("n,rnk->rk", s.weight, s.ratings)}},
        estimands={"total": lambda p: p.ratings.sum(axis=0)},
    )
    run = study.run(18, seed=1, chunk=5)
    assert run.values["total.estimate"].mean(axis=0) == pytest.approx(people.ratings.sum(axis=0), abs=1e-12)
    figures = run.diagnose().sel(estimator="total", diagnosand="bias")
    assert abs(figures["value"].to_numpy()).max() < 1e-12


def test_plans_that_exceed_the_population_are_refused_by_name(world):
    people = world.population()
    with pytest.raises(ValueError, match=r"got n = 21 of 20 people in AKT/s04 .*lower n there"):
        stratified(
            people, world.plan(world.n + 16 * (np.arange(12).reshape(3, 4) == 7)), Streams(1, range(1))
        )
    with pytest.raises(ValueError, match="plan must carry the population's region labels"):
        stratified(people, world.plan().assign_coords(region=["x", "y", "z"]), Streams(1, range(1)))
    with pytest.raises(ValueError, match="plan must hold whole numbers"):
        stratified(people, world.plan() * 0.5, Streams(1, range(1)))
    with pytest.raises(ValueError, match="plan must hold whole numbers"):
        stratified(people, world.plan() * 0, Streams(1, range(1)))
