"""A world in which the 2020 report is the truth: who was asked what, and how they would answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from estimators import FivePoint, max_entropy, probit_pmf, reconstructed_pmf
from sapa.choices import Law
from sapa.published import corrected_criteria
from sapa.scheme_2020 import items_of, questionnaire
from sapa.studies.respondents import kept
from simulate import ItemNonresponse, NotApplicable, Population, Response

SCORES: Final = np.arange(1, 6)
SCORE_NAMES: Final = [str(score) for score in SCORES]
PEOPLE_PER_RESPONDENT: Final = 200
LAWS: Final[Mapping[Law, Callable[..., FivePoint]]] = {
    "max_entropy": max_entropy,
    "probit": probit_pmf,
    "reconstructed": reconstructed_pmf,
}


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The monitored population, the plan as fielded and who is put which item.

    Attributes
    ----------
    population
        Over ``form`` (``service/channel``) and ``region``; the numbers of recipients are not published, so
        they are 200 for each respondent of 2020: a size measure, not a count.
    plan
        Respondents of 2020 by form and region: regions of a form as the synthetic respondents place them, of
        local services in proportion to people.
    response
        Items that do not apply and that are not answered, at the rates of the synthetic respondents.
    laws
        One row a form and criterion: published mean and satisfaction (of everyone asked), the rating rate
        raters/asked, where they come from, whether the pair is a limit (one distribution only) or was
        infeasible and projected, and the distribution of ratings.
    law
        Which distribution with the published pair an item has.
    """

    population: Population
    plan: xr.DataArray
    response: Response
    laws: pd.DataFrame
    law: Law = "max_entropy"


@cache
def world_2020(*, rho: float = 0.5, interviewer: float = 0.0, law: Law = "max_entropy") -> World:
    """World of the 2020 monitoring.

    Parameters
    ----------
    rho
        Correlation of a person's latent ratings.
    interviewer
        Correlation of the latent ratings that two people of one interviewer give.
    law
        Which of the distributions with the published figures an item has: that of greatest entropy
        (:func:`estimators.max_entropy`), an ordered probit (:func:`estimators.probit_pmf`) or the mean of all
        of them (:func:`estimators.reconstructed_pmf`).

    Raises
    ------
    ValueError
        When the law is another, or the correlations are none.

    Notes
    -----
    An item has the distribution with the mean of raters and the share of fives of everyone asked that the
    report prints for its criterion (corrections on, printed 0.00 is no figure), at the rating rate of
    the synthetic respondents. Pairs that one item cannot have even so are projected to the nearest
    share and flagged; where the report prints no pair, it is that of the synthetic respondents. An item
    that applied to none of them (payment for a free service) is not put.
    """
    if law not in LAWS:
        raise ValueError(f"law must be one of {[*LAWS]}, got {law!r}")
    people = kept()
    rates = _rates(people.answers)
    laws = _laws(people.answers, law)
    pmf = xr.DataArray(
        np.where(rates["not_applicable"].to_numpy()[..., None] < 1, _pmf(laws, people.answers), np.nan),
        dims=("form", "item", "score"),
        coords={dim: people.answers[dim] for dim in ("form", "item")},
    )
    recipients = people.places * PEOPLE_PER_RESPONDENT
    population = Population.from_pmf(recipients, pmf, person=rho, interviewer=interviewer)
    return World(population, people.places, _response(rates), laws, law)


def _rates(answers: xr.DataArray) -> xr.Dataset:
    """Shares of those put an item to whom it does not apply, and of the others who do not answer."""
    put = answers.sum("answer")
    skipped, missed = (answers.sel(answer=what, drop=True) for what in ("not_applicable", "not_answered"))
    return xr.Dataset({"not_applicable": skipped / put, "not_answered": missed / (put - skipped)}).fillna(0.0)


def _laws(answers: xr.DataArray, law: Law) -> pd.DataFrame:
    """Mean and share of fives by form and criterion, printed or else of the synthetic respondents."""
    printed = corrected_criteria()
    printed = printed[printed["mean_score"] > 0].dropna(subset=["mean_score", "satisfaction_pct"])
    printed = printed.assign(form=printed["service_id"] + "/" + printed["channel"])
    told = printed.set_index(["form", "criterion"])[["mean_score", "satisfaction_pct"]]
    given = answers.assign_coords(criterion=_criteria(answers)).groupby("criterion").sum("item")
    counts_of = given.to_series().unstack("answer")
    rows = []
    for form in answers["form"].values.tolist():
        for part in dict.fromkeys(questionnaire().loc[list(items_of(form.partition("/")[2])), "criterion"]):
            counts = counts_of.loc[(form, part)]
            ratings = counts[SCORE_NAMES].to_numpy()
            raters, asked = ratings.sum(), ratings.sum() + counts["not_answered"]
            if (form, part) in told.index:
                mean, percent = told.loc[(form, part)]
                rows.append((form, part, mean, percent / 100, raters / asked, "published"))
            elif raters:
                mean, share = ratings @ SCORES / raters, ratings[-1] / asked
                rows.append((form, part, mean, share, raters / asked, "synthetic respondents"))
    columns = ["form", "criterion", "mean", "satisfaction", "rating_rate", "source"]
    laws = pd.DataFrame(rows, columns=columns)
    pairs = (laws[name].to_numpy() for name in ("mean", "satisfaction"))
    made = LAWS[law](*pairs, rating_rate=laws["rating_rate"].to_numpy(), infeasible="project")
    return laws.assign(limit=made.limit, projected=made.projected, pmf=list(made.pmf))


def _pmf(laws: pd.DataFrame, answers: xr.DataArray) -> NDArray[np.float64]:
    """(forms, items, 5) distributions; NaN where the item is not put to the form."""
    forms, items = answers["form"].values.tolist(), answers["item"].values.tolist()
    table = np.full((len(forms), len(items), 5), np.nan)
    criterion = questionnaire()["criterion"]
    at = {(row.form, row.criterion): row.pmf for row in laws.itertuples()}
    for f, form in enumerate(forms):
        for item in items_of(form.partition("/")[2]):
            if (form, criterion[item]) in at:
                table[f, items.index(item)] = at[form, criterion[item]]
    return table


def _criteria(answers: xr.DataArray) -> xr.DataArray:
    """Criterion of each item."""
    return xr.DataArray(questionnaire().loc[answers["item"].values, "criterion"].to_numpy(), dims="item")


def _response(rates: xr.Dataset) -> Response:
    # Items of a criterion go together: who did not complain rates no feedback item.
    frame = questionnaire().loc[rates["item"].values]
    group = tuple(pd.factorize(frame["list"] + "/" + frame["criterion"])[0])
    return Response(
        not_applicable=NotApplicable(rates["not_applicable"], group=group),
        item_nonresponse=ItemNonresponse(rates["not_answered"]),
    )
