"""A study: declare a survey, draw it many times, estimate each time, diagnose the estimates."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from simulate.diagnosands import DIAGNOSANDS, Diagnosand
from simulate.fieldwork import check_whole
from simulate.fingerprint import fingerprint
from simulate.population import Population
from simulate.response import Response, fielded
from simulate.run import Run
from simulate.running import Chunk, chunks_of, run_chunks
from simulate.selection import Plan, Selection, plan_table, stratified
from simulate.store import Store
from simulate.streams import Streams, numbered
from simulate.survey import Survey

Floats = NDArray[np.float64]
Estimator = Callable[[Survey], Mapping[str, ArrayLike]]
Estimand = ArrayLike | xr.DataArray | Callable[[Population], ArrayLike | xr.DataArray]
CHUNK_BYTES: Final = 64_000_000
BYTES_PER_RATING: Final = 4
BYTES_PER_PERSON: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Study:
    """A survey design, the world it meets and the estimators judged.

    Attributes
    ----------
    population
        From which people are selected.
    plan
        Whole numbers of people to select, over some dims of the population; or a ``sampling.Plan``.
    estimators
        Name to callable: a :class:`Survey` in, arrays ``(replicates, domains)`` out, by name: ``estimate``
        and any of ``se, lower, upper, p_value``. It must treat each replicate alike and alone.
    estimands
        Truth of the estimators of the same names: (domains,) numbers, a one-dimensional DataArray whose
        labels name the domains, or a callable of the population that returns either.
    selection
        How people are selected; :func:`stratified` simple random sampling unless given.
    response
        What happens between selection and ratings; nothing unless given.
    diagnosands
        Name to callable, as in :data:`DIAGNOSANDS`.
    name
        Of the scenario, for messages and comparisons. It does not touch any random number.

    Examples
    --------
    >>> counts = xr.DataArray([3000, 2000], dims="region", coords={"region": ["AKM", "AKT"]})
    >>> pmf = xr.DataArray([[[0.0, 0.0, 0.1, 0.2, 0.7]]] * 2, dims=("region", "item", "score"),
    ...     coords={"region": ["AKM", "AKT"], "item": ["o01"]})
    >>> study = Study(
    ...     population=Population.from_pmf(counts, pmf),
    ...     plan=xr.DataArray([30, 20], dims="region", coords={"region": ["AKM", "AKT"]}),
    ...     estimators={"mean": lambda survey: {"estimate": survey.ratings.mean(axis=(1, 2))}},
    ...     estimands={"mean": lambda population: population.truth().values.ravel()},
    ... )
    >>> run = study.run(200, seed=1)
    >>> figures = run.diagnose().sel(estimator="mean", diagnosand="bias", domain="all")
    >>> bool(abs(figures["value"]) < 5 * figures["mc_error"])
    True
    """

    population: Population
    plan: xr.DataArray | Plan
    estimators: Mapping[str, Estimator]
    estimands: Mapping[str, Estimand] = field(default_factory=dict)
    selection: Selection = stratified
    response: Response = field(default_factory=Response)
    diagnosands: Mapping[str, Diagnosand] = field(default_factory=lambda: DIAGNOSANDS)
    name: str = "study"

    def __post_init__(self) -> None:
        plan_table(self.plan)
        if not self.estimators:
            raise ValueError("estimators must name at least one callable")
        for group in ("estimators", "diagnosands"):
            bad = [name for name, entry in getattr(self, group).items() if not callable(entry)]
            if bad:
                raise TypeError(f"{group} must be callables, {bad[0]!r} is not")
        unknown = sorted(set(self.estimands) - set(self.estimators))
        if unknown:
            raise ValueError(f"estimands must bear the names of estimators, got {unknown}")

    def draw(self, replicates: int | range, *, seed: int) -> Survey:
        """Surveys of some replicates: the very ones that a run under this seed estimates."""
        span = numbered(replicates)
        streams = Streams(seed, span)
        selected = self.selection(self.population, plan_table(self.plan), streams)
        return fielded(self.population, selected, self.response, streams)

    def truth(self, name: str) -> xr.DataArray:
        """(domain,) estimand of an estimator; empty where it has none."""
        return _truth(self, name)

    def run(
        self,
        replicates: int,
        *,
        seed: int,
        store: str | os.PathLike[str] | None = None,
        client: Any = None,
        chunk: int | None = None,
        progress: bool | None = None,
    ) -> Run:
        """Draw and estimate.

        Parameters
        ----------
        replicates
            How many, counted from 0. Replicate r does not depend on it.
        seed
            Of all random numbers.
        store
            Folder to keep the replicates in, chunk by chunk; what it holds is not drawn again. A run that was
            stopped, however, continues there and ends as one that was not; a longer run extends it.
        client
            ``dask.distributed`` Client: chunks run on its workers, threads, processes or a cluster.
        chunk
            Replicates at a time; by default as many as take about 64 MB.
        progress
            Whether to show rate and time left on stderr; by default when that is a terminal.

        Raises
        ------
        StudyError
            When a replicate fails: names scenario, replicate and seed; those before it stay in the store.
        ValueError
            When the store is another study's.
        """
        check_whole("replicates", replicates, least=1)
        if chunk is not None:
            check_whole("chunk", chunk, least=1)
        if client is not None and not hasattr(client, "submit"):
            raise TypeError(f"client must be a dask.distributed Client, got {client!r}; connect one first")
        Streams(seed, range(replicates))
        usual = min(self.chunk_size(), replicates) if store is None else self.chunk_size()
        if store is None:
            size = chunk or usual
            kept: dict[int, Chunk] = {}
            run_chunks(
                self,
                seed,
                chunks_of(replicates, size, []),
                client,
                progress,
                lambda c: kept.update({c.span.start: c}),
            )
            parts = [kept[start].values for start in sorted(kept)]
            values = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            return Run(self, seed, values)
        folder = Store.opened(
            store, fingerprint=self.fingerprint(), name=self.name, seed=seed, chunk=chunk, usual=usual
        )
        with folder.held():
            wanted = chunks_of(replicates, folder.chunk, folder.done())
            run_chunks(
                self,
                seed,
                wanted,
                client,
                progress,
                lambda c: folder.write(c.span, c.values),
                folder.widths(),
            )
            return Run(self, seed, folder.read(replicates))

    def chunk_size(self) -> int:
        """Replicates that take about 64 MB: a matter of the study only, so that a store can go on."""
        each = BYTES_PER_PERSON + BYTES_PER_RATING * len(self.population.items)
        return int(np.clip(CHUNK_BYTES // max(int(plan_table(self.plan).sum()) * each, 1), 1, 1000))

    def fingerprint(self) -> str:
        """Digest of all that the replicates depend on, the seed apart; names and diagnosands do not count."""
        return fingerprint(
            self.population, plan_table(self.plan), dict(self.estimators), self.selection, self.response
        )

    def estimate(self, span: range, *, seed: int) -> dict[str, Floats]:
        """Answers of every estimator for some replicates, ``(replicates, domains)`` each.

        Names are ``estimator.variable``, and ``survey.cost``, ``survey.respondents``.
        """
        survey = self.draw(span, seed=seed)
        out = {
            "survey.cost": survey.cost[:, None].astype(float),
            "survey.respondents": survey.respondents[:, None].astype(float),
        }
        for name, estimator in self.estimators.items():
            answers = estimator(survey)
            if not isinstance(answers, Mapping) or "estimate" not in answers:
                told = sorted(answers) if isinstance(answers, Mapping) else type(answers).__name__
                raise ValueError(f"estimator {name!r} must return a mapping with 'estimate', got {told}")
            for variable, values in answers.items():
                out[f"{name}.{variable}"] = self._checked(name, variable, values, len(span))
        return out

    def _checked(self, name: str, variable: str, values: ArrayLike, replicates: int) -> Floats:
        table = np.asarray(values, dtype=float)
        domains = self.truth(name).size if name in self.estimands else None
        if table.ndim == 1:
            table = table[:, None]
        if table.ndim != 2 or table.shape[0] != replicates or domains not in (None, table.shape[1]):
            raise ValueError(
                f"estimator {name!r} must return {variable!r} of shape ({replicates}, "
                f"{'domains' if domains is None else domains}), got {np.shape(values)}"
            )
        return table


@lru_cache(maxsize=64)
def _truth(study: Study, name: str) -> xr.DataArray:
    """Worked out once a study, not once a chunk."""
    if name not in study.estimands:
        return xr.DataArray(np.zeros(0), dims="domain", coords={"domain": np.zeros(0, dtype=str)})
    given = study.estimands[name]
    value = given(study.population) if callable(given) else given
    if isinstance(value, xr.DataArray) and value.ndim == 1 and value.dims[0] in value.coords:
        labels = value[value.dims[0]].values.astype(str)
    else:
        labels = np.arange(np.size(value)).astype(str)
    flat = np.asarray(value, dtype=float).reshape(-1)
    return xr.DataArray(flat, dims="domain", coords={"domain": labels})
