"""Replicate designs: jackknife, balanced half-samples, bootstraps, and weights supplied.

A replicate multiplies the weights by one factor per primary sampling unit; the factors (unit, replicate) are
kept, not the weights of every respondent. The variance of an estimate is
``scale sum_r rscale_r (estimate_r - center)^2``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import linalg

from estimators.design import Design, Layer, check_design
from estimators.options import as_numbers, check_whole, first_of
from estimators.recipe import Recipe

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Center = Literal["estimate", "mean"]

_LARGEST = 2**27  # factors of one replicate design
_HELD = 2**21  # weights of respondents that a recipe makes at once, to bound memory


@dataclass(frozen=True, slots=True, eq=False)
class Reweighting:
    """Recipe to run again in every replicate, on which table; ``weight`` is the full sample's."""

    recipe: Recipe
    table: pd.DataFrame
    weight: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some replicates: weights are ``base[i] * factor[unit[i], r]`` for respondent i and replicate r.

    ``part`` says which replicates; ``unit`` and ``base`` are (respondent,), ``factor`` (unit, replicate).
    """

    part: slice
    unit: IntArray
    base: FloatArray
    factor: FloatArray


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Replicates:
    """Replicate factors of a design.

    Parameters
    ----------
    design : the design replicated.
    kind : how the factors were made.
    unit : (respondent,) codes of the units that have factors.
    factor : (unit, replicate) what the weights are multiplied by.
    scale : one number of the variance formula.
    rscale : (replicate,) numbers of the variance formula.
    center : squares are about the full-sample ``estimate`` (R's ``mse=TRUE``) or the replicates' ``mean``.
    reweighting : recipe run again in each replicate.
    """

    design: Design
    kind: str
    unit: IntArray
    factor: FloatArray
    scale: float
    rscale: FloatArray
    center: Center = "estimate"
    reweighting: Reweighting | None = None

    def __post_init__(self) -> None:
        if self.center not in ("estimate", "mean"):
            raise ValueError(f"center must be 'estimate' or 'mean', got {self.center!r}")
        if self.factor.ndim != 2 or self.rscale.shape != (self.factor.shape[1],):
            raise ValueError("factor must be (unit, replicate) and rscale (replicate,)")
        for name, values, what in (("factor", self.factor, "PSU"), ("rscale", self.rscale, "replicate")):
            if not np.isfinite(values).all():
                raise ValueError(f"{name} must be finite, {first_of(values, ~np.isfinite(values), what)}")
        if np.any(self.rscale < 0):
            raise ValueError(
                f"rscale must not be negative, {first_of(self.rscale, self.rscale < 0, 'replicate')}"
            )
        if not 0 < as_numbers(self.scale, "scale") < np.inf:
            raise ValueError(f"scale must be positive and finite, got {self.scale}")

    def __repr__(self) -> str:
        again = ", recipe run again" if self.reweighting else ""
        return f"Replicates({self.kind}, {self.n_replicates:,}, {self.design}{again})"

    @property
    def n_replicates(self) -> int:
        """Number of replicates."""
        return int(self.factor.shape[1])

    @property
    def weights(self) -> FloatArray:
        """Full-sample weights (respondent,), after the recipe if there is one."""
        return self.design.weights if self.reweighting is None else self.reweighting.weight

    def reweighted(self, recipe: Recipe, table: pd.DataFrame) -> "Replicates":
        """Return the same replicates with a recipe run again in each, from the design's weights.

        The design is that of the whole sample before weighting, nonrespondents included; ``table`` has its
        rows. Factors must not be negative.
        """
        if not isinstance(recipe, Recipe):
            raise TypeError(f"recipe must be a Recipe, got {type(recipe).__name__}; write Recipe((step,))")
        if np.any(self.factor < 0):
            times = np.ceil(10 * (1 - self.factor.min())) / 10
            raise ValueError(
                f"a recipe needs weights of 0 or more, {int(np.sum(self.factor < 0))} factors are below; make"
                f" tau {times:.1f} times as large (generalized_bootstrap) or m smaller (rao_wu)"
            )
        full = recipe.run(table, self.design.weights)
        full.refuse_negative()
        return replace(self, reweighting=Reweighting(recipe, table, full.weight))

    def blocks(self, size: int) -> Iterator[Block]:
        """Blocks of at most ``size`` replicates; fewer where a recipe makes weights of many respondents."""
        if self.reweighting is not None:
            size = max(1, min(size, _HELD // self.design.n))
        for begin in range(0, self.n_replicates, size):
            part = slice(begin, min(begin + size, self.n_replicates))
            if self.reweighting is None:
                yield Block(part, self.unit, self.design.weights, self.factor[:, part])
                continue
            again, base = self.reweighting, self.design.weights
            weights = np.empty((base.size, part.stop - part.start))
            for r, column in enumerate(self.factor[:, part].T):
                weights[:, r] = again.recipe.run(again.table, base * column[self.unit]).weight
            yield Block(part, np.arange(base.size), np.ones(base.size), weights)

    def estimates(self, function: Callable[[FloatArray], ArrayLike]) -> FloatArray:
        """Estimates (replicate, score) by a function of the weights (respondent,).

        >>> three = jackknife(Design(weight=np.ones(3)))
        >>> three.estimates(lambda w: [w @ [1.0, 2.0, 6.0] / w.sum()]).ravel().tolist()
        [4.0, 3.5, 1.5]
        """
        rows = []
        for block in self.blocks(64):
            rows += [np.atleast_1d(function(block.base * column[block.unit])) for column in block.factor.T]
        return np.asarray(rows, dtype=float)

    def covariance(self, estimates: FloatArray, estimate: ArrayLike) -> FloatArray:
        """Covariance (score, score) from the estimates (replicate, score) and the full-sample one (score,).

        >>> pair = jackknife(Design(weight=np.ones(2)))
        >>> pair.covariance(np.array([[1.0], [3.0]]), [2.0]).tolist()
        [[1.0]]
        """
        middle = np.atleast_1d(as_numbers(estimate, "estimate"))
        if estimates.shape != (self.n_replicates, middle.size):
            raise ValueError(
                f"estimates must be ({self.n_replicates} replicates, {middle.size} scores), got shape"
                f" {estimates.shape}"
            )
        if self.center == "mean":
            middle = estimates[self.rscale > 0].mean(axis=0)
        gap = estimates - middle
        return np.asarray(self.scale * (gap * self.rscale[:, None]).T @ gap)


def jackknife(design: Design, *, center: Center = "estimate") -> Replicates:
    """Delete-one-PSU jackknife: JK1 with one stratum, JKn with several (Wolter 2007, sections 4.2 and 4.5).

    A replicate drops one PSU and multiplies the rest of its stratum by ``n_h / (n_h - 1)``; its rscale is
    ``(1 - f_h)(n_h - 1) / n_h``. Strata of one certain PSU are not replicated.

    >>> made = jackknife(Design(strata=[1, 1, 2, 2]))
    >>> made
    Replicates(JKn, 4, Design(4 respondents, 4 PSUs, 2 strata, df=2))
    >>> made.factor[:, 0].tolist()
    [0.0, 2.0, 1.0, 1.0]
    """
    layer = _first_layer(design, "jackknife")
    stratum, count = layer.stratum, np.bincount(layer.stratum)
    _check_size(stratum.size**2)
    kept = np.flatnonzero(layer.scale[stratum] > 0)
    n = count[stratum].astype(float)
    same = stratum[:, None] == stratum[None, kept]
    factor = np.where(same, (n / np.maximum(n - 1, 1))[:, None], 1.0)
    factor[kept, np.arange(kept.size)] = 0.0
    rscale = layer.scale[stratum[kept]] * ((n - 1) / n)[kept] ** 2
    kind = "JK1" if layer.scale.size == 1 else "JKn"
    return Replicates(design, kind, layer.unit, factor, 1.0, rscale, center)


def brr(design: Design, *, rho: float = 0.0, center: Center = "estimate") -> Replicates:
    """Balanced half-samples of a design with two PSUs per stratum; Fay's method with ``rho`` above 0.

    The chosen PSU of each stratum has factor ``2 - rho``, the other ``rho``; the choices are columns of a
    Hadamard matrix; ``scale = 1 / (R (1 - rho)^2)`` (McCarthy 1969; Judkins 1990).

    >>> brr(Design(strata=[1, 1, 2, 2])).factor.sum(axis=0).tolist()
    [4.0, 4.0, 4.0, 4.0]
    """
    if not 0 <= as_numbers(rho, "rho") < 1:
        raise ValueError(f"rho must lie in [0, 1), got {rho}")
    layer = _first_layer(design, "brr")
    count = np.bincount(layer.stratum)
    if np.any(count != 2):
        label = design.stratum_labels[int(np.argmax(count != 2))]
        raise ValueError(
            f"brr needs two PSUs in every stratum, stratum {label!r} has {count[count != 2][0]};"
            " use jackknife or rao_wu"
        )
    if np.any(layer.scale != 2):
        label = design.stratum_labels[int(np.argmax(layer.scale != 2))]
        raise ValueError(
            f"brr cannot represent fpc, which stratum {label!r} has; use jackknife or rao_wu, or drop fpc"
        )
    order = 1 << int(count.size).bit_length()
    signs = linalg.hadamard(order)[1 : count.size + 1].astype(float)
    second = np.zeros(layer.stratum.size)
    second[np.argsort(layer.stratum, kind="stable")[1::2]] = 1
    factor = 1 + (1 - rho) * signs[layer.stratum] * (1 - 2 * second)[:, None]
    kind = "Fay" if rho else "BRR"
    rscale = np.full(order, 1.0 / (order * (1 - rho) ** 2))
    return Replicates(design, kind, layer.unit, factor, 1.0, rscale, center)


def fay(design: Design, *, rho: float = 0.5, center: Center = "estimate") -> Replicates:
    """Fay's balanced half-samples: `brr` with factors ``2 - rho`` and ``rho``.

    >>> fay(Design(strata=[1, 1]), rho=0.5).factor.tolist()
    [[1.5, 0.5], [0.5, 1.5]]
    """
    return brr(design, rho=rho, center=center)


def rao_wu(
    design: Design,
    *,
    replicates: int,
    m: int | None = None,
    rng: np.random.Generator | int | None = None,
    center: Center = "estimate",
) -> Replicates:
    """Rescaling bootstrap of Rao, Wu & Yue (1992): m PSUs drawn with replacement from each stratum's n.

    ``factor = 1 - l + l (n / m) t`` with t the times drawn and ``l = sqrt(m (1 - f) / (n - 1))``.

    Parameters
    ----------
    design : the design.
    replicates : how many.
    m : PSUs drawn per stratum; ``n_h - 1`` if None. Beyond ``(n_h - 1) / (1 - f_h)`` factors can be negative.
    rng : generator or seed.
    center : see `Replicates`.

    Examples
    --------
    >>> rao_wu(Design(strata=[1, 1, 2, 2]), replicates=3, rng=1).factor.sum(axis=0).tolist()
    [4.0, 4.0, 4.0]
    """
    check_whole(replicates, "replicates", least=2)
    layer = _first_layer(design, "rao_wu")
    count = np.bincount(layer.stratum)
    if m is not None:
        check_whole(m, "m", least=1)
    generator = np.random.default_rng(rng)
    factor = np.ones((layer.stratum.size, replicates))
    order = np.argsort(layer.stratum, kind="stable")
    for units, n, scale in zip(np.split(order, np.cumsum(count)[:-1]), count, layer.scale, strict=True):
        if scale == 0 or n == 1:
            continue
        drawn = n - 1 if m is None else m
        picked = generator.integers(n, size=(replicates, drawn))
        picked *= replicates
        picked += np.arange(replicates)[:, None]
        times = np.bincount(picked.ravel(), minlength=n * replicates).reshape(n, replicates)
        shrink = np.sqrt(drawn * scale / n)
        factor[units] = 1 - shrink + shrink * (n / drawn) * times
    return Replicates(design, "Rao-Wu", layer.unit, factor, 1.0 / replicates, np.ones(replicates), center)


def generalized_bootstrap(
    design: Design,
    *,
    replicates: int,
    tau: float = 1.0,
    rng: np.random.Generator | int | None = None,
    center: Center = "estimate",
) -> Replicates:
    """Bootstrap whose normal factors have the covariance of the design's variance (Beaumont & Patak 2012).

    ``factor = 1 + sqrt(scale_h) (z - mean_h z) / tau`` with z standard normal; ``scale = tau^2 / R``. A
    larger ``tau`` keeps factors positive.

    >>> generalized_bootstrap(Design(strata=[1, 1]), replicates=2, rng=1).factor.sum(axis=0).round(9).tolist()
    [2.0, 2.0]
    """
    check_whole(replicates, "replicates", least=2)
    if not 0 < as_numbers(tau, "tau") < np.inf:
        raise ValueError(f"tau must be positive and finite, got {tau}")
    layer = _first_layer(design, "generalized_bootstrap")
    normal = np.random.default_rng(rng).standard_normal((layer.stratum.size, replicates))
    sums = np.zeros((layer.scale.size, replicates))
    np.add.at(sums, layer.stratum, normal)
    center_of = (sums * layer.shrink[:, None])[layer.stratum]
    factor = 1 + np.sqrt(layer.scale)[layer.stratum, None] * (normal - center_of) / tau
    scale = tau**2 / replicates
    return Replicates(design, "generalized", layer.unit, factor, scale, np.ones(replicates), center)


def supplied(
    design: Design,
    weights: ArrayLike,
    *,
    scale: float,
    rscale: ArrayLike | None = None,
    center: Center = "estimate",
) -> Replicates:
    """Replicate weights from elsewhere: ``weights`` (respondent, replicate) include the sampling weight.

    Kept by PSU where their ratio to the design's weights is the same throughout each PSU.

    >>> supplied(Design(weight=[1.0, 1.0]), [[2.0, 0.0], [0.0, 2.0]], scale=1.0).factor.tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """
    check_design(design)
    table = as_numbers(weights, "weights")
    if table.ndim != 2 or len(table) != design.n or not table.size:
        raise ValueError(f"weights must be ({design.n} respondents, replicates), got shape {table.shape}")
    ratio = table / design.weights[:, None]
    unit = design.layers[0].unit
    first = np.zeros(design.n_psu, dtype=np.intp)
    first[unit] = np.arange(unit.size)
    if np.allclose(ratio[first][unit], ratio, rtol=1e-12, atol=0):
        ratio = ratio[first]
    else:
        unit = np.arange(design.n)
    spread = np.ones(table.shape[1]) if rscale is None else as_numbers(rscale, "rscale")
    return Replicates(design, "supplied", unit, ratio, scale, spread, center)


def _first_layer(design: Design, method: str) -> Layer:
    """First stage of a design that this kind of replication can represent."""
    check_design(design)
    if design.residuals:
        raise ValueError(
            f"{method} of a calibrated design would leave the calibration out of the variance; replicate the"
            " design before weighting and run the recipe again: jackknife(design).reweighted(recipe, table)"
        )
    if len(design.layers) > 1:
        raise ValueError(f"{method} replicates the first stage only; drop stages, which ignores their fpc")
    if np.any(design.layers[0].shrink == 0) or design.single_psu == "average":
        raise ValueError(f"{method} cannot represent single_psu={design.single_psu!r}; use 'certainty'")
    return design.layers[0]


def _check_size(size: int) -> None:
    """Refuse a table of factors that would not fit."""
    if size > _LARGEST:
        raise ValueError(f"jackknife would keep {size} factors; group respondents into PSUs, or use rao_wu")
