"""What the published studies have in common: the declared survey, its groups of services, its figures."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sapa.studies.scoring import RuleScores
from sapa.studies.world import World
from simulate import Diagnosis, Population, Run, Study
from simulate import diagnosands as d
from simulate.study import Estimand, Estimator

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
SIZES: Final = (("n < 10", 0, 10), ("n 10-29", 10, 30), ("n 30-99", 30, 100), ("n >= 100", 100, 10**9))
RANKING: Final[dict[str, d.Diagnosand]] = {
    "kendall": d.kendall,
    "top3_exact": partial(d.top_exact, k=3),
    "winner": d.winner,
    "stability": d.stability,
}
ERRORS: Final[dict[str, d.Diagnosand]] = {"bias": d.bias, "rmse": d.rmse, "spread": d.spread}


def design(
    world: World, name: str, estimators: Mapping[str, Estimator], truth: Mapping[str, Estimand]
) -> Study:
    """Study of the world's plan."""
    return Study(
        population=world.population,
        plan=world.plan,
        response=world.response,
        estimators=estimators,
        estimands=truth,
        name=name,
    )


def truths(estimators: Mapping[str, RuleScores]) -> dict[str, Callable[[Population], xr.DataArray]]:
    """Each rule applied to the population."""
    return {name: rule.truth for name, rule in estimators.items()}


def judged(run: Run, estimator: str, figures: Mapping[str, d.Diagnosand]) -> dict[str, Diagnosis]:
    """Some diagnosands of one estimator."""
    outcome = run.outcome(estimator)
    return {name: figure(outcome) for name, figure in figures.items()}


def mean_of(values: NDArray[np.generic], *, trials: int = 0) -> Diagnosis:
    """Mean over replicates."""
    numbers = values.astype(float)
    return Diagnosis(np.array(numbers.mean()), numbers - numbers.mean(), trials)


def respondents(world: World) -> Whole:
    """(services,) respondents of 2020."""
    forms = world.plan.sum("region").to_numpy()
    return np.bincount(service_of_form(world), weights=forms).astype(np.int64)


def world_services(world: World) -> list[str]:
    """Services in the order of their scores."""
    return list(dict.fromkeys(name.partition("/")[0] for name in world.population.labels("form")))


def by_size(n: Whole) -> dict[str, NDArray[np.bool_]]:
    """Masks of the domains by their respondents."""
    return {name: (n >= low) & (n < high) for name, low, high in SIZES}


def service_of_form(world: World) -> NDArray[np.intp]:
    """(forms,) position of the service of each form."""
    services = world_services(world)
    return np.array([services.index(name.partition("/")[0]) for name in world.population.labels("form")])
