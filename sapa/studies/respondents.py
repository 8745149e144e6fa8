"""The synthetic respondents of 2020, counted: where they are and what they answer, all that the world takes.

Making them takes 20 s of processor time, so their counts are kept in two files; ``python -m sapa.studies``
writes these again, and a test holds them against fresh respondents.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from estimators.ratings import NOT_ANSWERED, NOT_APPLICABLE
from sapa.microdata.layout import layout
from sapa.microdata.placement import regional_tables
from sapa.microdata.targets import target
from sapa.scheme_2020 import questionnaire, service_channels

FOLDER: Final = Path(__file__).parent / "respondents_2020"
ANSWERS: Final = {
    **{str(score): score for score in range(1, 6)},
    "not_applicable": NOT_APPLICABLE,
    "not_answered": NOT_ANSWERED,
}


@dataclass(frozen=True, slots=True, eq=False)
class Respondents:
    """Counts of the respondents of one survey.

    Attributes
    ----------
    places
        Respondents by ``form`` (``service/channel``) and ``region``.
    answers
        How many of a form gave each ``answer`` to an ``item`` put to them: 1..5, it does not apply, none.
    """

    places: xr.DataArray
    answers: xr.DataArray

    def write(self, folder: Path = FOLDER) -> None:
        """Two tables, ``places.csv`` and ``answers.csv``; items that are not put have no row."""
        self.places.to_pandas().to_csv(folder / "places.csv")
        rows = self.answers.stack(row=("form", "item")).transpose("row", "answer").to_pandas()
        rows[rows.sum(axis=1) > 0].to_csv(folder / "answers.csv")


def counted(people: xr.Dataset) -> Respondents:
    """Counts of microdata as :func:`sapa.synthetic_2020` makes them.

    The channels of a local service are in proportion to its people in every region: where the microdata have
    them is fitted to printed regional figures, and no design should rest on that. Rating rates are the
    microdata's: those of local services leave room for the same figures (:mod:`sapa.microdata.nonraters`).
    """
    forms = [f"{service}/{channel}" for service, channel in service_channels()]
    regions = sorted(set(people["region"].values.tolist()))
    names = people["service"].to_series() + "/" + people["channel"].to_series()
    form = pd.Index(forms).get_indexer(names)
    places = np.zeros((len(forms), len(regions)), dtype=np.int64)
    np.add.at(places, (form, pd.Index(regions).get_indexer(people["region"].values)), 1)
    for service in regional_tables():
        laid, mine = layout(service), [forms.index(f"{service}/{f.channel}") for f in target(service).forms]
        places[np.ix_(mine, pd.Index(regions).get_indexer(list(laid.regions)))] = laid.people.T
    ratings = people["ratings"].transpose("respondent", "item").to_numpy()
    answers = np.zeros((len(forms), ratings.shape[1], len(ANSWERS)), dtype=np.int64)
    np.add.at(answers, form, ratings[..., None] == [*ANSWERS.values()])
    items = [str(item) for item in people["item"].values]
    return Respondents(
        xr.DataArray(places, dims=("form", "region"), coords={"form": forms, "region": regions}),
        xr.DataArray(
            answers,
            dims=("form", "item", "answer"),
            coords={"form": forms, "item": items, "answer": [*ANSWERS]},
        ),
    )


def kept(folder: Path = FOLDER) -> Respondents:
    """Counts of ``synthetic_2020(rng=SEED)`` as written.

    Examples
    --------
    >>> kept().places.sum().item()
    9181
    """
    places = pd.read_csv(folder / "places.csv", index_col="form").rename_axis(columns="region")
    rows = pd.read_csv(folder / "answers.csv", index_col=["form", "item"]).rename_axis(columns="answer")
    items = list(questionnaire().index)
    every = pd.MultiIndex.from_product([places.index, items], names=["form", "item"])
    table = rows.reindex(every, fill_value=0).to_numpy().reshape(len(places), len(items), -1)
    coords = {"form": list(places.index), "item": items, "answer": list(rows.columns)}
    return Respondents(
        xr.DataArray(places), xr.DataArray(table, dims=("form", "item", "answer"), coords=coords)
    )
