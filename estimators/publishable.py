"""Publishing rule: which figures are shown and ranked, which only shown, which withheld."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Final

import numpy as np
import xarray as xr

VERDICTS: Final = ("ranked", "unranked", "withheld")


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a figure needs: raters, effective raters, and an interval no wider than twice ``half_width``.

    ``half_width`` is in the unit of the statistic: one number, or a mapping by statistic.
    """

    raters: int = 1
    n_eff: float = 0.0
    half_width: float | Mapping[str, float] = float("inf")

    def __post_init__(self) -> None:
        widths = self.half_width.values() if isinstance(self.half_width, Mapping) else [self.half_width]
        for value in (self.raters, self.n_eff, *widths):
            if not isinstance(value, Real):
                raise TypeError(f"raters, n_eff and half_width must be numbers, got {value!r}")
        if not self.raters >= 1 or not self.n_eff >= 0 or any(not width > 0 for width in widths):
            raise ValueError(
                f"raters must be at least 1, n_eff not negative, half_width positive, got {self}"
            )


@dataclass(frozen=True, slots=True)
class Rule:
    """Publishing rule: what it takes to be shown, and what more to be ranked."""

    show: Threshold = field(default_factory=lambda: Threshold(raters=5))
    rank: Threshold = field(default_factory=lambda: Threshold(raters=30))

    def __post_init__(self) -> None:
        for name, threshold in (("show", self.show), ("rank", self.rank)):
            if not isinstance(threshold, Threshold):
                raise TypeError(f"{name} must be a Threshold, got {threshold!r}; write Threshold(raters=5)")


def publishable(result: xr.Dataset, rule: Rule) -> xr.Dataset:
    """Verdict on every figure of a result, with the reason where it falls short.

    Parameters
    ----------
    result : dataset with ``estimate``, ``raters``, ``n_eff``, ``lower`` and ``upper``, as from `scores`, or
        with ``effective_n`` in place of ``n_eff``, as from `compose`.
    rule : what it takes to be shown and to be ranked.

    Returns
    -------
    Dataset with the dims of ``estimate``: ``verdict`` ("ranked", "unranked", "withheld") and ``reason``, the
    first criterion missed for the next better verdict, or "". A missing figure or interval is withheld or
    unranked, never let through.

    Raises
    ------
    ValueError
        If the result lacks a variable the rule reads, or asks less of ranking than of showing.

    Examples
    --------
    >>> figures = {"estimate": [4.5, 4.9], "raters": [40, 8], "n_eff": [35.0, 8.0]}
    >>> figures |= {"lower": [4.3, 4.2], "upper": [4.7, 5.0]}
    >>> table = xr.Dataset({k: ("service", v) for k, v in figures.items()})
    >>> publishable(table, Rule()).verdict.values.tolist()
    ['ranked', 'unranked']
    """
    if not isinstance(rule, Rule):
        raise TypeError(f"rule must be a Rule, got {type(rule).__name__}; write Rule(show=Threshold(...))")
    if "effective_n" in result and "n_eff" not in result:
        result = result.rename(effective_n="n_eff")
    if missing := [name for name in ("estimate", "raters", "n_eff", "lower", "upper") if name not in result]:
        raise ValueError(f"result lacks {missing[0]!r}; score it with intervals")
    if rule.rank.raters < rule.show.raters or rule.rank.n_eff < rule.show.n_eff:
        raise ValueError("rule must ask at least as much of rank as of show")
    show, rank = _shortfall(result, rule.show), _shortfall(result, rule.rank)
    verdict = xr.full_like(show, "ranked", dtype="<U8").where(rank == "", "unranked")
    verdict = verdict.where(show == "", "withheld")
    return xr.Dataset({"verdict": verdict, "reason": show.where(show != "", rank)})


def _shortfall(result: xr.Dataset, need: Threshold) -> xr.DataArray:
    """First criterion that each figure misses, or the empty string."""
    half = (result["upper"] - result["lower"]) / 2
    width: float | xr.DataArray = float("inf")
    if isinstance(need.half_width, Mapping):
        names = [str(name) for name in result["statistic"].values]
        if unknown := [name for name in need.half_width if name not in names]:
            known = ", ".join(names)
            raise ValueError(f"half_width must name statistics, {unknown[0]!r} is none; there are {known}")
        limits = [need.half_width.get(name, np.inf) for name in names]
        width = xr.DataArray(limits, dims="statistic", coords={"statistic": names})
    else:
        width = need.half_width
    missed = {
        "no figure": result["estimate"].isnull(),
        "raters": result["raters"] < need.raters,
        "effective raters": ~(result["n_eff"] >= need.n_eff),
        "half-width": ~(half <= width) & np.isfinite(width),
    }
    reason = xr.full_like(result["estimate"], "", dtype="<U16")
    for name, mask in reversed(missed.items()):
        reason = reason.where(~mask, name)
    return reason
