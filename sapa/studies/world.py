"""A world in which the 2020 report is the truth: who was asked what, and how they would answer."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from estimators import max_entropy
from estimators.ratings import NOT_ANSWERED, NOT_APPLICABLE, NOT_ASKED, asked
from sapa.choices import SEED
from sapa.microdata import synthetic_2020
from sapa.published import corrected_criteria
from sapa.scheme_2020 import items_of, questionnaire, service_channels
from simulate import ItemNonresponse, NotApplicable, Population, Response

PEOPLE_PER_RESPONDENT: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The monitored population, the plan as fielded and who is put which item.

    Attributes
    ----------
    population
        Over ``form`` (``service/channel``) and ``region``; the numbers of recipients are not published, so
        they are 200 for each respondent of 2020: a size measure, not a count.
    plan
        Respondents of 2020 by form and region; regions of a form as the synthetic respondents place them.
    response
        Items that do not apply and that are not answered, at the rates of the synthetic respondents.
    laws
        One row a form and criterion: published mean and satisfaction, whether the pair is a limit (one
        distribution only) or was infeasible and projected, and where it comes from.
    """

    population: Population
    plan: xr.DataArray
    response: Response
    laws: pd.DataFrame


@cache
def world_2020(*, rho: float = 0.5, interviewer: float = 0.0) -> World:
    """World of the 2020 monitoring.

    Parameters
    ----------
    rho
        Correlation of a person's latent ratings.
    interviewer
        Correlation of the latent ratings that two people of one interviewer give.

    Notes
    -----
    An item has the maximum-entropy distribution with the mean and the share of fives that the report prints
    for its criterion (corrections on, printed 0.00 is no figure), pairs that one item cannot have projected
    to the nearest share and flagged; where the report prints no pair, that of the synthetic respondents.
    An item that applied to none of them (payment for a free service) is not put.
    """
    people = synthetic_2020(rng=SEED)
    forms = tuple(f"{service}/{channel}" for service, channel in service_channels())
    regions = tuple(sorted(set(people["region"].values.tolist())))
    items = tuple(str(item) for item in people["item"].values)
    form = np.char.add(
        np.char.add(people["service"].values.astype(str), "/"), people["channel"].values.astype(str)
    )
    cell = pd.Index(forms).get_indexer(form), pd.Index(regions).get_indexer(people["region"].values)
    n = np.zeros((len(forms), len(regions)), dtype=np.int64)
    np.add.at(n, cell, 1)
    coords = {"form": list(forms), "region": list(regions)}
    plan = xr.DataArray(n, dims=("form", "region"), coords=coords)
    rates = _rates(people["ratings"].to_numpy(), cell[0], len(forms))
    laws = _laws(people, form)
    pmf = xr.DataArray(
        np.where(rates[0, ..., None] < 1, _pmf(laws, forms, items), np.nan),
        dims=("form", "item", "score"),
        coords={"form": list(forms), "item": list(items)},
    )
    population = Population.from_pmf(plan * PEOPLE_PER_RESPONDENT, pmf, person=rho, interviewer=interviewer)
    return World(population, plan, _response(rates, forms, items), laws)


def _rates(ratings: NDArray[np.int8], form: NDArray[np.intp], forms: int) -> NDArray[np.float64]:
    """(2, forms, items) shares to whom an item does not apply, and of those asked who do not answer."""
    counts = np.zeros((4, forms, ratings.shape[1]))
    for row, holds in enumerate(
        (ratings != NOT_ASKED, ratings == NOT_APPLICABLE, asked(ratings), ratings == NOT_ANSWERED)
    ):
        np.add.at(counts[row], form, holds)
    put, inapplicable, known, unanswered = counts
    return np.stack(
        [
            np.divide(inapplicable, put, out=np.zeros_like(put), where=put > 0),
            np.divide(unanswered, known, out=np.zeros_like(put), where=known > 0),
        ]
    )


def _laws(people: xr.Dataset, form: NDArray[np.str_]) -> pd.DataFrame:
    """Mean and share of fives by form and criterion, printed or else of the synthetic respondents."""
    printed = corrected_criteria()
    printed = printed[printed["mean_score"] > 0].dropna(subset=["mean_score", "satisfaction_pct"])
    printed = printed.assign(form=printed["service_id"] + "/" + printed["channel"])
    told = printed.set_index(["form", "criterion"])[["mean_score", "satisfaction_pct"]]
    rows = []
    criterion = questionnaire()["criterion"]
    ratings = people["ratings"].to_numpy()
    for name in dict.fromkeys(form.tolist()):
        mine = ratings[form == name]
        for part in dict.fromkeys(criterion[list(items_of(name.partition("/")[2]))]):
            column = (people["criterion"].values == part) & (mine != NOT_ASKED).any(axis=0)
            given = mine[:, column][mine[:, column] > 0]
            if (name, part) in told.index:
                mean, percent = told.loc[(name, part)]
                rows.append((name, part, mean, percent / 100, "published"))
            elif given.size:
                rows.append((name, part, given.mean(), (given == 5).mean(), "synthetic respondents"))
    laws = pd.DataFrame(rows, columns=["form", "criterion", "mean", "satisfaction", "source"])
    made = max_entropy(laws["mean"].to_numpy(), laws["satisfaction"].to_numpy(), infeasible="project")
    return laws.assign(limit=made.limit, projected=made.projected, pmf=list(made.pmf))


def _pmf(laws: pd.DataFrame, forms: tuple[str, ...], items: tuple[str, ...]) -> NDArray[np.float64]:
    """(forms, items, 5) distributions; NaN where the item is not put to the form."""
    table = np.full((len(forms), len(items), 5), np.nan)
    criterion = questionnaire()["criterion"]
    at = {(row.form, row.criterion): row.pmf for row in laws.itertuples()}
    for f, form in enumerate(forms):
        for item in items_of(form.partition("/")[2]):
            if (form, criterion[item]) in at:
                table[f, items.index(item)] = at[form, criterion[item]]
    return table


def _response(rates: NDArray[np.float64], forms: tuple[str, ...], items: tuple[str, ...]) -> Response:
    # Items of a criterion go together: who did not complain rates no feedback item.
    frame = questionnaire()
    group = tuple(pd.factorize(frame["list"] + "/" + frame["criterion"])[0][frame.index.get_indexer(items)])
    coords = {"form": list(forms), "item": list(items)}
    skipped, missed = (xr.DataArray(rate, dims=("form", "item"), coords=coords) for rate in rates)
    return Response(
        not_applicable=NotApplicable(skipped, group=group), item_nonresponse=ItemNonresponse(missed)
    )
