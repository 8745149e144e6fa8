"""Response kernels: the factors that let respondents stand for those who did not respond."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]


def class_factors(
    weight: FloatArray, responded: BoolArray, classes: IntArray, levels: Sequence[Any]
) -> FloatArray:
    """Factors (respondent,) of the weighting classes: class weight over respondents' weight; 0 if silent.

    >>> class_factors(np.ones(4), np.array([True, False, True, True]), np.array([0, 0, 1, 1]), "ab").tolist()
    [2.0, 0.0, 1.0, 1.0]
    """
    everyone = np.bincount(classes, weights=weight, minlength=len(levels))
    heard = np.bincount(classes, weights=weight * responded, minlength=len(levels))
    if np.any(silent := (heard == 0) & (everyone > 0)):
        raise ValueError(
            f"class {levels[int(np.argmax(silent))]!r} has no respondents; merge it with another"
        )
    ratio = np.divide(everyone, heard, out=np.zeros_like(everyone), where=heard > 0)
    return np.where(responded, ratio[classes], 0.0)


def propensity_factors(
    covariates: FloatArray, weight: FloatArray, responded: BoolArray, classes: int | None
) -> FloatArray:
    """Factors (respondent,) 1 / propensity, itself or averaged in equal groups; 0 for the silent.

    >>> x = np.column_stack([np.ones(4), [0.0, 0.0, 1.0, 1.0]])
    >>> propensity_factors(x, np.ones(4), np.array([True, False, True, False]), None).round(6).tolist()
    [2.0, 0.0, 2.0, 0.0]
    """
    fitted = logistic_fit(covariates, weight, responded)
    if classes is None:
        return np.where(responded, 1 / fitted, 0.0)
    order = np.empty(fitted.size, dtype=np.intp)
    order[np.argsort(fitted, kind="stable")] = np.arange(fitted.size)
    names = [f"{k} of {classes} of the propensity" for k in range(1, classes + 1)]
    return class_factors(weight, responded, order * classes // fitted.size, names)


def logistic_fit(covariates: FloatArray, weight: FloatArray, outcome: BoolArray) -> FloatArray:
    """Fitted probabilities (respondent,) of a weighted logistic regression, by Newton steps.

    Raises
    ------
    ValueError
        If the outcome is the same for all, or the covariates separate it, so that no maximum exists.

    Examples
    --------
    >>> x = np.ones((4, 1))
    >>> logistic_fit(x, np.ones(4), np.array([True, True, True, False])).round(6).tolist()
    [0.75, 0.75, 0.75, 0.75]
    """
    if outcome.all() or not outcome.any():
        raise ValueError(
            "responded must be true for some and false for others; leave the propensity step out"
        )
    coefficient = np.zeros(covariates.shape[1])
    for _ in range(50):
        fitted = special.expit(covariates @ coefficient)
        score = covariates.T @ (weight * (outcome - fitted))
        information = (covariates * (weight * fitted * (1 - fitted))[:, None]).T @ covariates
        step = np.linalg.lstsq(information, score, rcond=1e-12)[0]
        coefficient = coefficient + step
        if np.max(np.abs(covariates @ step)) < 1e-10:
            return np.asarray(special.expit(covariates @ coefficient))
    raise ValueError(
        "covariates separate respondents from nonrespondents, so no propensity can be fitted;"
        " use fewer covariates or nonresponse classes"
    )
