"""A finite population of recipients: how many there are in each cell, and the law of their ratings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simulate.drawing import factor_nodes, ratings_given
from simulate.rating_model import NODES, SCORES, RatingModel, lattice
from simulate.streams import Streams

LARGEST: Final = 20_000_000
BLOCK: Final = 1 << 20  # people counted at a time
Ints = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Recipients by cell, as counts or as people with fixed ratings.

    Build it with :meth:`from_pmf`; fix everyone's ratings with :meth:`realised`.

    Attributes
    ----------
    counts
        Whole numbers of people over named dims such as region, service, channel, settlement, area, sex,
        age; each dim has its labels. The cells are its entries, in C order; the people lie in that order.
    model
        Law of the ratings.
    law
        (cells,) cell of the model that each cell follows.
    items
        Ids of the items.
    ratings
        (people, items) int8 fixed ratings, or None where each replicate draws them anew.
    factor
        (people,) int16 nodes of the common factor behind fixed ratings, or None.

    Examples
    --------
    >>> counts = xr.DataArray([[300, 0], [200, 500]], dims=("region", "service"),
    ...     coords={"region": ["AKM", "AKT"], "service": ["s01", "s02"]})
    >>> pmf = xr.DataArray([[[0.0, 0.0, 0.1, 0.2, 0.7]], [[0.0, 0.0, 0.0, 0.5, 0.5]]],
    ...     dims=("service", "item", "score"), coords={"service": ["s01", "s02"], "item": ["o01"]})
    >>> population = Population.from_pmf(counts, pmf)
    >>> population.size, population.truth("service", statistic="mean").values.ravel().round(9).tolist()
    (1000, [4.6, 4.5])
    """

    counts: xr.DataArray
    model: RatingModel
    law: Ints
    items: tuple[str, ...]
    ratings: NDArray[np.int8] | None = None
    factor: NDArray[np.int16] | None = None

    @classmethod
    def from_pmf(
        cls,
        counts: xr.DataArray,
        pmf: xr.DataArray,
        *,
        person: float = 0.5,
        settlement: float = 0.0,
        interviewer: float = 0.0,
    ) -> Self:
        """Population whose cells' distributions are given.

        Parameters
        ----------
        counts
            As above.
        pmf
            Probabilities over some dims of `counts`, then ``item`` and ``score``; cells that differ in
            the other dims share them. Five NaN mark an item that is not asked.
        person, settlement, interviewer
            Correlations, as in :meth:`RatingModel.from_pmf`.

        Raises
        ------
        ValueError
            When dims or labels do not agree, counts are no whole numbers, or the population is too large.
        """
        dims = [dim for dim in pmf.dims if dim not in ("item", "score")]
        if not set(dims) <= set(counts.dims) or pmf.sizes.get("score") != 5 or "item" not in pmf.dims:
            raise ValueError(
                f"pmf must have dims item, score (5) and some of {counts.dims}, got {dict(pmf.sizes)}"
            )
        for dim in dims:
            if list(counts[dim].values) != list(pmf[dim].values):
                raise ValueError(f"pmf must have the {dim} labels of counts in the same order; reindex it")
        table = pmf.transpose(*dims, "item", "score")
        model = RatingModel.from_pmf(
            table.to_numpy(), person=person, settlement=settlement, interviewer=interviewer
        )
        law = _codes(counts, [str(dim) for dim in dims])
        return cls(counts, model, law, tuple(str(item) for item in table["item"].values))

    def __post_init__(self) -> None:
        values = self.counts.to_numpy()
        if not np.issubdtype(values.dtype, np.integer) or (values < 0).any():
            raise ValueError(f"counts must be whole numbers of at least 0, got {values.dtype}; round them")
        missing = [dim for dim in self.counts.dims if dim not in self.counts.coords]
        if missing:
            raise ValueError(f"counts must carry labels for each dim, none for {missing}; assign coords")
        if not 1 <= values.sum() <= LARGEST:
            raise ValueError(f"counts must add up to 1..{LARGEST} people, got {values.sum()}")
        if self.law.shape != (values.size,) or self.law.min() < 0 or self.law.max() >= self.model.cells:
            raise ValueError(
                f"law must give each of {values.size} cells one of {self.model.cells} model cells"
            )
        if len(self.items) != self.model.items:
            raise ValueError(f"items must name {self.model.items} items, got {len(self.items)}")
        if self.ratings is not None and self.ratings.shape != (values.sum(), self.model.items):
            raise ValueError(f"ratings must have shape (people, items), got {self.ratings.shape}")

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the dims."""
        return tuple(str(dim) for dim in self.counts.dims)

    @property
    def size(self) -> int:
        """Number of people."""
        return int(self.counts.sum())

    @property
    def cell_counts(self) -> NDArray[np.int64]:
        """(cells,) number of people."""
        return self.counts.to_numpy().ravel().astype(np.int64)

    def people(self) -> NDArray[np.int32]:
        """(people,) cell of each person."""
        return np.repeat(np.arange(self.counts.size, dtype=np.int32), self.cell_counts)

    def labels(self, *dims: str) -> tuple[str, ...]:
        """Names of the domains that the dims cross to, ids joined by ``/``."""
        index = [[str(label) for label in self.counts[self._known(dim)].values] for dim in dims]
        names = [""]
        for ids in index:
            names = [f"{name}/{label}" if name else label for name in names for label in ids]
        return tuple(names) if dims else ("all",)

    def codes(self, *dims: str) -> Ints:
        """(cells,) position among :meth:`labels` of the domain to which each cell belongs."""
        for dim in dims:
            self._known(dim)
        return _codes(self.counts, dims)

    def spread(self, values: float | xr.DataArray, *extra: str) -> Floats:
        """Values over some of the dims as (cells,) numbers; `extra` dims follow as further axes."""
        if not isinstance(values, xr.DataArray):
            values = xr.DataArray(float(values))
        unknown = [dim for dim in values.dims if dim not in (*self.dims, *extra)]
        if unknown:
            raise ValueError(f"values must vary over {(*self.dims, *extra)} only, got dims {unknown}")
        whole = xr.zeros_like(self.counts, dtype=float)
        try:
            table, _ = xr.align(values, whole, join="exact", copy=False)
        except ValueError as error:
            raise ValueError(f"values must carry the population's labels ({error}); reindex them") from error
        full = (whole + table).transpose(*self.counts.dims, *[dim for dim in extra if dim in values.dims])
        return full.to_numpy().reshape(self.counts.size, *full.shape[len(self.dims) :])

    def distribution(self, *dims: str) -> xr.DataArray:
        """Exact distribution over 1..5 in the domains that the dims cross to.

        Returns
        -------
        (domain, item, score) shares of the people of the domain who are asked the item: the model's, or the
        realised people's where ratings are fixed; NaN where nobody is asked.
        """
        code = self.codes(*dims)
        names = self.labels(*dims)
        cells = self._realised_counts() if self.ratings is not None else self._expected_counts()
        total = np.zeros((len(names), *cells.shape[1:]))
        np.add.at(total, code, cells)
        raters = total.sum(axis=-1, keepdims=True)
        share = np.divide(total, raters, out=np.full_like(total, np.nan), where=raters > 0)
        coords = {"domain": list(names), "item": list(self.items), "score": SCORES}
        return xr.DataArray(share, dims=("domain", "item", "score"), coords=coords)

    def truth(self, *dims: str, statistic: str = "mean") -> xr.DataArray:
        """(domain, item) true mean rating or share of fives (``"satisfaction"``)."""
        share = self.distribution(*dims)
        if statistic == "mean":
            return (share * share["score"]).sum("score", skipna=False)
        if statistic == "satisfaction":
            return share.sel(score=5, drop=True)
        raise ValueError(f"statistic must be 'mean' or 'satisfaction', got {statistic!r}")

    def realised(self, *, seed: int) -> Self:
        """Population with a rating fixed for each person and item.

        Needs items bytes a person. Settlements are the population's own dim of that name; nobody has been
        interviewed yet, so a model with interviewer effects is refused.
        """
        streams = Streams(seed, range(1))
        people = self.people()
        settlement = self.settlements()[people] if self.model.shares[1] > 0 else None
        node = factor_nodes(self.model, streams, self.size, settlement=settlement)
        ratings = ratings_given(self.model, self.law[people], node, streams)[0]
        return replace(self, ratings=ratings, factor=node[0].astype(np.int16))

    def settlements(self) -> Ints:
        """(cells,) settlement of each cell; the same name in two regions is two settlements."""
        if "settlement" not in self.dims:
            raise ValueError(
                "counts must have a dim 'settlement' when the model has an effect of it; add the dim"
            )
        return self.codes(*[dim for dim in ("region", "settlement") if dim in self.dims])

    def _expected_counts(self) -> Floats:
        table = np.nan_to_num(self.model.pmf(), nan=0.0)
        return table[self.law] * self.cell_counts[:, None, None]

    def _realised_counts(self) -> Floats:
        assert self.ratings is not None
        cells, items = self.counts.size, len(self.items)
        people, total = self.people(), np.zeros((items, cells * 6), dtype=np.int64)
        for start in range(0, people.size, BLOCK):
            block = slice(start, start + BLOCK)
            base = people[block].astype(np.intp) * 6
            scores = np.maximum(self.ratings[block], 0).T
            for item, score in enumerate(scores):
                total[item] += np.bincount(base + score, minlength=cells * 6)
        return np.moveaxis(total.reshape(items, cells, 6)[..., 1:], 0, 1).astype(float)

    def _known(self, dim: str) -> str:
        if dim not in self.counts.dims:
            raise ValueError(f"dim must be one of {self.dims}, got {dim!r}")
        return dim


def factor_values(model: RatingModel, node: Ints) -> Floats:
    """Common factor of each node, in its SD."""
    return lattice(model.shares)[0][np.clip(node, 0, NODES - 1)]


def _codes(counts: xr.DataArray, dims: Sequence[str]) -> Ints:
    """C-order code of each entry of `counts` along some of its dims, in the order named."""
    grids = np.indices(counts.shape)
    code = np.zeros(counts.shape, dtype=np.intp)
    for dim in dims:
        axis = counts.dims.index(dim)
        code = code * counts.shape[axis] + grids[axis]
    return code.ravel()
