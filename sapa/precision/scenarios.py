"""What the report does not print and precision depends on: named assumptions, from kind to unkind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from estimators import Nodes, SparseRule, compose
from estimators.ratings import NOT_APPLICABLE
from sapa.scheme_2020 import regional_scheme_2020, scheme_2020

FEEDBACK = "feedback"
#: Microdata for a correlation and a seed.
Redraw = Callable[[float, int], xr.Dataset]
DEALS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """One set of assumptions and the scores' precision under it.

    Attributes
    ----------
    name
        ``assumed``, ``favourable`` or ``unfavourable``.
    rho
        Correlation of a person's latent answers, in the microdata and for sparse items.
    deff
        Factor on every variance for what the named design leaves out.
    raters
        How many times the fewest feedback raters that attain the printed figures.
    correlation
        Mean correlation of two ratings of one person in the microdata; rho is that of latent scores.
    scores
        Of services, agencies, country and regions: :func:`estimators.compose`, averaged over deals of the
        microdata, with ``se_mc_error``, the Monte Carlo error of the standard error.
    """

    name: str
    rho: float
    deff: float
    raters: int
    correlation: float
    scores: xr.Dataset


def scenario(
    name: str, deals: xr.Dataset | Sequence[xr.Dataset], *, rho: float, deff: float, raters: int, level: float
) -> Scenario:
    """Scores of every official node from deals of the microdata, under one set of assumptions.

    Who gave which rating is chance: the covariance is averaged over the deals.
    """
    path = ("service", "channel", "criterion", "item")
    official = Nodes(scheme_2020(), path, ("service", "agency", "country"))
    regional = Nodes(regional_scheme_2020(), ("region", *path), ("region",), outside="ignore")
    rule = SparseRule(rho=rho)
    deals = (deals,) if isinstance(deals, xr.Dataset) else deals
    found = [
        compose(more_raters(deal, raters), (official, regional), deff=deff, rule=rule, level=level)
        for deal in deals
    ]
    return Scenario(name, rho, deff, raters, correlation_within(deals[0]), averaged(found))


def averaged(deals: Sequence[xr.Dataset]) -> xr.Dataset:
    """Scores of several deals as one: mean covariance, and what follows from it.

    Shares of the variance are weighted by each deal's variance; degrees of freedom are those of a mean of
    unequal variances, never more than the mean of the deals'.
    """
    if len(deals) == 1:
        return deals[0].assign(se_mc_error=xr.full_like(deals[0]["se"], np.nan))
    every = xr.concat(deals, "deal", coords="minimal", compat="override", join="exact")
    mean = every.mean("deal", keep_attrs=True)
    variance = every["se"] ** 2
    mean["se"] = np.sqrt(variance.mean("deal"))
    mean["se_mc_error"] = variance.std("deal", ddof=1) / np.sqrt(len(deals)) / (2 * mean["se"])
    mean["effective_n"] = mean["variance_of_one"] / mean["se"] ** 2
    mean["df"] = mean["se"] ** 4 / (variance**2 / every["df"]).mean("deal")
    for name in [name for name in every if str(name).startswith("share_")]:
        mean[name] = (every[name] * variance).mean("deal") / variance.mean("deal")
    mean["flag"] = deals[0]["flag"]
    return mean.drop_vars(["lower", "upper"])


def correlation_within(microdata: xr.Dataset, *, fewest: int = 30) -> float:
    """Mean correlation of two ratings of one person, over cells of at least `fewest` respondents.

    A cell is a service and channel; items that nine in ten of it rate count, weighted by respondents.
    """
    codes = microdata["ratings"].transpose("respondent", "item").values
    cells = pd.Series(range(len(codes))).groupby([microdata["service"].values, microdata["channel"].values])
    found, weight = [], []
    for rows in cells.indices.values():
        part: NDArray[np.float64] = codes[rows].astype(float)
        items = np.flatnonzero((part > 0).mean(axis=0) > 0.9)
        rated = np.where(part > 0, part, np.nan)[:, items]
        if len(rows) < fewest or items.size < 2:
            continue
        rated = np.where(np.isnan(rated), np.nanmean(rated, axis=0), rated)
        rated = rated[:, np.flatnonzero(np.ptp(rated, axis=0))]
        if rated.shape[1] > 1:
            table = np.corrcoef(rated.T)
            found.append(float(table[np.triu_indices(len(table), 1)].mean()))
            weight.append(len(rows))
    return float(np.average(found, weights=weight))


def more_raters(microdata: xr.Dataset, times: int) -> xr.Dataset:
    """Microdata with `times` as many people behind every feedback figure, the figures unchanged.

    The answers of those asked about feedback are given also to others of the same service and channel who
    were not, everyone's as often, as far as there are such people: of the same region first.

    Raises
    ------
    ValueError
        When `times` is not at least 1.

    Examples
    --------
    >>> told = xr.Dataset(
    ...     {"ratings": (("respondent", "item"), np.array([[2], [-1], [-1], [-1]], dtype=np.int8)),
    ...      "service": ("respondent", ["a"] * 4), "channel": ("respondent", ["office"] * 4)},
    ...     coords={"item": ["i1"], "criterion": ("item", ["feedback"])})
    >>> more_raters(told, 3)["ratings"].values.ravel().tolist()
    [2, 2, 2, -1]
    """
    if times < 1:
        raise ValueError(f"raters must be at least 1, got {times}: the microdata hold the fewest possible")
    if times == 1:
        return microdata
    codes = microdata["ratings"].transpose("respondent", "item").values.copy()
    feedback = np.flatnonzero(microdata["criterion"].values == FEEDBACK)
    answers = codes[:, feedback].copy()
    told = np.asarray(((answers > 0) | (answers < NOT_APPLICABLE)).any(axis=1))
    free = np.asarray((answers == NOT_APPLICABLE).any(axis=1) & ~told)
    place = microdata["region"].values if "region" in microdata else np.zeros(len(codes))
    cells = pd.Series(range(len(codes))).groupby(
        [microdata["service"].values, microdata["channel"].values], sort=False
    )
    for rows in cells.indices.values():
        source, target = rows[told[rows]], rows[free[rows]]
        copies = min(times - 1, len(target) // len(source)) if len(source) else 0
        if copies:
            source = np.tile(source, copies)
            codes[np.ix_(_nearby(source, target, place), feedback)] = answers[source]
    return microdata.assign(ratings=(("respondent", "item"), codes))


def _nearby(source: NDArray[np.intp], target: NDArray[np.intp], place: NDArray[Any]) -> NDArray[np.intp]:
    """A target for each source: of its own place while there are any, then spread over all the others."""
    found = np.full(len(source), -1, dtype=np.intp)
    left = np.ones(len(target), dtype=bool)
    for here in np.unique(place[source]):
        wanted = np.flatnonzero(place[source] == here)
        there = np.flatnonzero(place[target] == here)[: len(wanted)]
        found[wanted[: len(there)]] = target[there]
        left[there] = False
    rest, others = np.flatnonzero(found < 0), target[left]
    found[rest] = others[np.linspace(0, len(others) - 1, len(rest)).astype(int)] if len(rest) else found[rest]
    return found
