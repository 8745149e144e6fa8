import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from simulate import Population

FALSE_ALARM = 1e-6
SCORES = np.arange(1, 6)


def test_truth_is_the_count_weighted_distribution(world):
    people = world.population()
    pmf = people.model.pmf()
    weights = world.counts / world.counts.sum(axis=1, keepdims=True)
    by_region = people.truth("region")
    assert by_region.to_numpy() == pytest.approx(np.einsum("rs,sk->rk", weights, pmf @ SCORES), abs=1e-12)
    assert people.truth("service", statistic="satisfaction").to_numpy() == pytest.approx(pmf[..., 4])
    assert people.truth().to_numpy()[0] == pytest.approx(
        (world.counts.sum(0) @ (pmf @ SCORES)) / world.counts.sum()
    )
    assert by_region["domain"].values.tolist() == world.regions


def test_domains_are_named_by_their_ids(world):
    people = world.population()
    assert people.labels("region", "service")[:2] == ("AKM/s01", "AKM/s02")
    assert people.labels() == ("all",)
    codes = people.codes("service", "region")
    names = people.labels("service", "region")
    assert [names[code] for code in codes[:2]] == ["s01/AKM", "s02/AKM"]
    assert np.isnan(people.truth("region", "service").sel(domain="AKM/s04")).all()  # nobody there


def test_fixed_ratings_are_the_truth_and_follow_the_model(world):
    people = world.population(person=0.4)
    fixed = people.realised(seed=5)
    assert fixed.ratings.shape == (people.size, 3)
    first = fixed.truth("service")
    code = people.codes("service")[people.people()]
    expected = np.stack([fixed.ratings[code == s].mean(axis=0) for s in range(4)])
    assert first.to_numpy() == pytest.approx(expected, abs=1e-12)
    n = world.counts.sum(axis=0)
    sd = np.sqrt(people.model.pmf() @ SCORES**2 - (people.model.pmf() @ SCORES) ** 2)
    z = abs(first.to_numpy() - people.truth("service").to_numpy()) / (sd / np.sqrt(n)[:, None])
    assert z.max() < norm.isf(FALSE_ALARM / 2 / 12)
    assert (people.realised(seed=5).ratings == fixed.ratings).all()


def test_settlements_need_their_dim(world):
    people = world.population(settlement=0.1)
    with pytest.raises(ValueError, match="counts must have a dim 'settlement'"):
        people.realised(seed=1)


def test_settlements_of_two_regions_are_different():
    counts = xr.DataArray(
        np.full((2, 2), 10),
        dims=("region", "settlement"),
        coords={"region": ["A", "B"], "settlement": [1, 2]},
    )
    pmf = xr.DataArray([[0.2] * 5], dims=("item", "score"), coords={"item": ["o01"]})
    people = Population.from_pmf(counts, pmf, settlement=0.1)
    assert people.settlements().tolist() == [0, 1, 2, 3]
    assert people.realised(seed=1).ratings.shape == (40, 1)


def test_values_spread_over_cells(world):
    people = world.population()
    assert people.spread(0.5).tolist() == [0.5] * 12
    rate = xr.DataArray([0.1, 0.2, 0.3], dims="region", coords={"region": world.regions})
    assert people.spread(rate).tolist() == [0.1] * 4 + [0.2] * 4 + [0.3] * 4
    both = rate.expand_dims(mode=["phone", "web"]) * xr.DataArray([1.0, 2.0], dims="mode")
    assert people.spread(both, "mode").shape == (12, 2)
    assert people.spread(both, "mode")[0].tolist() == [0.1, 0.2]
    with pytest.raises(ValueError, match="values must carry the population's labels"):
        people.spread(rate.assign_coords(region=["x", "y", "z"]))
    with pytest.raises(ValueError, match=r"values must vary over .* only, got dims \['age'\]"):
        people.spread(xr.DataArray([1.0], dims="age", coords={"age": ["18-29"]}))


@given(st.lists(st.integers(0, 50), min_size=6, max_size=6).filter(lambda n: sum(n) > 0), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_realised_truth_equals_a_count_over_people(n, seed):
    counts = xr.DataArray(
        np.array(n).reshape(2, 3), dims=("a", "b"), coords={"a": ["x", "y"], "b": ["1", "2", "3"]}
    )
    pmf = xr.DataArray(
        [[0.1, 0.2, 0.3, 0.2, 0.2], [0.0, 0.0, 0.0, 0.5, 0.5]],
        dims=("item", "score"),
        coords={"item": ["o01", "o02"]},
    )
    fixed = Population.from_pmf(counts, pmf).realised(seed=seed)
    shares = fixed.distribution("b").to_numpy()
    code = fixed.codes("b")[fixed.people()]
    for b in range(3):
        mine = fixed.ratings[code == b]
        if mine.size:
            assert shares[b] == pytest.approx(np.stack([(mine == s).mean(axis=0) for s in SCORES], axis=-1))
        else:
            assert np.isnan(shares[b]).all()


def test_populations_that_are_none_are_refused(world):
    people = world.population()
    counts = people.counts
    pmf = xr.DataArray([[0.2] * 5], dims=("item", "score"), coords={"item": ["o01"]})
    with pytest.raises(ValueError, match="counts must be whole numbers of at least 0"):
        Population.from_pmf(counts * 0.5, pmf)
    with pytest.raises(ValueError, match="counts must be whole numbers of at least 0"):
        Population.from_pmf(counts - 50, pmf)
    with pytest.raises(ValueError, match="counts must add up to 1"):
        Population.from_pmf(counts * 100_000, pmf)
    with pytest.raises(ValueError, match="counts must add up to 1"):
        Population.from_pmf(counts * 0, pmf)
    with pytest.raises(ValueError, match="counts must carry labels"):
        Population.from_pmf(counts.drop_vars("region"), pmf)
    with pytest.raises(ValueError, match="pmf must have dims item, score"):
        Population.from_pmf(counts, pmf.rename(item="question"))
    with pytest.raises(ValueError, match="pmf must have the service labels of counts"):
        Population.from_pmf(counts, pmf.expand_dims(service=["s9", "s8", "s7", "s6"]))
    with pytest.raises(ValueError, match="dim must be one of"):
        people.codes("age")
    with pytest.raises(ValueError, match="statistic must be"):
        people.truth(statistic="median")


def test_twenty_million_people_as_counts(world):
    people = Population(
        world.population().counts * 6900, world.population().model, world.population().law, tuple(world.items)
    )
    assert people.size > 19_800_000
    assert people.truth("service").to_numpy() == pytest.approx(
        world.population().truth("service").to_numpy(), abs=1e-12
    )
