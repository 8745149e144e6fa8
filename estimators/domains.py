"""Domains of estimation: the groups that a variable, or a crossing of variables, makes of the respondents."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from estimators.codes import compact, factor
from estimators.options import first_of

IntArray = NDArray[np.intp]
CROSSING = " x "
TAKEN: Final = frozenset(
    {"estimate", "se", "lower", "upper", "n_eff", "deff", "flag", "n", "raters", "distribution", "df"}
    | {"domain_df", "nonprobability", "not_answered", "not_applicable", "not_asked"}
    | {"score", "statistic", "bound", "replicate"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Domains:
    """Groups of respondents: ``code`` (respondent,) from 0, in the order of ``labels`` (domain,).

    ``name`` is the dimension; ``parts`` are, for a crossing, the labels (domain,) of each variable.
    """

    name: str
    code: IntArray
    labels: NDArray[np.object_]
    parts: Mapping[str, NDArray[np.object_]]

    @classmethod
    def of(cls, ratings: xr.Dataset, by: str) -> Self:
        """Domains of the variable ``by``, or of a crossing such as "region x service".

        A categorical variable makes a domain of each category, empty ones too; a crossing has the
        combinations that occur.

        Raises
        ------
        ValueError
            If a variable is missing, not along ``respondent``, or has missing labels.

        Examples
        --------
        >>> people = xr.Dataset({"region": ("respondent", ["a", "b", "a"])})
        >>> Domains.of(people, "region").code.tolist()
        [0, 1, 0]
        """
        names = by.split(CROSSING)
        if taken := [name for name in names if name in TAKEN]:
            raise ValueError(
                f"by must not name {taken[0]!r}, which is a name in the result; call that variable otherwise"
            )
        coded = [_factor(ratings, name) for name in names]
        code, labels = coded[0]
        if len(names) == 1:
            return cls(by, code, labels, {})
        flat = np.ravel_multi_index([c for c, _ in coded], [labels.size for _, labels in coded])
        found, code = compact(flat, int(np.prod([labels.size for _, labels in coded])))
        places = np.unravel_index(found, [labels.size for _, labels in coded])
        parts = {name: labels[place] for name, (_, labels), place in zip(names, coded, places, strict=True)}
        joined = [CROSSING.join(map(str, row)) for row in zip(*parts.values(), strict=True)]
        if len(set(joined)) < len(joined):
            twice = next(name for name in joined if joined.count(name) > 1)
            raise ValueError(
                f"labels of {by!r} must differ when joined, {twice!r} comes twice; rename a label"
            )
        return cls(by, code, np.array(joined, dtype=object), parts)

    @property
    def size(self) -> int:
        """Number of domains."""
        return int(self.labels.size)

    @property
    def coordinates(self) -> dict[str, tuple[str, pd.Index]]:
        """Coordinates of the domain dimension: its labels, and those of the parts of a crossing."""
        labels = {self.name: self.labels} | dict(self.parts)
        return {name: (self.name, pd.Index(each, dtype=object)) for name, each in labels.items()}


def _factor(ratings: xr.Dataset, name: str) -> tuple[IntArray, NDArray[np.object_]]:
    """Codes and labels of a variable along respondent: sorted, or all categories in their order."""
    if name not in ratings.variables:
        known = [str(k) for k, v in ratings.variables.items() if v.dims == ("respondent",)]
        raise ValueError(
            f"by must name a variable along respondent, got {name!r}; there are {', '.join(known)}"
        )
    if ratings[name].dims != ("respondent",):
        raise ValueError(
            f"by variable {name!r} must lie along respondent, it lies along {ratings[name].dims}"
        )
    if isinstance(ratings[name].dtype, pd.CategoricalDtype):
        named = pd.Categorical(ratings[name].data, dtype=ratings[name].dtype)
        code, labels = named.codes.astype(np.intp), named.categories.to_numpy(object)
    else:
        code, labels = factor(np.asarray(ratings[name].values), f"by variable {name!r}")
    if np.any(code < 0):
        raise ValueError(
            f"by variable {name!r} has {int(np.sum(code < 0))} missing labels,"
            f" {first_of(ratings[name].values, code < 0)}; name that group"
        )
    return code, labels
