"""What stands for selection where it was not random: models, weights and bounds, each with its assumption.

Snowball samples, contact lists and online volunteers have no known selection probabilities. A design marks
them (``selection``); what is inferred from them rests on one of the assumptions named here, not on the draw.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimators.design import PROBABILITY as PROBABILITY
from estimators.design import Design, check_design
from estimators.options import as_numbers, first_of
from estimators.weights import Step, calibrate

FloatArray = NDArray[np.float64]


def inference_label(design: Design) -> str:
    """Sentence on what the design's intervals mean: the draw, or a model of selection for some.

    >>> inference_label(Design(weight=[1.0, 3.0], selection=["snowball", "probability"]))
    'model-based: 25% of the weight was selected otherwise than by probability (snowball)'
    """
    check_design(design)
    part = nonprobability_part(design)
    if not part.any():
        stated = (
            "the design's"
            if design.selection is not None
            else "taken for a probability sample's, none is marked"
        )
        return f"design-based: selection is {stated}"
    share = design.weights[part].sum() / design.weights.sum()
    ways = ", ".join(sorted({str(way) for way in np.asarray(design.selection)[part]}))
    return f"model-based: {share:.0%} of the weight was selected otherwise than by probability ({ways})"


def nonprobability_part(design: Design) -> NDArray[np.bool_]:
    """Mask (respondent,) of those not selected by probability.

    >>> nonprobability_part(Design(weight=[1.0, 1.0])).tolist()
    [False, False]
    """
    if design.selection is None:
        return np.zeros(design.n, dtype=bool)
    return np.asarray(np.asarray(design.selection, dtype=object) != PROBABILITY, dtype=bool)


def quasi_randomize(
    totals: Mapping[str, float | Mapping[Any, float]], *, population: float | None = None
) -> Step:
    """Declare weights ``1 / propensity`` of volunteers, the propensity fitted to known totals.

    Taking part is modelled as logistic in the variables of ``totals``; the coefficients make the weighted
    totals equal the known ones, ``w_i = 1 + exp(x_i' b)`` (Chen, Li & Wu 2020, section 3.1, with known totals
    in place of a reference sample).

    Notes
    -----
    Assumption: given those variables taking part has nothing to do with the ratings, and nobody's chance to
    take part is zero. Start from weights of 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from estimators.recipe import Recipe
    >>> people = pd.DataFrame({"sex": ["f", "f", "m"]})
    >>> Recipe((quasi_randomize({"sex": {"f": 10, "m": 8}}),)).run(people).weight.round(9).tolist()
    [5.0, 5.0, 8.0]
    """
    return calibrate(totals, population=population, distance="participation")


def rds_ii(degree: ArrayLike, *, population: float | None = None) -> FloatArray:
    """Weights (respondent,) of a snowball sample, in inverse proportion to the number of acquaintances.

    They sum to the number of respondents, or to ``population`` (Volz & Heckathorn 2008, equation 8).

    Notes
    -----
    Assumption: recruitment has forgotten its seeds, ties go both ways, degrees are told truly.

    Raises
    ------
    ValueError
        If a degree is not a positive finite number.

    Examples
    --------
    >>> rds_ii([1, 2, 2]).tolist()
    [1.5, 0.75, 0.75]
    """
    ties = as_numbers(degree, "degree")
    if ties.ndim != 1 or ties.size == 0:
        raise ValueError(f"degree must be one number per respondent, got shape {ties.shape}")
    if (wrong := ~(np.isfinite(ties) & (ties > 0))).any():
        raise ValueError(
            f"degree must be positive and finite for everyone, {first_of(ties, wrong)};"
            " a recruit knows at least the recruiter"
        )
    if population is not None and not ties.size <= population < np.inf:
        raise ValueError(f"population must be at least the {ties.size} respondents, got {population}")
    inverse = 1 / ties
    return np.asarray(inverse * ((population or ties.size) / inverse.sum()))


def coverage_bounds(
    estimate: ArrayLike,
    *,
    covered: ArrayLike,
    bounds: tuple[float, float] = (1.0, 5.0),
    delta: float | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Bounds of a mean when the sample speaks for the share ``covered`` of the population only.

    The rest may be anywhere in ``bounds``: ``c m + (1 - c) [low, high]`` (Manski 1989); with ``delta``, at
    most delta away from the estimate.

    >>> low, high = coverage_bounds(4.5, covered=0.8)
    >>> round(float(low), 2), round(float(high), 2)
    (3.8, 4.6)
    """
    m, c = as_numbers(estimate, "estimate"), as_numbers(covered, "covered")
    if not np.all((c >= 0) & (c <= 1)):
        raise ValueError("covered must be a share in 0..1; divide a percentage by 100")
    ends = as_numbers(bounds, "bounds")
    if ends.shape != (2,) or not ends[0] < ends[1]:
        raise ValueError(f"bounds must increase, got {bounds}; give the lowest value and the highest")
    low, high = ends
    outside = (m < low) | (m > high)
    if outside.any():
        raise ValueError(
            f"estimate must lie within bounds {bounds}, got {m[outside][0]:g}; a share needs bounds=(0, 1),"
            " a percentage must be divided by 100"
        )
    if delta is not None and not delta >= 0:
        raise ValueError(f"delta must not be negative, got {delta}")
    reach = np.inf if delta is None else delta
    least, most = np.maximum(low, m - reach), np.minimum(high, m + reach)
    return np.asarray(c * m + (1 - c) * least), np.asarray(c * m + (1 - c) * most)


def selection_bounds(
    distribution: ArrayLike, *, gamma: float, scores: ArrayLike = (1, 2, 3, 4, 5)
) -> tuple[FloatArray, FloatArray]:
    """Sharp bounds of a mean when every weight may be wrong by a factor between 1/gamma and gamma.

    The extreme laws multiply the scores above some score by gamma and the others by 1/gamma (Aronow & Lee
    2013; Miratrix, Wager & Zubizarreta 2018), so the best of the thresholds is the bound.

    Parameters
    ----------
    distribution : (..., score) weighted shares of the scores.
    gamma : at least 1; 1 gives the mean itself.
    scores : (score,) increasing values.

    Examples
    --------
    >>> low, high = selection_bounds([0, 0, 0, 0.5, 0.5], gamma=2)
    >>> round(float(low), 3), round(float(high), 3)
    (4.2, 4.8)
    """
    if not (np.isfinite(gamma) and gamma >= 1):
        raise ValueError(f"gamma must be at least 1 and finite, got {gamma}")
    shares, values = as_numbers(distribution, "distribution"), as_numbers(scores, "scores")
    if values.ndim != 1 or values.size < 2 or np.any(np.diff(values) <= 0):
        raise ValueError(f"scores must be at least two increasing values, got {list(np.ravel(scores))}")
    if shares.ndim == 0 or shares.shape[-1] != values.size:
        raise ValueError(f"distribution must end in {values.size} shares, got shape {shares.shape}")
    if np.any(shares < 0) or np.any(np.abs(shares.sum(axis=-1) - 1) > 1e-6):
        raise ValueError("distribution must be nonnegative and sum to 1; divide the counts by their sum")
    above = np.arange(values.size) >= np.arange(values.size + 1)[:, None]

    def means(factor: FloatArray) -> FloatArray:
        return np.asarray((shares @ (factor * values).T) / (shares @ factor.T))

    favour = np.where(above, gamma, 1 / gamma)
    return means(1 / favour).min(axis=-1), means(favour).max(axis=-1)
