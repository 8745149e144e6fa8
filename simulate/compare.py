"""Designs side by side on common random numbers, and grids of designs."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from simulate.diagnosands import Diagnosis
from simulate.run import Run, tabulated
from simulate.study import Study


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Runs of several scenarios under one seed.

    Attributes
    ----------
    runs
        Scenario to run, in the order given; the first is the one the others are compared with.
    """

    runs: Mapping[str, Run]

    def diagnose(self) -> xr.Dataset:
        """``value`` and ``mc_error`` over (scenario, estimator, diagnosand, domain)."""
        return _joined({name: run.diagnose() for name, run in self.runs.items()})

    def differences(self) -> xr.Dataset:
        """Each scenario's diagnosands minus the first one's, over the same dims.

        The Monte Carlo error is that of the paired difference: replicate r of every scenario is drawn from
        the same streams, and what they share cancels. Estimators and domains of both count.
        """
        names = list(self.runs)
        if len(names) < 2:
            raise ValueError(f"a comparison needs at least 2 scenarios, got {names}")
        base = self.runs[names[0]]
        first = base.diagnoses()
        found = {}
        for name in names[1:]:
            run = self.runs[name]
            domains = {}
            pairs: dict[tuple[str, str], Diagnosis] = {}
            for key, diagnosis in run.diagnoses().items():
                if key in first:
                    shared, mine, theirs = _shared(run.domains(key[0]), base.domains(key[0]))
                    domains[key[0]] = shared
                    pairs[key] = _difference(diagnosis, first[key], mine, theirs)
            found[name] = tabulated(pairs, domains)
        return _joined(found)


def compare_studies(
    studies: Mapping[str, Study] | Sequence[Study],
    replicates: int,
    *,
    seed: int,
    store: str | os.PathLike[str] | None = None,
    client: Any = None,
    progress: bool | None = None,
) -> Comparison:
    """Run studies on common random numbers.

    Parameters
    ----------
    studies
        Scenario to study, or studies with different names.
    replicates, seed, client, progress
        As in :meth:`Study.run`, the same for all.
    store
        Folder in which each scenario has a folder of its name.

    Examples
    --------
    >>> counts = xr.DataArray([3000], dims="region", coords={"region": ["AKM"]})
    >>> pmf = xr.DataArray([[0.0, 0.0, 0.1, 0.2, 0.7]], dims=("item", "score"), coords={"item": ["o01"]})
    >>> from simulate import Population
    >>> small = Study(
    ...     population=Population.from_pmf(counts, pmf),
    ...     plan=xr.DataArray([30], dims="region", coords={"region": ["AKM"]}),
    ...     estimators={"mean": lambda survey: {"estimate": survey.ratings.mean(axis=(1, 2))}},
    ...     estimands={"mean": [4.6]},
    ... )
    >>> designs = redesign(small, plan={"30": small.plan, "120": 4 * small.plan})
    >>> change = compare_studies(designs, 200, seed=1).differences()
    >>> float(change["value"].sel(scenario="plan=120", diagnosand="rmse", domain="all").item()) < 0
    True
    """
    named = dict(studies) if isinstance(studies, Mapping) else _by_name(studies)
    if not named:
        raise ValueError("studies must name at least one study, got none")
    folders = {name: _folder(name) for name in named}
    if store is not None and len(set(folders.values())) < len(named):
        raise ValueError(f"studies must have names that differ as folders, got {list(named)}; rename one")
    runs = {}
    for name, study in named.items():
        folder = None if store is None else Path(store) / folders[name]
        scenario = replace(study, name=name)
        runs[name] = scenario.run(replicates, seed=seed, store=folder, client=client, progress=progress)
    return Comparison(runs)


def redesign(
    design: Study | Callable[..., Study], **grid: Mapping[str, Any] | Sequence[Any]
) -> dict[str, Study]:
    """Studies over a grid.

    Parameters
    ----------
    design
        A study whose fields vary, or a function that makes one of the grid's arguments.
    **grid
        Argument to its values; a mapping names them, a sequence is named by the values themselves.

    Returns
    -------
    Name, as in ``"n=500, rate=0.6"``, to study, for every combination.

    Examples
    --------
    >>> list(redesign(lambda n, rate: (n, rate), n=[500, 900], rate=[0.6]))
    ['n=500, rate=0.6', 'n=900, rate=0.6']
    """
    if isinstance(design, Study):
        unknown = sorted(set(grid) - {entry.name for entry in fields(design)})
        if unknown:
            raise ValueError(f"grid must name fields of Study, got {unknown}")
    levels = [
        list(values.items()) if isinstance(values, Mapping) else [(str(value), value) for value in values]
        for values in grid.values()
    ]
    out = {}
    for combination in product(*levels):
        name = ", ".join(f"{key}={label}" for key, (label, _) in zip(grid, combination, strict=True))
        chosen = {key: value for key, (_, value) in zip(grid, combination, strict=True)}
        out[name] = replace(design, **chosen) if isinstance(design, Study) else design(**chosen)
    return out


def _by_name(studies: Sequence[Study]) -> dict[str, Study]:
    """Studies by their names, which must differ."""
    named = {study.name: study for study in studies}
    if len(named) != len(studies):
        raise ValueError(f"studies must have different names, got {[study.name for study in studies]}")
    return named


def _folder(name: str) -> str:
    """Name of a scenario's folder: what no file system takes is replaced."""
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", name).strip(". ") or "_"


def _shared(mine: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[tuple[str, ...], list[int], list[int]]:
    """Labels of both, and where each has them."""
    shared = tuple(label for label in mine if label in theirs)
    return shared, [mine.index(label) for label in shared], [theirs.index(label) for label in shared]


def _difference(one: Diagnosis, other: Diagnosis, mine: list[int], theirs: list[int]) -> Diagnosis:
    """Paired difference; a difference of shares is no share."""
    if one.value.ndim == 0:
        return Diagnosis(one.value - other.value, one.influence - other.influence)
    return Diagnosis(
        np.asarray(one.value[mine] - other.value[theirs]),
        one.influence[:, mine] - other.influence[:, theirs],
    )


def _joined(tables: Mapping[str, xr.Dataset]) -> xr.Dataset:
    return xr.concat(
        list(tables.values()), dim="scenario", join="outer", combine_attrs="drop_conflicts"
    ).assign_coords(scenario=list(tables))
