"""Weights: one declared step each, from the base weight to the last trimming.

Every function here declares a `Step` and refuses what no table could make right; a `Recipe`
(estimators.recipe) runs steps in order on a table of respondents, again on each replicate if wanted. Totals
are mappings: a numeric column to its total, a categorical one to a mapping of levels to totals.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from estimators.calibration import Distance, check_one_sum, factor_function
from estimators.declarations import (
    Totals,
    column_name,
    level_totals,
    penalty_costs,
    population_size,
    variable_totals,
)
from estimators.options import check_whole


@dataclass(frozen=True, slots=True)
class Step:
    """A declared step of weighting: what it is called and its options; running it is the recipe's work."""

    kind: str
    options: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(f'{k}={v!r}' for k, v in self.options.items() if v is not None)})"


def base(prob: str) -> Step:
    """Declare base weights, the inverse of the selection probabilities in the column ``prob``.

    >>> str(base("pi"))
    "base(prob='pi')"
    """
    return Step("base", {"prob": column_name(prob, "prob")})


def nonresponse_classes(responded: str, classes: str) -> Step:
    """Declare the weighting-class adjustment: respondents of a class take the weight of its nonrespondents.

    Parameters
    ----------
    responded : column of booleans.
    classes : column of the classes.

    Notes
    -----
    ``w_i sum_class w / sum_class respondents w`` (Sarndal, Swensson & Wretman 1992, section 15.6).
    Nonrespondents get weight 0.
    """
    named = {"responded": column_name(responded, "responded"), "classes": column_name(classes, "classes")}
    return Step("nonresponse_classes", named)


def propensity(responded: str, covariates: tuple[str, ...], *, classes: int | None = None) -> Step:
    """Declare division by a response propensity, the fit of a weighted logistic regression.

    Parameters
    ----------
    responded : column of booleans.
    covariates : columns, numeric or categorical.
    classes : number of equal groups of the fitted propensity inside which its weighted mean is used
        (Little 1986); the fit itself if None.
    """
    if isinstance(covariates, str):
        raise TypeError(
            f"covariates must be a tuple of columns, got the text {covariates!r}; write [{covariates!r}]"
        )
    named = tuple(column_name(each, "covariates") for each in covariates)
    if classes is not None:
        check_whole(classes, "classes", least=2)
    responded = column_name(responded, "responded")
    return Step("propensity", {"responded": responded, "covariates": named, "classes": classes})


def poststratify(column: str, totals: Mapping[Any, float]) -> Step:
    """Declare poststratification to the known totals of one column's levels.

    >>> str(poststratify("sex", {"f": 10, "m": 8}))
    "poststratify(totals={'sex': {'f': 10, 'm': 8}})"
    """
    return Step("poststratify", {"totals": {column_name(column, "column"): level_totals(column, totals)}})


def rake(totals: Mapping[str, Mapping[Any, float]]) -> Step:
    """Declare raking: the weighted margins of each column are made equal to their totals.

    Parameters
    ----------
    totals : of each level of each column; the columns' sums must agree.

    Notes
    -----
    Iterative proportional fitting (Deming & Stephan 1940), which minimises the raking distance.
    """
    if not hasattr(totals, "items"):
        raise TypeError(f"totals must map columns to the totals of their levels, got {totals!r}")
    if not len(totals):
        raise ValueError("totals must name at least one margin")
    margins = {column_name(name, "totals"): level_totals(name, levels) for name, levels in totals.items()}
    check_one_sum({name: sum(levels.values()) for name, levels in margins.items()})
    return Step("rake", {"totals": margins})


def calibrate(
    totals: Totals,
    *,
    population: float | None = None,
    distance: Distance = "linear",
    bounds: tuple[float, float] | None = None,
    penalty: float | Mapping[str, float] | None = None,
) -> Step:
    """Declare calibration to totals of numeric and categorical columns (Deville & Sarndal 1992).

    Parameters
    ----------
    totals : a number for a numeric column, a mapping for a categorical one.
    population : size of the population, a total too, when no categorical column gives it.
    distance : "linear" (GREG), "raking", or between ``bounds`` "logit" and "truncated"; "participation" for
        volunteers (see `estimators.nonprobability`).
    bounds : smallest and largest ratio of new weight to old.
    penalty : cost of missing a total, the same for all or by column; the larger the closer. None is exact.
    """
    kept, size = variable_totals(totals), population_size(population)
    known = {} if size is None else {"population": size}
    if not (kept or known):
        raise ValueError("totals must name at least one column, or population be given")
    factor_function(distance, bounds)
    costs = penalty_costs(penalty, [*known, *kept])
    if costs is None:
        check_one_sum(known | {k: sum(v.values()) for k, v in kept.items() if isinstance(v, dict)})
    options = {"totals": kept, "population": size, "distance": distance, "bounds": bounds}
    return Step("calibrate", options | {"penalty": costs})


def trim(
    *, lower: float = 0.0, upper: float = float("inf"), relative: bool = False, strict: bool = False
) -> Step:
    """Declare trimming: weights beyond the limits are set to them and the difference is spread over the rest.

    Parameters
    ----------
    lower, upper : limits of a weight.
    relative : whether the limits are in units of the mean weight.
    strict : repeat until nothing lies beyond the limits; otherwise spread once, which may pass them again.

    Notes
    -----
    The difference is spread in equal amounts over the weights inside, as in R's ``trimWeights``.
    """
    for name, limit in (("lower", lower), ("upper", upper)):
        if not isinstance(limit, Real):
            raise TypeError(f"{name} must be a number, got {limit!r}")
    for name, switch in (("relative", relative), ("strict", strict)):
        if not isinstance(switch, bool | np.bool_):
            raise TypeError(f"{name} must be True or False, got {switch!r}")
    if not 0 <= lower < upper or (relative and not lower < 1 < upper):
        rule = "0 <= lower < 1 < upper" if relative else "0 <= lower < upper"
        raise ValueError(f"lower and upper must satisfy {rule}, got {lower} and {upper}")
    return Step("trim", {"lower": lower, "upper": upper, "relative": relative, "strict": strict})
