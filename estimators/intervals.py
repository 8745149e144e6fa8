"""Confidence intervals by name: one function over one table of kinds.

A new kind is one kernel and one line of `KINDS`. Coverage of each kind, measured, is in docs/coverage.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimators import bounded_intervals, share_intervals
from estimators.options import as_numbers, check_level, first_of

FloatArray = NDArray[np.float64]
Ends = tuple[FloatArray, FloatArray]
IntervalKind = Literal[
    "wald",
    "logit",
    "arcsine",
    "likelihood",
    "wilson",
    "clopper_pearson",
    "korn_graubard",
    "smoothed_moments",
    "profile",
    "gaffke",
    "bootstrap_t",
]
Unusable = Literal["error", "nan"]
_FROM_SHARES: Final = ("smoothed_moments", "profile", "gaffke")


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to make an interval.

    ``needs`` names the arguments its kernel reads beside the estimate or the shares; ``warning`` is a
    sentence to print beside the interval, or empty.
    """

    kernel: Callable[..., Ends]
    needs: tuple[str, ...]
    warning: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """Lower and upper ends (...) of intervals of one kind and level; ``warning`` says when not to trust."""

    lower: FloatArray
    upper: FloatArray
    kind: str
    level: float
    warning: str = ""


_REPLICATED: Final = ("replicates", "replicate_se")
_CEILING: Final = "unsafe near the ceiling: covers 0.40 instead of 0.95 at n = 5 with 90% fives"
KINDS: Final[dict[str, Kind]] = {
    "wald": Kind(share_intervals.wald, ("se", "df"), _CEILING),
    "logit": Kind(share_intervals.logit, ("se", "df"), "undefined at the ends of the scale"),
    "arcsine": Kind(share_intervals.arcsine, ("se", "df"), "undefined at the ends of the scale"),
    "likelihood": Kind(share_intervals.likelihood, ("se", "df", "n"), "undefined at the ends of the scale"),
    "wilson": Kind(share_intervals.wilson, ("n_eff", "df")),
    "clopper_pearson": Kind(share_intervals.clopper_pearson, ("n_eff",)),
    "korn_graubard": Kind(share_intervals.korn_graubard, ("se", "df", "n", "n_eff")),
    "smoothed_moments": Kind(bounded_intervals.smoothed_moments, ("n_eff", "df")),
    "profile": Kind(bounded_intervals.profile, ("n_eff", "df")),
    "gaffke": Kind(bounded_intervals.gaffke, ("n_eff", "df")),
    "bootstrap_t": Kind(share_intervals.bootstrap_t, ("se", "replicates", "replicate_se"), _CEILING),
}


def interval(
    estimate: ArrayLike | None = None,
    *,
    kind: IntervalKind,
    level: float = 0.95,
    se: ArrayLike | None = None,
    df: ArrayLike = np.inf,
    n: ArrayLike | None = None,
    n_eff: ArrayLike | None = None,
    distribution: ArrayLike | None = None,
    scores: Sequence[float] = (1, 2, 3, 4, 5),
    bounds: tuple[float, float] = (0.0, 1.0),
    replicates: ArrayLike | None = None,
    replicate_se: ArrayLike | None = None,
    unusable: Unusable = "error",
) -> Interval:
    """Confidence interval of a share or a bounded mean, elementwise over any shape.

    Parameters
    ----------
    estimate : (...) point estimates inside ``bounds``; not given with the kinds read off a distribution.
    kind : a key of `KINDS`. ``smoothed_moments``, ``profile`` and ``gaffke`` read the distribution; the
        others read the estimate.
    level : confidence level, in (0, 1).
    se : (...) standard errors, in the unit of the estimate.
    df : (...) design degrees of freedom; infinite for the normal law.
    n : (...) numbers of respondents.
    n_eff : (...) effective numbers, ``n / deff``; ``n`` when not given.
    distribution : (..., scores) shares of the scores, each row summing to 1.
    scores : values of the scale, increasing.
    bounds : ends of the scale of the estimate: (0, 1) for a share, (1, 5) for a mean rating.
    replicates, replicate_se : (replicate, ...) for ``bootstrap_t``.
    unusable : what to do where the kind is undefined (a standard error of 0, an effective number too
        small): raise, or leave NaN for the caller to flag.

    Returns
    -------
    Interval
        Ends (...), never outside the scale.

    Raises
    ------
    ValueError
        For an unknown kind, a missing or impossible argument, or an undefined interval.

    Examples
    --------
    >>> five = interval(kind="smoothed_moments", distribution=[0, 0, 0, 0, 1], n_eff=5)
    >>> round(float(five.lower), 3), float(five.upper)
    (3.146, 5.0)
    >>> share = interval([0.9, 1.0], kind="wilson", n_eff=[20, 5])
    >>> share.lower.round(3).tolist()
    [0.699, 0.566]
    """
    chosen = _chosen(kind, level)
    given = {"se": se, "df": df, "n": n, "n_eff": n if n_eff is None else n_eff}
    given |= {"replicates": replicates, "replicate_se": replicate_se}
    if missing := [name for name in chosen.needs if given[name] is None]:
        raise ValueError(f"interval kind {kind!r} needs {' and '.join(missing)}; pass it by name")
    if unusable not in ("error", "nan"):
        raise ValueError(f"unusable must be 'error' or 'nan', got {unusable!r}")
    values = {name: as_numbers(value, name) for name, value in given.items() if value is not None}
    values = {name: values[name] for name in chosen.needs}
    draws: dict[str, FloatArray] = {name: values.pop(name) for name in _REPLICATED if name in values}
    if kind in _FROM_SHARES:
        shares, scale = _checked_shares(distribution, scores, kind)
        center = shares @ scale
    else:
        center, scale = _checked_estimate(estimate, bounds, kind)
    if draws:
        _check_draws(draws, level)
    shape = _common_shape({"estimate": center, **values})
    values = {name: np.broadcast_to(value, shape) for name, value in values.items()}
    good = _usable(np.broadcast_to(center, shape), scale, values, kind)
    if unusable == "error" and not good.all():
        raise ValueError(_remedy(kind, int((~good).sum()), good.size))
    values = {name: value[good] for name, value in values.items()}
    values |= _of_usable(draws, good)
    lower, upper = np.full(shape, np.nan), np.full(shape, np.nan)
    if kind in _FROM_SHARES:
        rows = np.broadcast_to(shares, (*shape, scale.size))[good]
        lower[good], upper[good] = chosen.kernel(rows, scores=scale, level=level, **values)
    else:
        rows = np.broadcast_to(center, shape)[good]
        lower[good], upper[good] = _on_unit_scale(chosen, rows, scale, values, level)
    if unusable == "error" and (lost := int(np.isnan(lower).sum())):
        raise ValueError(_remedy(kind, lost, good.size))
    return Interval(lower, upper, kind, level, chosen.warning)


def _chosen(kind: str, level: float) -> Kind:
    """Entry of the table, the level checked."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    check_level(level)
    return KINDS[kind]


def _common_shape(arrays: Mapping[str, FloatArray]) -> tuple[int, ...]:
    """Shape that all arguments fill."""
    try:
        return np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"arguments must have shapes that fit together, got {shapes}") from None


def _check_draws(draws: Mapping[str, FloatArray], level: float) -> None:
    """Refuse replicates too few for the tails."""
    estimates, errors = draws["replicates"], draws["replicate_se"]
    if estimates.shape != errors.shape or estimates.ndim == 0:
        raise ValueError(
            f"replicates and replicate_se must have one shape, got {estimates.shape} and {errors.shape}"
        )
    if len(estimates) < (least := ceil(2 / (1 - level) - 1e-9) - 1):
        raise ValueError(
            f"replicates must be at least {least} for level {level}, got {len(estimates)}; draw more"
        )


def _of_usable(draws: Mapping[str, FloatArray], good: NDArray[np.bool_]) -> dict[str, FloatArray]:
    """Replicates (replicate, entry) of the usable entries, which must all be known."""
    kept = {name: np.broadcast_to(each, (len(each), *good.shape))[:, good] for name, each in draws.items()}
    for name, values in kept.items():
        if not np.isfinite(values).all():
            raise ValueError(f"{name} must be finite, {first_of(values, ~np.isfinite(values), 'replicate')}")
    return kept


def _checked_shares(
    distribution: ArrayLike | None, scores: Sequence[float], kind: str
) -> tuple[FloatArray, FloatArray]:
    """Distribution and scale as checked arrays; rows of NaN pass, being unusable."""
    if distribution is None:
        raise ValueError(f"interval kind {kind!r} needs distribution, the shares of the scores")
    shares, scale = as_numbers(distribution, "distribution"), as_numbers(scores, "scores")
    if scale.ndim != 1 or scale.size < 2 or not np.all(np.diff(scale) > 0):
        raise ValueError(f"scores must be at least two increasing values, got {list(scores)}")
    if shares.ndim == 0 or shares.shape[-1] != scale.size:
        raise ValueError(f"distribution must end in {scale.size} shares, got shape {shares.shape}")
    if np.any(shares < 0) or np.any(np.abs(np.sum(shares, axis=-1) - 1) > 1e-6):
        raise ValueError("distribution must be nonnegative and sum to 1; divide the counts by their sum")
    return shares, scale


def _checked_estimate(
    estimate: ArrayLike | None, bounds: tuple[float, float], kind: str
) -> tuple[FloatArray, FloatArray]:
    """Estimate checked to lie within its bounds, and the bounds; NaN passes, being unusable."""
    if estimate is None:
        raise ValueError(f"interval kind {kind!r} needs estimate")
    value, ends = as_numbers(estimate, "estimate"), as_numbers(bounds, "bounds")
    if ends.shape != (2,) or not ends[0] < ends[1]:
        raise ValueError(f"bounds must be two numbers that increase, got {bounds}")
    slack = 1e-9 * (ends[1] - ends[0])
    if np.any((value < ends[0] - slack) | (value > ends[1] + slack)):
        raise ValueError(
            f"estimate must lie within bounds {bounds}, got {np.nanmin(value)} to {np.nanmax(value)};"
            " a mean rating needs bounds=(1, 5), a percentage must be divided by 100"
        )
    return np.clip(value, *ends), ends


def _usable(
    center: FloatArray, scale: FloatArray, values: dict[str, FloatArray], kind: str
) -> NDArray[np.bool_]:
    """Where the kind is defined: finite inputs, and spread where it rests on an estimate of spread."""
    good = np.isfinite(center)
    for name, value in values.items():
        good &= ~np.isnan(value) if name == "df" else np.isfinite(value)
    for name, least in (("df", 0), ("n_eff", 0), ("n", 1)):
        if name in values:
            good &= values[name] > least
    if "se" in values:
        if np.any(values["se"] < 0):
            raise ValueError(f"se must not be negative, got {np.nanmin(values['se'])}")
        if kind != "korn_graubard":
            good &= values["se"] > 0
    if kind in ("smoothed_moments", "profile"):
        good &= np.minimum(values["df"], values["n_eff"] - 1) >= 1
    if kind in ("logit", "arcsine", "likelihood"):
        good &= (center > scale[0]) & (center < scale[-1])
    return good


def _remedy(kind: str, bad: int, size: int) -> str:
    """What to do when a kind is undefined."""
    if kind in ("smoothed_moments", "profile"):
        rule, remedy = "1 degree of freedom and n_eff of 2 at least", "merge domains or use 'gaffke'"
    elif "se" in KINDS[kind].needs and kind != "korn_graubard":
        rule = "a standard error above 0 and finite, positive df, and an estimate inside the scale"
        remedy = "use 'smoothed_moments' or 'gaffke' for a mean, 'wilson' for a share"
    else:
        rule, remedy = "positive and finite n and n_eff, and positive df", "merge domains"
    lacking = f"{bad} of {size} entries lack it"
    return f"interval kind {kind!r} needs {rule}; {lacking}; {remedy}, or pass unusable='nan'"


def _on_unit_scale(
    chosen: Kind, center: FloatArray, scale: FloatArray, values: dict[str, FloatArray], level: float
) -> Ends:
    """Ends in the unit of the estimate, from a kernel that works on [0, 1]."""
    low, width = scale[0], scale[-1] - scale[0]
    for name in ("se", "replicate_se"):
        if name in values:
            values = values | {name: values[name] / width}
    if "replicates" in values:
        values = values | {"replicates": (values["replicates"] - low) / width}
    lower, upper = chosen.kernel((center - low) / width, level=level, **values)
    return low + width * lower, low + width * upper
