import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from threadpoolctl import ThreadpoolController

from estimators import (
    Design,
    Recipe,
    Stage,
    brr,
    fay,
    generalized_bootstrap,
    jackknife,
    poststratify,
    rake,
    rao_wu,
    scores,
    supplied,
    total,
)

FOLDER = Path(__file__).parent / "oracle"
PEOPLE = pd.DataFrame(json.loads((FOLDER / "designs.json").read_text())["people"])
PEOPLE["y"] = PEOPLE["y"].astype(float).fillna(4)
ORACLE = json.loads((FOLDER / "replication.json").read_text())
PAIRS = PEOPLE[PEOPLE["id"].isin(ORACLE["pairs"])]
EXACT = 1e-9
FALSE_ALARM = 1e-6


def design_of(table, **kwargs) -> Design:
    return Design.from_frame(table, weight="w", psu="psu", **kwargs)


def from_r(name, table, center):
    parts = ORACLE["parts"][name]
    design = design_of(table, strata=None if name == "JK1" else "h")
    return supplied(
        design, parts["weights"], scale=parts["scale"], rscale=np.ravel(parts["rscales"]), center=center
    )


def table_of(name):
    return PAIRS if name in ("BRR", "Fay") else PEOPLE


def measures(table):
    y, x, sex, dom = (table[name].to_numpy() for name in ("y", "x", "sex", "dom"))

    def function(w):
        domains = [w @ (y * (sex == s)) / (w @ (sex == s)) for s in "fm"]
        sizes = [max(w @ (dom == d), 1e-300) for d in "uvw"]  # two half-samples of BRR lack a domain
        cells = [
            w @ (z * (dom == d)) / size for z in (y, y == 5) for d, size in zip("uvw", sizes, strict=True)
        ]
        return [w @ y / w.sum(), w @ y, (w @ y) / (w @ x), *domains, *cells]

    return function


def expected_of(name, center):
    expected = ORACLE["results"][name][center]
    if (name, center) == ("JKn_fpc", "estimate"):
        # survey 4.1 leaves a census stratum out of the replicates of a total, so takes their mean for biased
        return expected | {"total_se": ORACLE["results"][name]["mean"]["total_se"]}
    return expected


def check(replicates, table, expected):
    function = measures(table)
    covariance = replicates.covariance(replicates.estimates(function), function(replicates.weights))
    se = np.sqrt(np.diag(covariance))
    assert_allclose(se[:3], [expected["mean_se"], expected["total_se"], expected["ratio_se"]], rtol=EXACT)
    assert_allclose(covariance[3:5, 3:5], expected["domain_cov"], rtol=EXACT)
    if expected["cell_cov"]:  # means and shares of fives of three domains, all with all
        assert_allclose(covariance[5:, 5:], expected["cell_cov"], rtol=EXACT)


@pytest.mark.parametrize("center", ["mean", "estimate"])
@pytest.mark.parametrize("name", ["JK1", "JKn", "JKn_fpc", "BRR", "Fay", "rao_wu"])
def test_variance_on_the_replicate_weights_of_r(name, center):
    check(from_r(name, table_of(name), center), table_of(name), expected_of(name, center))


@pytest.mark.parametrize("center", ["mean", "estimate"])
@pytest.mark.parametrize(
    ("name", "strata", "fpc"), [("JK1", None, None), ("JKn", "h", None), ("JKn_fpc", "h", "n1")]
)
def test_own_jackknife_is_that_of_r(name, strata, fpc, center):
    made = jackknife(design_of(PEOPLE, strata=strata, fpc=fpc), center=center)
    check(made, PEOPLE, expected_of(name, center))


class Drawn(np.random.Generator):
    """The PSUs that R drew, stratum by stratum, in place of random ones."""

    def __init__(self, draws):
        super().__init__(np.random.PCG64(0))
        self.draws = iter(draws)

    def integers(self, n, *, size):
        drawn = np.reshape(next(self.draws), size)
        assert drawn.max() < n
        return drawn


@pytest.mark.parametrize("center", ["mean", "estimate"])
@pytest.mark.parametrize(("name", "m", "fpc"), [("m2", 2, None), ("m1", 1, None), ("m2_fpc", 2, "n1")])
def test_own_rescaling_bootstrap_of_fewer_psus_on_the_draws_of_r(name, m, fpc, center):
    expected = ORACLE["fewer"][name]
    draws = Drawn(expected["draws"].values())
    made = rao_wu(design_of(PEOPLE, strata="h", fpc=fpc), replicates=40, m=m, rng=draws, center=center)
    check(made, PEOPLE, expected["results"][center])


@pytest.mark.parametrize(("name", "rho"), [("BRR", 0.0), ("Fay", 0.3)])
def test_own_half_samples_give_the_total_of_r(name, rho):
    # the Hadamard matrix differs from R's, which a linear statistic does not see
    made = brr(design_of(PAIRS, strata="h"), rho=rho)
    y = PAIRS["y"].to_numpy()
    variance = made.covariance(made.estimates(lambda w: [w @ y]), [made.weights @ y])
    assert_allclose(np.sqrt(variance[0, 0]), ORACLE["results"][name]["estimate"]["total_se"], rtol=EXACT)


@pytest.mark.parametrize("make", [jackknife, brr, lambda d: fay(d, rho=0.4)])
def test_linear_statistics_get_the_textbook_variance(make):
    design = design_of(PAIRS, strata="h")
    made, y = make(design), PAIRS["y"].to_numpy()
    variance = made.covariance(made.estimates(lambda w: [w @ y]), [made.weights @ y])
    assert_allclose(variance, total(design, y).covariance, rtol=1e-10)


@pytest.mark.parametrize("m", [None, 1, 3, 8])
@pytest.mark.parametrize("fpc", [None, "n1"])
def test_rao_wu_factors_have_the_moments_that_make_it_unbiased(m, fpc):
    # exact moments of the multinomial: E factor = 1 and covariance = scale_h (I - 1/n_h)
    design = design_of(PEOPLE, strata="h", fpc=fpc)
    made = rao_wu(design, replicates=40_000, m=m, rng=3)
    layer = design.layers[0]
    same = layer.stratum[:, None] == layer.stratum
    expected = np.where(same, layer.scale[layer.stratum] * (np.eye(18) - layer.shrink[layer.stratum]), 0)
    z = 5.5 * np.sqrt(2 * 6 / 40_000)
    assert_allclose(made.factor.mean(axis=1), 1, atol=z)
    assert_allclose(np.cov(made.factor), expected, atol=6 * z)


def test_rao_wu_factors_are_not_negative_by_default():
    assert rao_wu(design_of(PEOPLE, strata="h"), replicates=200, rng=1).factor.min() >= 0


def test_generalized_bootstrap_has_the_design_variance():
    design = design_of(PEOPLE, strata="h", fpc="n1")
    made = generalized_bootstrap(design, replicates=20_000, tau=2.0, rng=5)
    y = PEOPLE["y"].to_numpy()
    variance = made.covariance(made.estimates(lambda w: [w @ y]), [made.weights @ y])[0, 0]
    # chi-square with 20,000 degrees of freedom; 4.9 normal deviations is FALSE_ALARM
    assert abs(variance / total(design, y).covariance[0, 0] - 1) < 4.9 * np.sqrt(2 / 20_000)


def test_recipe_is_run_again_in_every_replicate():
    recipe = Recipe((poststratify("sex", ORACLE["targets"]),))
    made = jackknife(design_of(PEOPLE, strata="h"), center="mean").reweighted(recipe, PEOPLE)
    check(made, PEOPLE, ORACLE["recalibrated"]["mean"])
    females = (PEOPLE["sex"] == "f").to_numpy(dtype=float)
    assert_allclose(made.estimates(lambda w: [w @ females]), ORACLE["targets"]["f"])


def test_seed_reproduces_and_differs():
    design = design_of(PEOPLE, strata="h")
    one, two, three = (rao_wu(design, replicates=10, rng=seed).factor for seed in (1, 1, 2))
    assert (one == two).all()
    assert (one != three).any()


def test_supplied_weights_that_vary_within_psu_are_kept_by_respondent():
    table = np.random.default_rng(1).uniform(0.5, 2, size=(len(PEOPLE), 3))
    made = supplied(design_of(PEOPLE, strata="h"), table, scale=0.5)
    assert_allclose(made.estimates(lambda w: w), table.T)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: brr(design_of(PEOPLE, strata="h")),
            "brr needs two PSUs in every stratum, stratum 'a' has 5",
        ),
        (lambda: brr(design_of(PAIRS, strata="h"), rho=1.0), "rho must lie in"),
        (
            lambda: fay(design_of(PAIRS, strata="h", fpc="n1")),
            "brr cannot represent fpc, which stratum 'a' has; use jackknife or rao_wu",
        ),
        (lambda: rao_wu(design_of(PEOPLE), replicates=1), "replicates must be a whole number of at least 2"),
        (lambda: rao_wu(design_of(PEOPLE), replicates=5, m=0), "m must be a whole number of at least 1"),
        (lambda: rao_wu(design_of(PEOPLE), replicates=5, m=1.5), "m must be .* got 1.5"),
        (lambda: generalized_bootstrap(design_of(PEOPLE), replicates=5, tau=0), "tau must be positive"),
        (
            lambda: generalized_bootstrap(design_of(PEOPLE), replicates=5, tau=np.inf),
            "tau must be positive and",
        ),
        (lambda: supplied(design_of(PEOPLE), [[1.0]], scale=1), "weights must be"),
        (lambda: supplied(Design(weight=[1.0, 1.0]), np.ones((2, 0)), scale=1), "weights must be"),
        (
            lambda: supplied(Design(weight=[1.0, 1.0]), np.ones((2, 2)), scale=np.inf),
            "scale must be positive and",
        ),
        (
            lambda: supplied(Design(weight=[1.0, 1.0]), np.ones((2, 2)), scale=1, rscale=[1, -1]),
            "rscale must not be negative, the first is -1.0 at replicate 1",
        ),
        (
            lambda: jackknife(Design(weight=[1.0, 1.0])).covariance(np.ones((2, 1)), [1.0, 2.0]),
            r"estimates must be \(2 replicates, 2 scores\), got shape \(2, 1\)",
        ),
        (lambda: jackknife(design_of(PEOPLE), center="median"), "center must be"),
        (lambda: jackknife(Design(weight=np.ones(20_000))), "group respondents into PSUs"),
        (
            lambda: jackknife(Design(psu=[1, 1, 2, 2], fpc=[5] * 4, stages=[Stage(range(4), [9] * 4)])),
            "replicates the first stage only",
        ),
        (
            lambda: rao_wu(Design(strata=["a", "a", "b"], single_psu="centered"), replicates=3),
            "cannot represent single_psu='centered'",
        ),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_raking_again_refuses_a_replicate_that_cannot_be_raked():
    table = PEOPLE.assign(only=np.where(PEOPLE["psu"] == 1, "yes", "no"))
    recipe = Recipe((rake({"only": {"yes": 100.0, "no": 2000.0}}),))
    made = jackknife(design_of(table, strata="h")).reweighted(recipe, table)
    with pytest.raises(ValueError, match="no respondents"):
        made.estimates(lambda w: [w.sum()])


def test_replicate_products_use_one_thread_and_leave_others_theirs(monkeypatch):
    blas = ThreadpoolController().select(user_api="blas")
    met, product = [], np.matmul

    def watched(*args, **kwargs):
        met.append({each["num_threads"] for each in blas.info()})
        return product(*args, **kwargs)

    monkeypatch.setattr(np, "matmul", watched)
    codes = np.array([[5], [4], [3], [5]], dtype=np.int8)
    ratings = xr.Dataset(
        {"ratings": (("respondent", "item"), codes), "service": ("respondent", list("aabb"))},
        coords={"item": ["o01"]},
    )
    with blas.limit(limits=2):
        scores(ratings, rao_wu(Design(weight=np.ones(4)), replicates=5, rng=1), by="service")
        assert met == [{1}] * 2
        assert {each["num_threads"] for each in blas.info()} == {2}


def test_replicates_of_a_calibrated_design_would_leave_the_calibration_out():
    recipe = Recipe((poststratify("sex", ORACLE["targets"]),))
    plain = design_of(PEOPLE, strata="h")
    calibrated = recipe.run(PEOPLE, plain.weights).onto(plain)
    for make in (jackknife, lambda d: rao_wu(d, replicates=9, rng=1)):
        with pytest.raises(ValueError, match=r"leave the calibration out .*reweighted\(recipe, table\)"):
            make(calibrated)
    # replicate weights from elsewhere may have been calibrated there
    assert supplied(calibrated, np.outer(calibrated.weights, [1.0, 1.0]), scale=1).n_replicates == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jackknife([1.0, 2.0]), "design must be a Design, got list"),
        (lambda: supplied(None, [[1.0]], scale=1), "design must be a Design, got NoneType"),
        (lambda: brr(design_of(PAIRS, strata="h"), rho="0.5"), "rho must be numbers, got '0.5'"),
        (
            lambda: supplied(Design(weight=[1.0, 1.0]), [["1"]], scale=1),
            "weights must be numbers, the first is '1'",
        ),
        (lambda: jackknife(design_of(PEOPLE)).reweighted("rake", PEOPLE), "recipe must be a Recipe, got str"),
    ],
)
def test_what_is_of_the_wrong_type_is_refused(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_a_recipe_is_not_run_on_negative_weights():
    recipe, plain = Recipe((poststratify("sex", ORACLE["targets"]),)), design_of(PEOPLE, strata="h")
    small = generalized_bootstrap(plain, replicates=50, rng=1)
    with pytest.raises(
        ValueError, match=r"needs weights of 0 or more, .* make tau .* times as large"
    ) as caught:
        small.reweighted(recipe, PEOPLE)
    times = float(str(caught.value).split("make tau ")[1].split()[0])
    larger = generalized_bootstrap(plain, replicates=50, tau=times, rng=1).reweighted(recipe, PEOPLE)
    females = (PEOPLE["sex"] == "f").to_numpy(dtype=float)
    assert_allclose(larger.estimates(lambda w: [w @ females]), ORACLE["targets"]["f"])
    with pytest.raises(ValueError, match=r"m smaller \(rao_wu\)"):
        rao_wu(plain, replicates=50, m=40, rng=1).reweighted(recipe, PEOPLE)
