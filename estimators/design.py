"""Sampling design as the variance needs it: strata, clusters, weights, stages, finite populations."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from estimators.codes import labelled
from estimators.options import as_numbers, first_of, unmasked

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
PROBABILITY = "probability"
SinglePsu = Literal["error", "certainty", "centered", "average"]
_SINGLE_PSU = ("error", "certainty", "centered", "average")


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A later stage of sampling: which unit each respondent lies in, and how many there were to draw from.

    Parameters
    ----------
    unit : (respondent,) labels of the units drawn at this stage, read within the unit of the stage before.
    fpc : (respondent,) number of units in the population of the stage's stratum.
    strata : (respondent,) labels of strata inside the unit before; none if not given.
    """

    unit: ArrayLike
    fpc: ArrayLike
    strata: ArrayLike | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A stage made ready: V = sum_h scale_h (sum_u t_u^2 - shrink_h (sum_u t_u)^2) over unit totals t.

    ``unit`` (respondent,) and ``stratum`` (unit,) are codes from 0; ``scale`` and ``shrink`` (stratum,).
    """

    unit: IntArray
    stratum: IntArray
    scale: FloatArray
    shrink: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Projection that removes what calibration explains: ``z - basis (basis' (weight z))``.

    ``basis`` (respondent, auxiliary) spans the calibration variables and is orthonormal under ``weight``
    (respondent,), the weights before calibration.
    """

    basis: FloatArray
    weight: FloatArray

    @classmethod
    def of(cls, auxiliary: FloatArray, weight: FloatArray) -> Self:
        """Projection on the columns of ``auxiliary``; columns that depend on others are dropped."""
        root = np.sqrt(weight)[:, None]
        left, size, _ = np.linalg.svd(root * auxiliary, full_matrices=False)
        kept = size > size[0] * 1e-11
        return cls(left[:, kept] / root, weight)

    def apply(self, influence: FloatArray) -> FloatArray:
        """Part of ``influence`` (respondent, score) that calibration leaves."""
        return np.asarray(influence - self.basis @ (self.basis.T @ (self.weight[:, None] * influence)))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Design:
    """Who was drawn how: the design of a sample, checked.

    Parameters
    ----------
    strata : (respondent,) labels of strata; one stratum if None.
    psu : (respondent,) labels of primary sampling units; every respondent is one if None. A label found
        in two strata is refused, unless ``nest``.
    weight : (respondent,) positive weights; 1 if None.
    fpc : (respondent,) number of PSUs in the population of the stratum; drawn with replacement if None.
    stages : later stages, `Stage` by `Stage`; they need ``fpc``. Without them, or without ``fpc``, the
        variance is that of the PSU totals (ultimate clusters).
    single_psu : a stratum with one PSU is an ``error``, or counts as a ``certainty`` unit without variance,
        or deviates from zero, the mean of an influence (``centered``; R's "adjust"), or has the
        ``average`` variance of the other strata.
    nest : whether PSU labels repeat from stratum to stratum and mean different PSUs.
    selection : (respondent,) how each was selected: "probability", or another word (snowball, volunteer).
    residuals : projections of calibrated weights, first applied first; made by a weighting recipe.

    Raises
    ------
    ValueError
        For lengths that differ, missing labels, weights not positive and finite, a PSU in two strata, a
        population smaller than the sample, later stages without ``fpc``, or a stratum of one PSU.

    Examples
    --------
    >>> design = Design(strata=["a", "a", "b", "b"], psu=[1, 2, 3, 4], weight=[2.0, 2.0, 1.0, 1.0])
    >>> design
    Design(4 respondents, 4 PSUs, 2 strata, df=2)
    """

    strata: ArrayLike | None = None
    psu: ArrayLike | None = None
    weight: ArrayLike | None = None
    fpc: ArrayLike | None = None
    stages: Sequence[Stage] = ()
    single_psu: SinglePsu = "error"
    nest: bool = False
    selection: ArrayLike | None = None
    residuals: tuple[Residuals, ...] = ()
    weights: FloatArray = field(init=False)
    layers: tuple[Layer, ...] = field(init=False)
    stratum_labels: NDArray[np.object_] = field(init=False)

    def __post_init__(self) -> None:
        if self.single_psu not in _SINGLE_PSU:
            raise ValueError(f"single_psu must be one of {', '.join(_SINGLE_PSU)}, got {self.single_psu!r}")
        if not isinstance(self.nest, bool | np.bool_):
            raise TypeError(f"nest must be True or False, got {self.nest!r}")
        if isinstance(self.stages, Stage) or not all(isinstance(stage, Stage) for stage in self.stages):
            raise TypeError(f"stages must be a list of Stage, got {self.stages!r}; write [Stage(unit, fpc)]")
        size = _common_length(self.strata, self.psu, self.weight, self.fpc, self.selection)
        weights = np.ones(size) if self.weight is None else as_numbers(self.weight, "weight")
        if bad := int(np.sum(~(np.isfinite(weights) & (weights > 0)))):
            raise ValueError(
                f"weight must be positive and finite, {bad} of {size} are not,"
                f" {first_of(weights, ~(weights > 0) | np.isinf(weights))}; drop or mend them"
            )
        stratum, labels = _codes(self.strata, "strata", size)
        unit, _ = _codes(self.psu, "psu", size, each_own=True)
        if self.nest:
            unit = _combined(stratum, unit)
        if self.selection is not None:
            _check_selection(_codes(self.selection, "selection", size)[1].tolist())
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "stratum_labels", labels)
        object.__setattr__(self, "layers", _layers(self, unit, stratum, labels))

    def __repr__(self) -> str:
        parts = [f"{self.n:,} respondents", f"{self.n_psu:,} PSUs", f"{self.layers[0].scale.size:,} strata"]
        parts += [f"{len(self.layers)} stages"] * (len(self.layers) > 1)
        parts += [f"{len(self.residuals)} calibrations"] * bool(self.residuals)
        return f"Design({', '.join(parts)}, df={self.df})"

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        strata: str | None = None,
        psu: str | None = None,
        weight: str | None = None,
        fpc: str | None = None,
        selection: str | None = None,
        stages: Sequence[tuple[str, str]] = (),
        single_psu: SinglePsu = "error",
        nest: bool = False,
    ) -> Self:
        """Design from the named columns of a table; ``stages`` are pairs (unit column, fpc column).

        >>> people = pd.DataFrame({"region": ["a", "a", "b", "b"], "w": [1.0, 2.0, 3.0, 4.0]})
        >>> Design.from_frame(people, strata="region", weight="w").df
        2
        """
        if not isinstance(frame, pd.DataFrame):
            raise TypeError(f"frame must be a DataFrame, got {type(frame).__name__}")
        if any(isinstance(pair, str) or len(pair) != 2 for pair in stages):
            raise TypeError(f"stages must be pairs of columns (unit, fpc), got {stages!r}")
        wanted = [name for name in (strata, psu, weight, fpc, selection) if name is not None]
        if missing := [name for name in wanted + [n for pair in stages for n in pair] if name not in frame]:
            raise ValueError(
                f"frame has no column {missing[0]!r}; it has {', '.join(map(str, frame.columns))}"
            )

        def column(name: str | None) -> NDArray[np.generic] | None:
            return None if name is None else frame[name].to_numpy()

        return cls(
            strata=column(strata),
            psu=np.arange(len(frame)) if psu is None else column(psu),
            weight=column(weight),
            fpc=column(fpc),
            stages=[Stage(frame[unit].to_numpy(), frame[count].to_numpy()) for unit, count in stages],
            single_psu=single_psu,
            nest=nest,
            selection=column(selection),
        )

    @property
    def n(self) -> int:
        """Number of respondents."""
        return int(self.weights.size)

    @property
    def n_psu(self) -> int:
        """Number of primary sampling units."""
        return int(self.layers[0].stratum.size)

    @property
    def df(self) -> int:
        """Degrees of freedom: PSUs less strata."""
        return self.n_psu - int(self.layers[0].scale.size)

    def reweighted(self, weight: ArrayLike, residuals: Sequence[Residuals] = ()) -> "Design":
        """Return the same design with other weights and, when they are calibrated, its projections added."""
        return replace(self, weight=weight, residuals=(*self.residuals, *residuals))


def check_design(design: object) -> None:
    """Refuse what is no design.

    >>> check_design([1.0, 2.0])
    Traceback (most recent call last):
    ...
    TypeError: design must be a Design, got list; make one with Design(weight=...)
    """
    if not isinstance(design, Design):
        raise TypeError(
            f"design must be a Design, got {type(design).__name__}; make one with Design(weight=...)"
        )


def _common_length(*columns: ArrayLike | None) -> int:
    """Length shared by the columns given."""
    sizes = {_length(column) for column in columns if column is not None}
    if -1 in sizes:
        raise ValueError("strata, psu, weight, fpc and selection must each be one entry per respondent")
    if not sizes:
        raise ValueError("a design needs at least one of strata, psu and weight, one entry per respondent")
    if sizes == {0}:
        raise ValueError("a design needs at least one respondent, got none")
    if len(sizes) > 1:
        raise ValueError(
            f"strata, psu, weight, fpc and selection must have one common length, got {sorted(sizes)}"
        )
    return sizes.pop()


def _codes(
    labels: ArrayLike | None, name: str, size: int, *, each_own: bool = False
) -> tuple[IntArray, NDArray[np.object_]]:
    """Codes from 0 and the labels they stand for."""
    if labels is None:
        count = size if each_own else 1
        return np.arange(size) if each_own else np.zeros(size, dtype=np.intp), np.arange(count).astype(object)
    # a list is kept as it is: as an array of texts its missing labels would be called "nan"
    labels = unmasked(labels)
    listed = np.asarray(labels, dtype=None if hasattr(labels, "dtype") else object)
    codes, found = labelled(listed, name, sort=False)
    if np.any(codes < 0):
        raise ValueError(
            f"{name} has {int(np.sum(codes < 0))} missing labels,"
            f" {first_of(listed, codes < 0)}; drop these respondents or label them"
        )
    return codes, found


def _length(column: ArrayLike) -> int:
    """Number of entries of a column; -1 for what is none."""
    try:
        return np.size(column) if np.ndim(column) == 1 else -1
    except ValueError:  # rows of several lengths
        return -1


def _check_selection(ways: Sequence[object]) -> None:
    """Refuse ways of selection that are no words, or "probability" in another spelling."""
    for way in ways:
        if not isinstance(way, str) or (way != PROBABILITY and way.strip().lower() == PROBABILITY):
            raise ValueError(
                f"selection must be {PROBABILITY!r} or another word, such as 'snowball', got {way!r}"
            )


def _combined(outer: IntArray, inner: IntArray) -> IntArray:
    """Codes of the pairs (outer, inner) that occur."""
    codes, _ = pd.factorize(outer * (int(inner.max()) + 1) + inner, sort=False)
    return np.asarray(codes, dtype=np.intp)


def _layers(
    design: Design, unit: IntArray, stratum: IntArray, labels: NDArray[np.object_]
) -> tuple[Layer, ...]:
    """Layers of the design's stages, first stage first."""
    if design.stages and design.fpc is None:
        raise ValueError("stages need fpc, the number of PSUs to draw from; give fpc or drop stages")
    layer, sampled = _layer(design, unit, stratum, design.fpc, np.ones(unit.size), labels)
    layers = [layer]
    for stage in design.stages:
        for name, column in (("units", stage.unit), ("strata", stage.strata)):
            if column is not None and np.shape(column) != unit.shape:
                raise ValueError(f"stages must have {unit.size} {name}, got shape {np.shape(column)}")
        inner, _ = _codes(stage.strata, "stage strata", unit.size)
        within = _combined(unit, inner)
        unit = _combined(within, _codes(stage.unit, "stage unit", unit.size)[0])
        names = np.empty(int(within.max()) + 1, dtype=object)
        names[within] = np.arange(unit.size) if design.psu is None else np.asarray(design.psu)
        layer, sampled = _layer(design, unit, within, stage.fpc, sampled, names)
        layers.append(layer)
    return tuple(layers)


def _layer(
    design: Design,
    unit: IntArray,
    stratum: IntArray,
    fpc: ArrayLike | None,
    factor: FloatArray,
    labels: NDArray[np.object_],
) -> tuple[Layer, FloatArray]:
    """Layer of one stage, its variances times ``factor``, and the factor (respondent,) of the next stage."""
    first = np.zeros(int(unit.max()) + 1, dtype=np.intp)
    first[unit[::-1]] = np.arange(unit.size)[::-1]
    home = stratum[first]
    if np.any(torn := home[unit] != stratum):
        raise ValueError(
            f"psu must lie in one stratum: {len(set(unit[torn].tolist()))} labels occur in two,"
            " one in stratum {!r}; make the labels distinct or pass nest=True".format(
                labels[stratum[torn][0]]
            )
        )
    count = np.bincount(home, minlength=labels.size)
    fraction = _fractions(fpc, stratum, count, labels)
    member = np.zeros(labels.size, dtype=np.intp)
    member[stratum] = np.arange(unit.size)
    single = (count == 1) & (fraction < 1 - 1e-7)
    if design.single_psu == "error" and single.any():
        raise ValueError(
            f"single_psu='error', and {int(single.sum())} strata have one unit, {labels[single][0]!r} among"
            " them; merge strata, or choose 'certainty', 'centered' or 'average'"
        )
    scale = factor[member] * (1 - fraction) * np.where(count > 1, count / np.maximum(count - 1, 1), 0.0)
    shrink = 1.0 / count
    if design.single_psu == "centered":
        scale, shrink = np.where(single, factor[member] * (1 - fraction), scale), np.where(single, 0, shrink)
    if design.single_psu == "average" and single.any():
        if single.all() or design.stages:
            raise ValueError(
                "single_psu='average' needs strata with two PSUs and no later stages; merge strata"
            )
        scale = scale * single.size / (single.size - single.sum())
    return Layer(unit, home, scale, shrink), factor * fraction[stratum]


def _fractions(
    fpc: ArrayLike | None, stratum: IntArray, count: IntArray, labels: NDArray[np.object_]
) -> FloatArray:
    """Share of the units of each stratum (stratum,) that was drawn; 0 with replacement."""
    if fpc is None:
        return np.zeros(count.size)
    size = as_numbers(fpc, "fpc")
    if size.shape != stratum.shape:
        raise ValueError(f"fpc must have one entry per respondent ({stratum.size}), got shape {size.shape}")
    member = np.zeros(count.size, dtype=np.intp)
    member[stratum] = np.arange(stratum.size)
    population = size[member]
    if lost := int(np.isnan(size).sum()):
        raise ValueError(f"fpc has {lost} missing numbers; leave fpc out where the population is unknown")
    if np.any(wrong := ~(population[stratum] == size)):
        raise ValueError(
            f"fpc must be one number per stratum; stratum {labels[stratum[wrong][0]]!r} has several"
        )
    if np.any(small := ~(population >= count)):
        h = int(np.argmax(small))
        raise ValueError(
            f"fpc must be at least the number of units drawn, got {population[h]:g} for {count[h]} in"
            f" stratum {labels[h]!r}; give the number of units in the population, not a fraction"
        )
    return np.asarray(count / population)
