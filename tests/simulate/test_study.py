import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom, norm, t

from estimators import interval
from simulate import Breakoff, Cooperation, Population, Response, Study, StudyError, Survey, for_each

FALSE_ALARM = 1e-6
SCORES = np.arange(1, 6)
LAWS = {
    "A90": [0.005, 0.005, 0.01, 0.08, 0.9],
    "B80": [0.01, 0.01, 0.03, 0.15, 0.8],
    "D50": [0.1, 0.05, 0.1, 0.25, 0.5],
}


def test_five_replicates_equal_the_first_five_of_fifty(world):
    study = world.study(response=Response(cooperation=Cooperation(0.7, 0.5), breakoff=Breakoff(0.1)))
    whole, few = study.run(50, seed=3), study.run(5, seed=3)
    assert set(whole.values) == set(few.values)
    for name in whole.values:
        assert (whole.values[name][:5] == few.values[name]).all()
    assert (study.draw(5, seed=3).ratings == study.draw(50, seed=3).ratings[:5]).all()
    assert (study.draw(range(41, 42), seed=3).ratings[0] == study.draw(50, seed=3).ratings[41]).all()


@pytest.mark.parametrize("chunk", [1, 7, 50])
def test_any_chunking_gives_the_same_estimates(world, chunk):
    study = world.study()
    whole = study.run(50, seed=3)
    pieces = study.run(50, seed=3, chunk=chunk)
    for name in whole.values:
        assert abs(whole.values[name] - pieces.values[name]).max() < 1e-12


def test_the_scenario_is_no_part_of_the_address(world):
    one, other = world.study(name="one"), world.study(name="other", plan=world.plan(2 * world.n))
    a, b = one.draw(3, seed=1), other.draw(3, seed=1)
    assert (a.ratings[:, :20] == b.ratings[:, :20]).any()
    assert (one.run(3, seed=1).values["mean.estimate"] == one.run(3, seed=1).values["mean.estimate"]).all()
    assert (one.run(3, seed=1).values["mean.estimate"] != one.run(3, seed=2).values["mean.estimate"]).all()


def test_a_stratified_mean_is_unbiased_and_its_error_right(world):
    figures = world.study().run(2000, seed=5).diagnose().sel(estimator="mean")
    bias = figures.sel(diagnosand="bias")
    assert (abs(bias["value"]) < norm.isf(FALSE_ALARM / 2 / 5) * bias["mc_error"]).all()
    ratio = figures.sel(diagnosand="se_ratio", domain="all")
    assert 0.9 < float(ratio["value"]) < 1.05
    assert figures.sel(diagnosand="coverage", domain="all")["value"] > 0.85
    assert figures.attrs["replicates"] == 2000


def enumerated_coverage(law: np.ndarray, n: int, ends) -> float:
    """Exact coverage of an interval for a mean: every outcome of n ratings with its probability."""
    grid = np.indices((n + 1,) * 4).reshape(4, -1).T
    grid = grid[grid.sum(axis=1) <= n]
    counts = np.column_stack([grid, n - grid.sum(axis=1)])
    chance, left, mass = np.ones(len(counts)), np.full(len(counts), n), 1.0
    for score in range(4):
        share = law[score] / mass
        chance *= binom.pmf(counts[:, score], left, share)
        left, mass = left - counts[:, score], mass - law[score]
    assert chance.sum() == pytest.approx(1)
    lower, upper = ends(counts / n, n)
    truth = law @ SCORES
    return float(chance @ ((lower <= truth) & (truth <= upper)))


def wald_t(shares: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    mean = shares @ SCORES
    se = np.sqrt(np.maximum(shares @ SCORES**2 - mean**2, 0) / (n - 1))
    return mean - t.ppf(0.975, n - 1) * se, mean + t.ppf(0.975, n - 1) * se


def smoothed(shares: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    found = interval(kind="smoothed_moments", distribution=shares, n_eff=n)
    return found.lower, found.upper


def intervals_of(ends):
    def estimator(survey: Survey) -> dict[str, np.ndarray]:
        shares = (survey.ratings[..., 0, None] == SCORES).mean(axis=1)
        lower, upper = ends(shares, survey.ratings.shape[1])
        return {"estimate": shares @ SCORES, "lower": lower, "upper": upper}

    return estimator


def one_cell(law: list[float], n: int, **more: object) -> Study:
    counts = xr.DataArray([1_000_000], dims="region", coords={"region": ["A"]})
    pmf = xr.DataArray([law], dims=("item", "score"), coords={"item": ["x"]})
    return Study(
        population=Population.from_pmf(counts, pmf),
        plan=xr.DataArray([n], dims="region", coords={"region": ["A"]}),
        estimators={"wald": intervals_of(wald_t), "smoothed": intervals_of(smoothed)},
        estimands={name: [float(np.dot(law, SCORES))] for name in ("wald", "smoothed")},
        **more,
    )


@pytest.mark.parametrize("n", [5, 10, 20, pytest.param(30, marks=pytest.mark.slow)])
@pytest.mark.parametrize("law", LAWS)
def test_known_coverage_is_found_again(law, n):
    replicates = 4000
    figures = one_cell(LAWS[law], n).run(replicates, seed=17).diagnose().sel(diagnosand="coverage")
    for name, ends in (("wald", wald_t), ("smoothed", smoothed)):
        exact = enumerated_coverage(np.array(LAWS[law]), n, ends)
        hits = round(float(figures["value"].sel(estimator=name, domain="all")) * replicates)
        tails = binom.cdf(hits, replicates, exact), binom.sf(hits - 1, replicates, exact)
        assert min(tails) > FALSE_ALARM / 2 / 24
        assert float(figures["mc_error"].sel(estimator=name, domain="all")) > 0


def change_test(survey: Survey) -> dict[str, np.ndarray]:
    """Welch test of no change between two years."""
    year = survey.ratings[..., 0].reshape(len(survey.replicates), 2, -1).astype(float)
    mean, n = year.mean(axis=2), year.shape[2]
    variance = year.var(axis=2, ddof=1) / n
    se = np.sqrt(variance.sum(axis=1))
    df = variance.sum(axis=1) ** 2 / np.maximum((variance**2).sum(axis=1) / (n - 1), 1e-300)
    change = mean[:, 1] - mean[:, 0]
    p = np.where(se > 0, 2 * t.sf(abs(change) / np.where(se > 0, se, 1), np.maximum(df, 1)), change == 0)
    return {"estimate": change, "se": se, "p_value": p}


def rounds(laws: list[list[float]], n: int) -> Study:
    years = ["2019", "2020"]
    return Study(
        population=Population.from_pmf(
            xr.DataArray([500_000] * 2, dims="year", coords={"year": years}),
            xr.DataArray(laws, dims=("year", "score"), coords={"year": years})
            .expand_dims(item=["x"])
            .transpose("year", "item", "score"),
        ),
        plan=xr.DataArray([n, n], dims="year", coords={"year": years}),
        estimators={"change": change_test},
        estimands={"change": [float(np.dot(laws[1], SCORES) - np.dot(laws[0], SCORES))]},
    )


def test_a_study_of_a_null_change_finds_the_size_of_the_test():
    law, n, replicates = np.array(LAWS["D50"]), 8, 4000
    grid = np.indices((n + 1,) * 4).reshape(4, -1).T
    grid = grid[grid.sum(axis=1) <= n]
    counts = np.column_stack([grid, n - grid.sum(axis=1)])
    outcome = np.stack([np.repeat(SCORES, row) for row in counts]).astype(np.int8)
    chance = np.array([multinomial(row, law) for row in counts])
    pairs = np.array([(i, j) for i in range(len(counts)) for j in range(len(counts))])
    both = np.concatenate([outcome[pairs[:, 0]], outcome[pairs[:, 1]]], axis=1)[..., None]
    fake = rounds([LAWS["D50"]] * 2, n).draw(1, seed=1)
    whole = Survey(
        fake.population,
        range(len(both)),
        1,
        both,
        fake.cell,
        fake.weight,
        fake.stratum,
        None,
        np.zeros(1),
        {},
    )
    size = float(chance[pairs].prod(axis=1) @ (change_test(whole)["p_value"] <= 0.05))
    found = rounds([LAWS["D50"]] * 2, n).run(replicates, seed=23).diagnose().sel(domain="all")
    hits = round(float(found["value"].sel(diagnosand="size").item()) * replicates)
    assert 0.01 < size < 0.06
    assert binom.cdf(hits, replicates, size) > FALSE_ALARM / 2
    assert binom.sf(hits - 1, replicates, size) > FALSE_ALARM / 2
    assert np.isnan(found["value"].sel(diagnosand="power").item())


def multinomial(counts: np.ndarray, law: np.ndarray) -> float:
    from scipy.stats import multinomial as m

    return float(m.pmf(counts, int(counts.sum()), law))


def test_power_is_found_where_there_is_a_change():
    found = rounds([LAWS["D50"], LAWS["A90"]], 40).run(500, seed=2).diagnose().sel(domain="all")
    assert found["value"].sel(diagnosand="power").item() > 0.95
    assert np.isnan(found["value"].sel(diagnosand="size").item())


def fails_at_734(survey: Survey) -> dict[str, np.ndarray]:
    if 734 in survey.replicates:
        raise ZeroDivisionError("no ratings")
    return {"estimate": np.zeros((len(survey.replicates), 1))}


def odd_shape_at_734(survey: Survey) -> dict[str, np.ndarray]:
    return {"estimate": np.zeros((len(survey.replicates), 2 if survey.replicates == range(734, 735) else 4))}


@pytest.mark.parametrize("chunk", [50, 400])
def test_a_failing_replicate_is_named_and_the_others_are_kept(world, tmp_path, chunk):
    study = world.study(estimators={"bad": fails_at_734}, estimands={}, name="floor of 50")
    message = r"scenario 'floor of 50', replicate 734, seed 9: ZeroDivisionError: no ratings"
    with pytest.raises(StudyError, match=message) as caught:
        study.run(1000, seed=9, store=tmp_path / "s", chunk=chunk)
    assert "study.draw(range(734, 735), seed=9)" in str(caught.value)
    from simulate.store import Store

    kept = Store(tmp_path / "s", chunk).done()
    assert sum(len(span) for span in kept) == 734
    with pytest.raises(StudyError, match="replicate 734"):
        study.run(1000, seed=9, store=tmp_path / "s")


def test_another_shape_is_named(world):
    study = world.study(estimators={"mean": odd_shape_at_734})
    with pytest.raises(StudyError, match=r"replicate 734, .*'mean' must return 'estimate' of shape \(1, 4\)"):
        study.run(736, seed=9, chunk=1)


def test_an_estimator_without_an_estimate_is_refused(world):
    study = world.study(estimators={"mean": lambda survey: {"se": np.zeros((len(survey.replicates), 4))}})
    with pytest.raises(StudyError, match="estimator 'mean' must return a mapping with 'estimate', got"):
        study.run(2, seed=1)
    with pytest.raises(StudyError, match="must return a mapping with 'estimate', got NoneType"):
        world.study(estimators={"mean": lambda survey: None}).run(2, seed=1)
    with pytest.raises(TypeError, match=r"diagnosand 'half' must return a Diagnosis, got 0\.5"):
        world.study(diagnosands={"half": lambda outcome: 0.5}).run(2, seed=1).diagnose()


def test_studies_that_are_none_are_refused(world):
    with pytest.raises(ValueError, match="estimators must name at least one callable"):
        world.study(estimators={}, estimands={})
    with pytest.raises(TypeError, match="estimators must be callables, 'mean' is not"):
        world.study(estimators={"mean": 3})
    with pytest.raises(ValueError, match=r"estimands must bear the names of estimators, got \['median'\]"):
        world.study(estimands={"median": [1.0] * 4})
    with pytest.raises(ValueError, match="replicates must be at least 1"):
        world.study().run(0, seed=1)
    with pytest.raises(TypeError, match=r"replicates must be a whole number, got 2\.5"):
        world.study().run(2.5, seed=1)
    with pytest.raises(ValueError, match="chunk must be at least 1, got 0"):
        world.study().run(2, seed=1, chunk=0)
    with pytest.raises(TypeError, match=r"client must be a dask\.distributed Client, got 'tcp://host:8786'"):
        world.study().run(2, seed=1, client="tcp://host:8786")
    with pytest.raises(StudyError, match="plan must not exceed the population"):
        world.study(plan=world.plan(world.n * 1000)).run(1, seed=1)
    with pytest.raises(ValueError, match="estimator must be one of"):
        world.study().run(2, seed=1).outcome("median")


def test_a_plan_of_sampling_plugs_in(world):
    from sampling import Frame, allocate

    recipients = world.counts.sum(axis=0)
    frame = Frame(
        world.regions, world.services, population=[5, 3, 2], recipients=recipients, cells=world.counts
    )
    plan = allocate(frame, 100)
    survey = world.study(plan=plan).draw(1, seed=1)
    counts = np.zeros((3, 4), dtype=int)
    np.add.at(counts, (survey.codes("region"), survey.codes("service")), 1)
    assert (counts == plan.n).all()
    with pytest.raises(TypeError, match=r"plan must be a DataArray or a sampling.Plan, got list"):
        world.study(plan=[1, 2])


def test_an_estimator_of_one_table_plugs_in(world):
    def one(table: xr.Dataset) -> dict[str, np.ndarray]:
        rated = table["ratings"].astype(float).where(table["ratings"] > 0).mean("item")
        total = (rated * table["weight"]).groupby(table["service"]).sum() / table["weight"].groupby(
            table["service"]
        ).sum()
        return {"estimate": total.to_numpy()}

    study = world.study(estimators={"one": for_each(one), "mean": world.service_means}, estimands={})
    run = study.run(4, seed=1)
    assert run.values["one.estimate"] == pytest.approx(run.values["mean.estimate"], abs=1e-12)


def test_a_table_holds_the_respondents_only(world):
    study = world.study(response=Response(cooperation=Cooperation(0.5)))
    survey = study.draw(2, seed=1)
    table = survey.one(1)
    assert table.sizes["respondent"] == survey.respondents[1] < 186
    assert (table["ratings"] > 0).all()
    assert set(table["region"].values) <= set(world.regions)
    assert study.run(2, seed=1).values["survey.respondents"][1, 0] == survey.respondents[1]


def test_a_run_gives_its_estimates_as_a_dataset(world):
    data = world.study().run(6, seed=1).dataset("mean")
    assert dict(data.sizes) == {"replicate": 6, "domain": 4}
    assert data["domain"].values.tolist() == world.services
    assert data["truth"].to_numpy() == pytest.approx(world.true_means(world.population()).to_numpy())


def test_estimators_without_estimands_keep_what_needs_no_truth(world):
    figures = world.study(estimands={}).run(50, seed=1).diagnose().sel(estimator="mean", domain="all")
    assert np.isnan(figures["value"].sel(diagnosand="bias").item())
    assert figures["value"].sel(diagnosand="width").item() > 0


WITHOUT_DASK = """
import sys
sys.modules["dask"] = sys.modules["distributed"] = None
import xarray as xr
from simulate import Population, Study
counts = xr.DataArray([900], dims="region", coords={"region": ["A"]})
pmf = xr.DataArray([[0.1, 0.1, 0.1, 0.2, 0.5]], dims=("item", "score"), coords={"item": ["x"]})
study = Study(population=Population.from_pmf(counts, pmf), plan=counts // 30,
    estimators={"mean": lambda survey: {"estimate": survey.ratings.mean(axis=(1, 2))}})
print(study.run(3, seed=1).values["mean.estimate"].shape)
"""


def test_a_study_runs_without_dask():
    done = subprocess.run([sys.executable, "-c", WITHOUT_DASK], check=True, capture_output=True, text=True)
    assert done.stdout == "(3, 1)\n"


@pytest.mark.parametrize("shown", [True, False])
def test_progress_goes_to_stderr(world, capsys, shown):
    world.study(name="quick").run(4, seed=1, chunk=2, progress=shown)
    out, err = capsys.readouterr()
    assert out == ""
    assert ("quick" in err) == shown


def unlike_at(odd: int, what: str):
    def one(table: xr.Dataset) -> dict[str, np.ndarray]:
        estimate = np.zeros(4)
        if table.attrs["replicate"] != odd:
            return {"estimate": estimate, "se": estimate}
        return {"estimate": estimate} if what == "name" else {"estimate": estimate[:2], "se": estimate[:2]}

    return one


@pytest.mark.parametrize("what", ["shape", "name"])
@pytest.mark.parametrize("chunk", [1, 4, 20])
def test_a_replicate_that_answers_otherwise_is_named_without_estimands_too(world, tmp_path, what, chunk):
    study = world.study(estimators={"bad": for_each(unlike_at(13, what))}, estimands={}, name="odd")
    message = r"scenario 'odd', replicate 13, seed 2: .*'bad\.(estimate|se)'"
    with pytest.raises(StudyError, match=message):
        study.run(20, seed=2, chunk=chunk)
    with pytest.raises(StudyError, match=message):
        study.run(20, seed=2, chunk=chunk, store=tmp_path / "s")
    from simulate.store import Store

    assert Store(tmp_path / "s", chunk).done()[-1].stop == 13
    with pytest.raises(StudyError, match=message):
        study.run(20, seed=2, store=tmp_path / "s")


def test_a_table_carries_the_address_of_its_random_numbers(world):
    table = world.study().draw(range(5, 7), seed=3).one(1)
    assert table.attrs == {"seed": 3, "replicate": 6}
