"""Weighting recipe: declared steps, run in order, with what each did to the weights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from estimators.auxiliary import Auxiliary, answered, column, covariate_matrix, level_codes
from estimators.calibration import calibration_factors, rake_factors
from estimators.design import Design, Residuals
from estimators.options import as_numbers, first_of
from estimators.response import class_factors, propensity_factors
from estimators.weights import Step

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """What one step did.

    ``weight`` (respondent,) after it and ``before``; ``auxiliary`` if it calibrated; ``iterations``;
    ``at_bounds``, how many weights lie on a bound.
    """

    step: Step
    before: FloatArray
    weight: FloatArray
    auxiliary: Auxiliary | None = None
    iterations: int = 0
    at_bounds: int = 0

    @property
    def margins(self) -> pd.DataFrame:
        """Table of each calibrated total: before, after and target."""
        if self.auxiliary is None:
            return pd.DataFrame({"before": [], "after": [], "target": []})
        x = self.auxiliary.matrix
        columns = {"before": self.before @ x, "after": self.weight @ x, "target": self.auxiliary.totals}
        return pd.DataFrame(columns, index=list(self.auxiliary.names))


@dataclass(frozen=True, slots=True, eq=False)
class Weighting:
    """Weights (respondent,) a recipe made, and what each step did; nonrespondents have weight 0."""

    weight: FloatArray
    applied: tuple[Applied, ...]

    @property
    def kish(self) -> float:
        """Loss of sample size to unequal weights, ``n sum w^2 / (sum w)^2`` over weights that are not 0."""
        return kish_factor(self.weight)

    def diagnosis(self) -> pd.DataFrame:
        """Table of the steps: Kish factor, extreme weights over the mean, how many at bounds, iterations."""
        rows = []
        for each in self.applied:
            kept = each.weight[each.weight != 0]
            low, high = kept.min() / kept.mean(), kept.max() / kept.mean()
            row = {"step": each.step.kind, "kish": kish_factor(kept), "lowest": low, "highest": high}
            rows.append(row | {"at_bounds": each.at_bounds, "iterations": each.iterations})
        return pd.DataFrame(rows)

    def onto(self, design: Design) -> Design:
        """Return the respondents' design with these weights, so that its variances know the calibration.

        ``design`` is of the respondents with positive weight, in the order of the table.
        """
        self.refuse_negative()
        kept = self.weight > 0
        if design.n != int(kept.sum()):
            raise ValueError(
                f"design must have the {int(kept.sum())} respondents with positive weight, got {design.n}"
            )
        done = [each for each in self.applied if each.auxiliary is not None]
        residuals = [
            Residuals.of(each.auxiliary.matrix[kept], each.before[kept])
            for each in done
            if each.auxiliary is not None
        ]
        return design.reweighted(self.weight[kept], residuals)

    def refuse_negative(self) -> None:
        """Refuse weights below zero, which linear calibration may give and no design can have."""
        if (below := self.weight < 0).any():
            raise ValueError(
                f"weight must not be negative, {int(below.sum())} of {below.size} are,"
                f" {first_of(self.weight, below)}; calibrate with distance 'raking', 'logit' or 'truncated'"
            )


@dataclass(frozen=True, slots=True)
class Recipe:
    """Steps of weighting in order.

    Examples
    --------
    >>> from estimators.weights import rake, trim
    >>> recipe = Recipe((rake({"sex": {"f": 6, "m": 6}}), trim(upper=3, relative=True)))
    >>> print(recipe)
    1. rake(totals={'sex': {'f': 6, 'm': 6}})
    2. trim(lower=0.0, upper=3, relative=True, strict=False)
    >>> table = pd.DataFrame({"sex": ["f", "m", "m"]})
    >>> recipe.run(table).weight.tolist()
    [6.0, 3.0, 3.0]
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.steps, tuple | list) or not all(isinstance(each, Step) for each in self.steps):
            raise TypeError(f"steps must be a tuple of steps, such as (rake(totals),), got {self.steps!r}")
        if not self.steps:
            raise ValueError("steps must hold at least one step")
        if unknown := [step.kind for step in self.steps if step.kind not in _RUN]:
            raise ValueError(f"steps must be of kind {', '.join(_RUN)}, got {unknown[0]!r}")

    def __str__(self) -> str:
        return "\n".join(f"{number}. {step}" for number, step in enumerate(self.steps, 1))

    def run(self, table: pd.DataFrame, weight: ArrayLike | None = None) -> Weighting:
        """Weights from the respondents' columns, starting from ``weight`` (respondent,), or from 1.

        Raises
        ------
        ValueError
            For a missing column or label, weights that are negative or not finite, or totals not met.
        """
        current = _starting_weights(table, weight)
        applied = []
        for step in self.steps:
            applied.append(_RUN[step.kind](step, table, current))
            current = applied[-1].weight
        return Weighting(current, tuple(applied))


def kish_factor(weight: FloatArray) -> float:
    """Loss of sample size to unequal weights, ``n sum w^2 / (sum w)^2`` (Kish 1965, section 11.7).

    >>> kish_factor(np.array([1.0, 3.0, 0.0]))
    1.25
    """
    kept = weight[weight != 0]
    return float(kept.size * np.sum(kept**2) / np.sum(kept) ** 2)


def _starting_weights(table: pd.DataFrame, weight: ArrayLike | None) -> FloatArray:
    """Weights (respondent,) to start from, the table and they checked."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"table must be a DataFrame of the respondents, got {type(table).__name__}")
    if table.columns.has_duplicates:
        twice = table.columns[table.columns.duplicated()][0]
        raise ValueError(f"table must name each column once, {twice!r} comes twice; rename or drop one")
    if not len(table):
        raise ValueError("table must hold at least one respondent, got none")
    current = np.ones(len(table)) if weight is None else as_numbers(weight, "weight")
    if current.shape != (len(table),):
        raise ValueError(f"weight must be {len(table)} numbers, one per row, got shape {current.shape}")
    if bad := int(np.sum(~(np.isfinite(current) & (current >= 0)))):
        raise ValueError(
            f"weight must be finite and not negative, {bad} of {len(table)} are not,"
            f" {first_of(current, ~(np.isfinite(current) & (current >= 0)))}; mend them"
        )
    if not current.any():
        raise ValueError("weight must be positive for someone, all are zero; weights of 1 are the default")
    return current


def _base(step: Step, table: pd.DataFrame, weight: FloatArray) -> Applied:
    """Multiply by inverse selection probabilities."""
    prob = as_numbers(column(table, step.options["prob"]), f"prob column {step.options['prob']!r}")
    if not np.all((prob > 0) & (prob <= 1)):
        raise ValueError(
            f"prob column {step.options['prob']!r} must lie in (0, 1]; give probabilities, not weights"
        )
    return Applied(step, weight, weight / prob)


def _nonresponse_classes(step: Step, table: pd.DataFrame, weight: FloatArray) -> Applied:
    """Weighting classes."""
    codes, levels = level_codes(table, step.options["classes"])
    responded = answered(table, step.options["responded"])
    return Applied(step, weight, weight * class_factors(weight, responded, codes, levels))


def _propensity(step: Step, table: pd.DataFrame, weight: FloatArray) -> Applied:
    """Response propensity."""
    responded = answered(table, step.options["responded"])
    covariates = covariate_matrix(table, step.options["covariates"])
    factor = propensity_factors(covariates, weight, responded, step.options["classes"])
    return Applied(step, weight, weight * factor)


def _rake(step: Step, table: pd.DataFrame, weight: FloatArray) -> Applied:
    """Raking."""
    auxiliary = Auxiliary.of(table, step.options["totals"])
    fit = rake_factors(auxiliary.blocks, weight, auxiliary.targets, names=auxiliary.labels)
    return Applied(step, weight, weight * fit.factor, auxiliary, fit.iterations)


def _calibrate(step: Step, table: pd.DataFrame, weight: FloatArray) -> Applied:
    """Calibration."""
    options = step.options
    auxiliary = Auxiliary.of(table, options["totals"], population=options["population"])
    fit = calibration_factors(
        auxiliary.matrix,
        weight,
        auxiliary.totals,
        names=auxiliary.names,
        distance=options["distance"],
        bounds=options["bounds"],
        penalty=auxiliary.spread(options["penalty"]),
    )
    ends = np.asarray(options["bounds"] or (-np.inf, np.inf))
    at_bounds = int(np.isclose(fit.factor[:, None], ends, rtol=1e-9, atol=0).any(axis=1).sum())
    return Applied(step, weight, weight * fit.factor, auxiliary, fit.iterations, at_bounds)


def _trim(step: Step, table: pd.DataFrame, weight: FloatArray) -> Applied:
    """Trimming."""
    kept = weight > 0
    unit = weight[kept].mean() if step.options["relative"] else 1.0
    lower, upper = unit * step.options["lower"], unit * step.options["upper"]
    middle = weight[kept].mean()
    if not lower <= middle <= upper:
        raise ValueError(
            f"trim keeps the total of the weights, so its limits must hold their mean {middle:.6g},"
            f" got {lower:.6g} to {upper:.6g}; trim(relative=True) takes limits in units of the mean"
        )
    current = weight.copy()
    for count in range(1, 1001):
        outside = kept & ((current < lower * (1 - 1e-12)) | (current > upper * (1 + 1e-12)))
        inside = kept & ~outside & (current > lower) & (current < upper)
        if not outside.any():
            break
        if not inside.any() or count == 1000:
            raise ValueError(
                f"trim found no weight strictly within {lower:.6g} to {upper:.6g} to take what others lose"
                " or gain; set lower and upper further apart"
            )
        cut = np.where(outside, np.clip(current, lower, upper), current)
        current = np.where(inside, cut + (current - cut).sum() / inside.sum(), cut)
        if not step.options["strict"]:
            break
    at_bounds = int(np.sum(kept & (np.isclose(current, lower) | np.isclose(current, upper))))
    return Applied(step, weight, current, None, count, at_bounds)


_RUN: Final[Mapping[str, Callable[[Step, pd.DataFrame, FloatArray], Applied]]] = {
    "base": _base,
    "nonresponse_classes": _nonresponse_classes,
    "propensity": _propensity,
    "poststratify": _rake,
    "rake": _rake,
    "calibrate": _calibrate,
    "trim": _trim,
}
