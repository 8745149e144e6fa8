"""How the published studies are run, and how their figures become rows of one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulate import Comparison, Diagnosis, Run, Study, compare_studies

COLUMNS = ["scenario", "estimator", "figure", "domain", "value", "mc_error"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Replicates, seed and where they are kept and made, as in :meth:`simulate.Study.run`."""

    replicates: int = 500
    seed: int = 2020
    store: Path | None = None
    client: Any = None
    progress: bool | None = None

    def run(self, study: Study, *, seed: int | None = None) -> Run:
        """Run of a study, in a folder of its own within the store."""
        chosen = self.seed if seed is None else seed
        folder = None if self.store is None else self.store / f"{study.name}, seed {chosen}"
        return study.run(
            self.replicates, seed=chosen, store=folder, client=self.client, progress=self.progress
        )

    def compare(self, studies: Mapping[str, Study]) -> Comparison:
        """Runs of several designs on common random numbers."""
        return compare_studies(
            studies,
            self.replicates,
            seed=self.seed,
            store=self.store,
            client=self.client,
            progress=self.progress,
        )


def rows_of(
    scenario: str, estimator: str, found: Mapping[str, Diagnosis], groups: Mapping[str, NDArray[np.bool_]]
) -> list[dict[str, object]]:
    """One row a diagnosand and group of domains; figures of the whole vector have the group ``all``."""
    out = []
    for figure, diagnosis in found.items():
        parts = {"all": None} if diagnosis.value.ndim == 0 else {"all": None, **groups}
        for domain, mask in parts.items():
            part = diagnosis
            if mask is not None:
                part = Diagnosis(diagnosis.value[mask], diagnosis.influence[:, mask], diagnosis.trials)
            whole = part.overall()
            if not np.isnan(whole.value):
                values = (scenario, estimator, figure, domain, float(whole.value), float(whole.mc_error()))
                out.append(dict(zip(COLUMNS, values, strict=True)))
    return out


def row(
    scenario: str, estimator: str, figure: str, domain: str, value: float, error: float
) -> dict[str, object]:
    """One row of a table; an error of NaN marks a figure that is not simulated."""
    return dict(zip(COLUMNS, (scenario, estimator, figure, domain, value, error), strict=True))


def table_of(rows: list[dict[str, object]], settings: Settings, **notes: object) -> pd.DataFrame:
    """Rows as a table that says how it was made."""
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame.attrs |= {"replicates": settings.replicates, "seed": settings.seed, **notes}
    return frame
