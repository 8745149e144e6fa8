"""Whatever is passed to a public function is taken, or refused in the package's own words."""

import traceback
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import estimators
from estimators import Design, Rule, Threshold, mean, rake, scores

PACKAGE = Path(estimators.__file__).parent
RAGGED = [[1], [2, 3]]
JUNK = [None, "x", b"x", 3, -1, 0, True, 1 + 2j, np.nan, np.inf, [], (), {}, [1, 2], ["a", "b"], RAGGED]
JUNK += [object(), len, np.zeros((2, 2)), np.array([1.0, np.nan])]
DESIGN = Design(weight=[1.0, 2.0])
RATINGS = xr.Dataset(
    {
        "ratings": (("respondent", "item"), np.array([[5], [4]], dtype=np.int8)),
        "s": ("respondent", ["a", "a"]),
    },
    coords={"item": ["i"]},
)
TOTALS = {"g": {"a": 1, "b": 2}}
PAIR = {"design": DESIGN, "where": [True, True]}
ACCEPTED = [
    ("Design", {"strata": ["a", "a"], "psu": [1, 2], "weight": [1.0, 1.0], "fpc": [5, 5], "stages": ()}),
    ("Design", {"psu": [1, 2], "single_psu": "error", "nest": False, "selection": ["probability"] * 2}),
    ("scores", {"ratings": RATINGS, "design": DESIGN, "by": "s", "items": ["i"], "denominator": "rated"}),
    ("scores", {"ratings": RATINGS, "design": DESIGN, "by": "s", "statistics": ["mean"], "interval": "wald"}),
    ("scores", {"ratings": RATINGS, "design": DESIGN, "by": "s", "level": 0.9}),
    ("interval", {"estimate": 0.5, "kind": "korn_graubard", "se": 0.1, "df": 10, "n": 20, "n_eff": 15}),
    (
        "interval",
        {"estimate": 0.5, "kind": "wald", "se": 0.1, "bounds": (0, 1), "level": 0.9, "unusable": "nan"},
    ),
    ("interval", {"kind": "gaffke", "n_eff": 15, "distribution": [0, 0, 0, 0.5, 0.5], "scores": range(1, 6)}),
    ("mean", {"values": [1.0, 2.0]} | PAIR),
    ("total", {"values": [1.0, 2.0]} | PAIR),
    ("ratio", {"numerator": [1.0, 2.0], "denominator": [1.0, 1.0]} | PAIR),
    ("quantile", {"values": [1.0, 2.0], "prob": 0.5, "level": 0.9} | PAIR),
    ("contrast", {"estimates": mean(DESIGN, np.eye(2)), "coefficients": [1, -1]}),
    ("influence", {"function": lambda t: t[0], "values": [1.0, 2.0], "gradient": [[1.0]]} | PAIR),
    ("variance", {"design": DESIGN, "influence": [1.0, 2.0]}),
    ("covariance", {"design": DESIGN, "influence": [1.0, 2.0]}),
    ("base", {"prob": "p"}),
    ("nonresponse_classes", {"responded": "r", "classes": "g"}),
    ("propensity", {"responded": "r", "covariates": ("x",), "classes": 2}),
    ("poststratify", {"column": "g", "totals": {"a": 1, "b": 2}}),
    ("rake", {"totals": TOTALS}),
    (
        "calibrate",
        {"totals": {"x": 4}, "population": 3, "distance": "linear", "bounds": None, "penalty": 2.0},
    ),
    ("trim", {"lower": 0.1, "upper": 3, "relative": True, "strict": True}),
    ("quasi_randomize", {"totals": {"x": 4}, "population": 3}),
    ("Recipe", {"steps": (rake(TOTALS),)}),
    ("jackknife", {"design": DESIGN, "center": "mean"}),
    ("brr", {"design": DESIGN, "rho": 0.5}),
    ("fay", {"design": DESIGN, "rho": 0.5, "center": "mean"}),
    ("rao_wu", {"design": DESIGN, "replicates": 5, "m": 1, "center": "mean"}),
    ("generalized_bootstrap", {"design": DESIGN, "replicates": 5, "tau": 1.0}),
    ("supplied", {"design": DESIGN, "weights": np.ones((2, 3)), "scale": 1.0, "rscale": [1, 1, 1]}),
    ("rds_ii", {"degree": [1, 2], "population": 5}),
    ("coverage_bounds", {"estimate": 4.0, "covered": 0.5, "bounds": (1, 5), "delta": 0.1}),
    ("selection_bounds", {"distribution": [0, 0, 0, 0.5, 0.5], "gamma": 2.0, "scores": range(1, 6)}),
    ("inference_label", {"design": DESIGN}),
    ("publishable", {"result": scores(RATINGS, DESIGN, by="s"), "rule": Rule()}),
    ("Threshold", {"raters": 1, "n_eff": 2.0, "half_width": 0.1}),
    ("Rule", {"show": Threshold(), "rank": Threshold(raters=5)}),
    ("SparseRule", {"min_raters": 3, "min_pool_df": 4, "rho": 0.2, "level": 0.9}),
    ("score_histograms", {"ratings": RATINGS["ratings"].values, "domain": np.array([0, 0]), "n_domains": 1}),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("name", "accepted"), ACCEPTED, ids=[name for name, _ in ACCEPTED])
def test_no_argument_breaks_a_function_from_within(name, accepted):
    function = getattr(estimators, name)
    function(**accepted)
    for argument in accepted:
        for junk in JUNK:
            try:
                function(**(accepted | {argument: junk}))
            except (ValueError, TypeError) as refusal:
                last = traceback.extract_tb(refusal.__traceback__)[-1]
                where = f"{name}({argument}={junk!r}): {refusal}"
                assert PACKAGE in Path(last.filename).parents, where
