"""The published studies by name."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from sapa.choices import Law
from sapa.studies.designs import as_fielded, fabrication, modes, rules
from sapa.studies.planning import allocations, smallest
from sapa.studies.settings import Settings
from sapa.studies.world import World, world_2020

ALL: Final = "all"
STUDIES: Final[Mapping[str, Callable[[World, Settings], pd.DataFrame]]] = {
    "as-fielded": as_fielded,
    "allocations": allocations,
    "rules": rules,
    "fabrication": fabrication,
    "modes": modes,
    "smallest": smallest,
}


def study(
    name: str,
    *,
    replicates: int = 500,
    seed: int = 2020,
    rho: float = 0.5,
    law: Law = "max_entropy",
    store: str | os.PathLike[str] | None = None,
    client: Any = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Table of a published study.

    Parameters
    ----------
    name
        ``as-fielded``, ``allocations``, ``rules``, ``fabrication``, ``modes`` or ``smallest``; ``all`` runs
        them one after the other and puts a column ``study`` first.
    replicates, seed, client, progress
        As in :meth:`simulate.Study.run`.
    store
        Folder in which each published study has a folder of its own.
    rho
        Correlation of a person's latent ratings.
    law
        Distribution of an item with the published figures, as in :func:`sapa.studies.world_2020`.

    Returns
    -------
    One row a scenario, estimator, figure and group of services (``all``, or by the respondents of 2020), with
    value and Monte Carlo error. A figure that is computed, not simulated, has no error.

    Raises
    ------
    ValueError
        When the study is unknown.
    """
    if name == ALL:
        options: dict[str, Any] = {"replicates": replicates, "seed": seed, "rho": rho, "law": law}
        options["store"] = store
        tables = {each: study(each, **options, client=client, progress=progress) for each in STUDIES}
        whole = pd.concat(tables, names=["study"]).reset_index("study").reset_index(drop=True)
        whole.attrs |= {"replicates": replicates, "seed": seed, "study": "all published studies", "law": law}
        return whole
    if name not in STUDIES:
        raise ValueError(f"name must be one of {[*STUDIES, ALL]}, got {name!r}")
    folder = None if store is None else Path(store) / name
    table = STUDIES[name](world_2020(rho=rho, law=law), Settings(replicates, seed, folder, client, progress))
    table.attrs["law"] = law
    return table
