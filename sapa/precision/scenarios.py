"""What the report does not print and precision depends on: named assumptions, from kind to unkind."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from estimators import Nodes, SparseRule, compose
from estimators.ratings import NOT_APPLICABLE
from sapa.scheme_2020 import regional_scheme_2020, scheme_2020

FEEDBACK = "feedback"
Redraw = Callable[[float], xr.Dataset]


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
    scores
        Of services, agencies, country and regions: :func:`estimators.compose`.
    """

    name: str
    rho: float
    deff: float
    raters: int
    scores: xr.Dataset


def scenario(
    name: str, microdata: xr.Dataset, *, rho: float, deff: float, raters: int, level: float
) -> Scenario:
    """Scores of every official node from microdata, under one set of assumptions."""
    path = ("service", "channel", "criterion", "item")
    official = Nodes(scheme_2020(), path, ("service", "agency", "country"))
    regional = Nodes(regional_scheme_2020(), ("region", *path), ("region",), outside="ignore")
    told = more_raters(microdata, raters)
    rule = SparseRule(rho=rho)
    return Scenario(
        name, rho, deff, raters, compose(told, (official, regional), deff=deff, rule=rule, level=level)
    )


def more_raters(microdata: xr.Dataset, times: int) -> xr.Dataset:
    """Microdata with `times` as many people behind every feedback figure, the figures unchanged.

    The answers of those asked about feedback are given also to others of the same service and channel who
    were not, everyone's as often, as far as there are such people.

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
    answers = codes[:, feedback]
    cells = pd.Series(range(len(codes))).groupby(
        [microdata["service"].values, microdata["channel"].values], sort=False
    )
    for rows in cells.indices.values():
        told = rows[((answers[rows] > 0) | (answers[rows] < NOT_APPLICABLE)).any(axis=1)]
        free = rows[(answers[rows] == NOT_APPLICABLE).any(axis=1)]
        free = free[~np.isin(free, told)]
        copies = min(times - 1, len(free) // len(told)) if len(told) else 0
        codes[np.ix_(free[: copies * len(told)], feedback)] = np.tile(answers[told], (copies, 1))
    return microdata.assign(ratings=(("respondent", "item"), codes))
