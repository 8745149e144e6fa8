"""Columns of a table of respondents, read as codes, covariates and calibration variables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimators.codes import compact
from estimators.options import first_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Auxiliary:
    """Calibration variables and their known totals.

    ``blocks`` holds, for each variable, the codes (respondent,) of a categorical one or the values
    (respondent,) of a numeric one; ``targets`` its totals (level,), one number for a numeric one; ``labels``
    their names; ``variables`` those of the variables.
    """

    blocks: tuple[NDArray[Any], ...]
    targets: tuple[FloatArray, ...]
    labels: tuple[tuple[str, ...], ...]
    variables: tuple[str, ...]

    @classmethod
    def of(
        cls,
        table: pd.DataFrame,
        totals: Mapping[str, float | Mapping[Any, float]],
        *,
        population: float | None = None,
    ) -> Self:
        """Variables of a table with known totals, and the population size if given.

        Raises
        ------
        ValueError
            For a missing column, value or level.

        Examples
        --------
        >>> table = pd.DataFrame({"sex": ["f", "m"], "age": [30.0, 40.0]})
        >>> known = Auxiliary.of(table, {"sex": {"f": 5, "m": 6}, "age": 400})
        >>> known.names, known.totals.tolist()
        (('sex=f', 'sex=m', 'age'), [5.0, 6.0, 400.0])
        """
        blocks: list[NDArray[Any]] = []
        targets: list[FloatArray] = []
        labels: list[tuple[str, ...]] = []
        if population is not None:
            blocks.append(np.ones(len(table)))
            targets.append(np.array([population], dtype=float))
            labels.append(("population",))
        for name, total in totals.items():
            if isinstance(total, Mapping):
                codes, levels = level_codes(table, name)
                blocks.append(codes)
                targets.append(_level_targets(name, levels, total))
                labels.append(tuple(f"{name}={level}" for level in levels))
            else:
                blocks.append(numbers(table, name))
                targets.append(np.array([total], dtype=float))
                labels.append((name,))
        variables = (*["population"] * (population is not None), *totals)
        return cls(tuple(blocks), tuple(targets), tuple(labels), variables)

    @property
    def matrix(self) -> FloatArray:
        """Calibration variables (respondent, total), a column of 0 and 1 for each level."""
        return np.hstack([_indicators(b, t.size) for b, t in zip(self.blocks, self.targets, strict=True)])

    @property
    def totals(self) -> FloatArray:
        """Known totals (total,)."""
        return np.concatenate(self.targets)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the totals."""
        return tuple(name for group in self.labels for name in group)

    def spread(self, penalty: float | Mapping[str, float] | None) -> FloatArray | None:
        """Penalty (total,) from one number or from one for each variable; infinite where none is named."""
        if penalty is None:
            return None
        by_name = penalty if isinstance(penalty, Mapping) else dict.fromkeys(self.variables, penalty)
        costs = [by_name.get(name, np.inf) for name in self.variables]
        return np.repeat(np.asarray(costs, dtype=float), [t.size for t in self.targets])


def column(table: pd.DataFrame, name: str) -> pd.Series:
    """Column of the table, complete.

    >>> column(pd.DataFrame({"a": [1]}), "b")
    Traceback (most recent call last):
    ...
    ValueError: table has no column 'b'; it has a
    """
    if name not in table:
        raise ValueError(f"table has no column {name!r}; it has {', '.join(map(str, table.columns))}")
    series = table[name]
    if missing := int(np.count_nonzero(series.isna().to_numpy())):
        raise ValueError(f"column {name!r} has {missing} missing values; impute them or make them a level")
    return series


def numbers(table: pd.DataFrame, name: str) -> FloatArray:
    """Numeric column (respondent,), finite.

    >>> numbers(pd.DataFrame({"age": [30, 40]}), "age").tolist()
    [30.0, 40.0]
    """
    series = column(table, name)
    if not pd.api.types.is_numeric_dtype(series):
        raise ValueError(
            f"column {name!r} must be numeric for one total; give totals of its levels as a mapping"
        )
    values: FloatArray = series.to_numpy(dtype=float)
    if not np.isfinite(values).all():
        raise ValueError(
            f"column {name!r} must be finite, {first_of(values, ~np.isfinite(values))}; fill or drop these"
        )
    return values


def level_codes(table: pd.DataFrame, name: str) -> tuple[IntArray, list[Any]]:
    """Codes (respondent,) and levels of a categorical column; categories that nobody has are no levels.

    >>> level_codes(pd.DataFrame({"sex": ["m", "f"]}), "sex")[1]
    ['f', 'm']
    """
    series = column(table, name)
    if isinstance(series.dtype, pd.CategoricalDtype):
        categories = series.cat.categories
        codes = series.cat.codes.to_numpy().astype(np.intp)
        if np.bincount(codes, minlength=len(categories)).all():
            return codes, list(categories)
        found, codes = compact(codes, max(len(categories), 1))
        return codes, list(categories[found])
    codes, levels = pd.factorize(series, sort=True)
    return codes.astype(np.intp), list(levels)


def answered(table: pd.DataFrame, name: str) -> NDArray[np.bool_]:
    """Mask (respondent,) of a column of booleans.

    >>> answered(pd.DataFrame({"came": [True, False]}), "came").tolist()
    [True, False]
    """
    mask = column(table, name).to_numpy()
    if mask.dtype != bool:
        raise ValueError(f"column {name!r} must be boolean, got {mask.dtype}")
    return np.asarray(mask, dtype=bool)


def covariate_matrix(table: pd.DataFrame, names: Sequence[str]) -> FloatArray:
    """Covariates (respondent, column): a constant, standardised numbers, levels but the first.

    >>> covariate_matrix(pd.DataFrame({"sex": ["f", "m"]}), ["sex"]).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    blocks = [np.ones((len(table), 1))]
    for name in names:
        if pd.api.types.is_numeric_dtype(column(table, name)):
            values = numbers(table, name)
            blocks.append(((values - values.mean()) / (values.std() or 1.0))[:, None])
        else:
            codes, levels = level_codes(table, name)
            blocks.append(_indicators(codes, len(levels))[:, 1:])
    return np.hstack(blocks)


def _indicators(block: NDArray[Any], size: int) -> FloatArray:
    """Columns (respondent, level) of 0 and 1 for codes; the values themselves for numbers."""
    if np.issubdtype(block.dtype, np.floating):
        return np.asarray(block[:, None], dtype=float)
    return np.asarray(np.arange(size) == block[:, None], dtype=float)


def _level_targets(name: str, levels: Sequence[Any], totals: Mapping[Any, float]) -> FloatArray:
    """Totals in the order of the levels."""
    if unknown := [level for level in totals if level not in set(levels)]:
        raise ValueError(
            f"totals of {name!r} name {unknown[0]!r}, which nobody has; merge it with another level"
        )
    if missing := [level for level in levels if level not in totals]:
        raise ValueError(
            f"totals of {name!r} lack level {missing[0]!r}, which respondents have; give its total"
        )
    return np.array([totals[level] for level in levels], dtype=float)
