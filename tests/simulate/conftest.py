"""A small world that several test modules share."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from simulate import Population, Study, Survey

REGIONS = ["AKM", "AKT", "ALM"]
SERVICES = ["s01", "s02", "s03", "s04"]
ITEMS = ["o01", "o02", "o03"]
CELLS = {"region": REGIONS, "service": SERVICES}
COUNTS = np.array([[300, 40, 500, 0], [80, 700, 90, 20], [150, 60, 900, 45]])
N = np.array([[20, 10, 30, 0], [15, 30, 12, 5], [20, 10, 25, 9]])


def population(**correlations: float) -> Population:
    pmf = np.random.default_rng(7).dirichlet([0.1, 0.2, 0.4, 1.0, 4.0], size=(4, 3))
    table = xr.DataArray(pmf, dims=("service", "item", "score"), coords={"service": SERVICES, "item": ITEMS})
    counts = xr.DataArray(COUNTS, dims=("region", "service"), coords=CELLS)
    return Population.from_pmf(counts, table, **correlations)


def plan(n: np.ndarray = N) -> xr.DataArray:
    return xr.DataArray(n, dims=("region", "service"), coords=CELLS)


def service_means(survey: Survey) -> dict[str, np.ndarray]:
    """Weighted mean of all ratings by service, with a standard error for stratified samples of people."""
    code = np.broadcast_to(survey.codes("service"), survey.ratings.shape[:2])
    weight = np.broadcast_to(survey.effective_weight(), code.shape)
    member = (code[:, None, :] == np.arange(4)[:, None]) * weight[:, None, :]
    score = np.where(survey.ratings > 0, survey.ratings, 0).mean(axis=-1)
    total = member.sum(axis=-1)
    mean = np.einsum("rsn,rn->rs", member, score) / total
    residual = member * (score[:, None, :] - mean[..., None]) / total[..., None]
    se = np.sqrt((residual**2).sum(axis=-1))
    return {"estimate": mean, "se": se, "lower": mean - 1.96 * se, "upper": mean + 1.96 * se}


def true_means(people: Population) -> xr.DataArray:
    return people.truth("service").mean("item")


def study(**changes: object) -> Study:
    facts = {
        "population": population(),
        "plan": plan(),
        "estimators": {"mean": service_means},
        "estimands": {"mean": true_means},
    }
    return Study(**(facts | changes))


@pytest.fixture
def world() -> SimpleNamespace:
    return SimpleNamespace(
        population=population,
        plan=plan,
        service_means=service_means,
        true_means=true_means,
        study=study,
        counts=COUNTS,
        n=N,
        items=ITEMS,
        services=SERVICES,
        regions=REGIONS,
    )
