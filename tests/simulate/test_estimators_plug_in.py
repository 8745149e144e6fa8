"""Recipes of weights, scores and rank sets of `estimators` as estimators of a study."""

from functools import partial

import numpy as np
import xarray as xr
from scipy.stats import norm

from estimators import Design, Recipe, ranks, scores
from estimators.weights import poststratify
from simulate import Cooperation, Population, Response, Study, for_each

FALSE_ALARM = 1e-6
LIMIT = norm.isf(FALSE_ALARM / 2)
LABELS = {"region": ["AKM", "AKT"], "service": ["s01", "s02", "s03"]}
COUNTS = xr.DataArray(np.full((2, 3), 10_000), dims=("region", "service"), coords=LABELS)
LAWS = np.array([[[0.0, 0.0, 0.1, 0.2, 0.7], [0.0, 0.1, 0.2, 0.3, 0.4], [0.2, 0.2, 0.2, 0.2, 0.2]]])
RECIPE = Recipe((poststratify("stratum", dict.fromkeys(range(6), 10_000)),))


def world() -> Study:
    """Those of the second region rate lower and answer less often."""
    laws = np.concatenate([LAWS, LAWS[..., ::-1]])
    pmf = xr.DataArray(laws[:, :, None, :], dims=("region", "service", "item", "score")).assign_coords(
        **LABELS, item=["o01"]
    )
    chance = xr.DataArray([0.9, 0.3], dims="region", coords={"region": LABELS["region"]})
    return Study(
        population=Population.from_pmf(COUNTS, pmf),
        plan=COUNTS.copy(data=np.full((2, 3), 100)),
        response=Response(cooperation=Cooperation(chance)),
        estimators={
            "adjusted": for_each(partial(q_by_service, adjusted=True)),
            "plain": for_each(q_by_service),
        },
        estimands=dict.fromkeys(
            ("adjusted", "plain"), lambda people: people.truth("service").squeeze("item")
        ),
    )


def q_by_service(table: xr.Dataset, *, adjusted: bool = False) -> dict[str, np.ndarray]:
    """Mean by service with its interval and the rank sets of the services."""
    people = table[["stratum", "weight"]].to_dataframe()
    weight = RECIPE.run(people, people["weight"]).weight if adjusted else people["weight"].to_numpy()
    design = Design(weight=weight, strata=table["stratum"].to_numpy())
    found = scores(table, design, by="service", interval="wald", statistics=("mean",)).squeeze(drop=True)
    sets = ranks(found["estimate"], found["se"], draws=400)
    names = ("estimate", "se", "lower", "upper")
    return {name: found[name].to_numpy() for name in names} | {
        f"rank_{end}": sets[end].to_numpy() for end in ("lower", "upper")
    }


def test_weights_scores_and_rank_sets_plug_in():
    study = world()
    run = study.run(150, seed=1)
    figures = run.diagnose()
    value, error = (figures[name].sel(diagnosand="bias") for name in ("value", "mc_error"))
    of_services = {"estimator": "adjusted", "domain": LABELS["service"]}
    assert (abs(value.sel(of_services)) < LIMIT * error.sel(of_services)).all()
    assert value.sel(estimator="plain", domain="s01") > 0.3
    hits = figures["value"].sel(estimator="adjusted", diagnosand="coverage", domain="all").item()
    around = figures["mc_error"].sel(estimator="adjusted", diagnosand="coverage", domain="all").item()
    assert abs(hits - 0.95) < LIMIT * around
    assert figures["value"].sel(estimator="plain", diagnosand="coverage", domain="s01") < 0.5
    best, worst = (run.values[f"adjusted.rank_{end}"] for end in ("lower", "upper"))
    truth = study.truth("adjusted").to_numpy()
    ranked = 1 + (truth[:, None] < truth).sum(axis=1)
    assert ((best <= ranked) & (ranked <= worst)).all(axis=1).mean() > 0.85
