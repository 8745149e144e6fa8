"""Synthetic files of answers: one survey of the world of 2020, as a file that own data would be."""

import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from pandas.api.types import is_numeric_dtype

from estimators.ratings import NOT_ANSWERED, NOT_APPLICABLE, NOT_ASKED
from sampling import round_table, round_total
from sapa.answers import AnswerCodebook, write_codebook
from sapa.answers.templates import template_codebook
from sapa.choices import Law
from sapa.output import notes_of, write_csv, write_xlsx
from sapa.scheme_2020 import LIST_OF_CHANNEL, questionnaire
from sapa.studies.declaring import respondents, service_of_form, world_services
from sapa.studies.planning import spread_out
from sapa.studies.scoring import RuleScores
from sapa.studies.world import PEOPLE_PER_RESPONDENT, World, world_2020
from sapa.whole_file import ANSWERS, whole_file, writable
from simulate import (
    Breakoff,
    Cooperation,
    Fabrication,
    Interviewers,
    Modes,
    Population,
    Response,
    Streams,
    Styles,
    Survey,
    stratified,
)
from simulate.response import fielded

FEWEST_FABRICATORS: Final = 0.2
PARTS: Final = ("respondent", "service", "region", "channel", "interviewer", "weight")


def simulate_answers(
    *,
    n: int | None = None,
    plan: str | os.PathLike[str] | pd.DataFrame | None = None,
    seed: int = 2020,
    rho: float = 0.5,
    interviewer: float = 0.0,
    law: Law = "max_entropy",
    workload: int = 30,
    cooperation: float = 1.0,
    slope: float = 0.0,
    shift: float = 0.0,
    straightlining: float = 0.0,
    acquiescence: float = 0.0,
    breakoff: float = 0.0,
    fabricated: float = 0.0,
) -> pd.DataFrame:
    """Answers of one simulated survey in which the 2020 report is the truth, one row a respondent.

    Parameters
    ----------
    n
        People selected, services and regions in the proportions of 2020; 9,181, as then, unless given.
    plan
        Instead of n: people selected by region and service, a table with a column ``region_id`` and one a
        service, or the workbook or .csv that holds it, such as ``sapa plan`` writes.
    seed
        Of every random number.
    rho, interviewer
        Correlations of two latent ratings of a person, and of two people of one interviewer.
    law
        Distribution of an item with the published figures, as in :func:`sapa.studies.world_2020`.
    workload
        Most interviews of an interviewer; 0: there are none.
    cooperation, slope
        Chance that a person selected answers, and its probit slope on their satisfaction.
    shift
        Of everyone's latent ratings, in SD: a change since 2020, or an effect of the mode.
    straightlining, acquiescence
        Shares of respondents who repeat their first rating, and who add a point.
    breakoff
        Chance of ending before each next item.
    fabricated
        Share of interviews invented, by a fifth of the interviewers or more; 15 % are checked back, and one
        invention found takes out all of its interviewer's.

    Returns
    -------
    Columns of :func:`answers_codebook`; codes 98 (does not apply), 99 (no answer), blank (another channel's
    item). The attributes say what was assumed.

    Raises
    ------
    ValueError
        When a rate is none, the plan names what 2020 does not, or both plan and n are given.

    Examples
    --------
    >>> answers = simulate_answers(n=200, seed=1, cooperation=0.8)
    >>> 120 < len(answers) < 190, answers.columns[:4].tolist()
    (True, ['respondent', 'service', 'region', 'channel'])
    """
    world = world_2020(rho=rho, interviewer=interviewer, law=law)
    wanted = _wanted(world, n, plan)
    people = _populated(world, wanted)
    response = replace(
        world.response,
        modes=Modes(("interview",), (1.0,), (shift,), (0.0,)),
        interviewers=Interviewers(workload),
        cooperation=Cooperation(cooperation, slope),
        styles=Styles(straightlining, acquiescence),
        breakoff=Breakoff(breakoff),
        fabrication=Fabrication(fabricated, max(FEWEST_FABRICATORS, fabricated)),
    )
    survey = _drawn(people, wanted, response, seed)
    table = _table(survey)
    table.attrs |= {
        "selected": int(wanted.sum()),
        "respondents": len(table),
        "seed": seed,
        "synthetic": "simulated respondents: the printed figures of 2020 are the truth; nobody was asked",
        "correlation_within_person": rho,
        "law": law,
    }
    return table


def answers_codebook() -> AnswerCodebook:
    """Codebook of a simulated file: the 2020 questionnaires, interviewers and weights.

    Examples
    --------
    >>> answers_codebook().columns["weight"]
    'weight'
    """
    return replace(template_codebook(), columns={name: name for name in PARTS}, nonprobability=())


def write_answers(answers: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Simulated answers in a file, and beside it their codebook (``.toml``): both whole, or neither.

    Parameters
    ----------
    answers
        From :func:`simulate_answers`.
    path
        Ends in ``.csv``, ``.xlsx`` (second sheet: what was assumed) or ``.parquet``.

    Raises
    ------
    ValueError
        When it ends otherwise, or what is there is no plain file.
    """
    place, book = writable(path, ANSWERS), writable(codebook_beside(path), (".toml",))
    columns = {name: name for name in PARTS if name in answers}
    with ExitStack() as both:
        fresh_book = both.enter_context(whole_file(book))
        fresh = both.enter_context(whole_file(place))
        write_codebook(replace(answers_codebook(), columns=columns), fresh_book)
        if place.suffix.lower() == ".csv":
            write_csv(answers, fresh)
        elif place.suffix.lower() == ".xlsx":
            notes = notes_of(answers)
            about = pd.DataFrame({"what": [*notes], "value": [str(note) for note in notes.values()]})
            write_xlsx({"answers": answers, "about": about}, fresh)
        else:
            answers.to_parquet(fresh, index=False)


def codebook_beside(path: str | os.PathLike[str]) -> Path:
    """Where the codebook of a file of answers lies."""
    return Path(path).with_suffix(".toml")


def true_scores(*, shift: float = 0.0, law: Law = "max_entropy") -> pd.DataFrame:
    """Official scores of the services in the world that :func:`simulate_answers` draws from.

    Examples
    --------
    >>> true_scores().set_index("service")["true_score"].loc["s01"].round(2).item()
    4.65
    """
    world = world_2020(law=law)
    model = world.population.model.shifted((shift,))
    truth = RuleScores().truth(replace(world.population, model=model))
    return pd.DataFrame({"service": truth["domain"].values, "true_score": truth.to_numpy()})


def _wanted(world: World, n: int | None, plan: str | os.PathLike[str] | pd.DataFrame | None) -> xr.DataArray:
    """People to select by form and region."""
    if plan is None:
        size = respondents(world)
        total = int(size.sum()) if n is None else n
        if total < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        return spread_out(world, round_total(size * total / size.sum(), total))
    if n is not None:
        raise ValueError(f"n must be left out where a plan says how many, got {n}")
    told = plan if isinstance(plan, pd.DataFrame) else _plan_in(Path(plan))
    return _by_form(world, _plan_table(world, told))


def _plan_in(path: Path) -> pd.DataFrame:
    """Table of a plan in a workbook or a .csv."""
    if path.suffix.lower() == ".csv":
        return pd.read_csv(path)
    if path.suffix.lower() != ".xlsx":
        raise ValueError(f"plan must end in .xlsx or .csv, got {path.name!r}; `sapa plan` writes one")
    sheets = pd.read_excel(path, sheet_name=None)
    if "plan" not in sheets:
        raise ValueError(
            f"plan {str(path)!r} must have a sheet 'plan', got {[*sheets]}; `sapa plan` writes it"
        )
    return sheets["plan"]


def _plan_table(world: World, told: pd.DataFrame) -> pd.DataFrame:
    """Whole numbers by region and service of the world; services without any interview may be others."""
    if "region_id" not in told:
        raise ValueError(f"plan must have a column region_id, got {list(told.columns)[:5]}")
    table = (
        told.set_index("region_id")
        .drop(columns="total", errors="ignore")
        .drop(index="total", errors="ignore")
    )
    if (
        table.index.has_duplicates
        or table.isna().any(axis=None)
        or not table.dtypes.map(is_numeric_dtype).all()
    ):
        raise ValueError("plan must have each region once and a number in every cell; write 0 for none")
    if (table < 0).any(axis=None) or (table % 1 != 0).any(axis=None) or table.to_numpy().sum() < 1:
        raise ValueError("plan must hold whole numbers of at least 0, one of them above")
    _known("service", table.columns[table.sum() > 0], world_services(world))
    _known("region", table.index[table.sum(axis=1) > 0], world.population.labels("region"))
    regions = list(world.population.labels("region"))
    return table.reindex(index=regions, columns=world_services(world), fill_value=0).astype(np.int64)


def _known(what: str, names: Iterable[object], known: Iterable[str]) -> None:
    unknown = sorted(set(map(str, names)) - set(known))
    if unknown:
        raise ValueError(
            f"plan must name a {what} of 2020 with ratings, got {unknown[0]!r} ({len(unknown)} such); "
            f"set its interviews to 0"
        )


def _by_form(world: World, table: pd.DataFrame) -> xr.DataArray:
    """A plan of services by region parted into their forms in the proportions of 2020, every total kept."""
    forms, of = world.plan.sum("region").to_numpy(), service_of_form(world)
    out = np.zeros(world.plan.shape, dtype=np.int64)
    for service, name in enumerate(table.columns):
        mine = of == service
        share = forms[mine] / forms[mine].sum()
        out[mine] = round_table(share[:, None] * table[name].to_numpy())
    return world.plan.copy(data=out)


def _populated(world: World, plan: xr.DataArray) -> Population:
    """The world's recipients, with as many where nobody answered in 2020 as elsewhere."""
    counts = world.population.counts
    enough = np.maximum(counts.to_numpy(), PEOPLE_PER_RESPONDENT * plan.to_numpy())
    return replace(world.population, counts=counts.copy(data=enough))


def _drawn(people: Population, plan: xr.DataArray, response: Response, seed: int) -> Survey:
    streams = Streams(seed, range(1))
    return fielded(people, stratified(people, plan, streams), response, streams)


def _table(survey: Survey) -> pd.DataFrame:
    """Respondents as rows of a file."""
    told = survey.one(0)
    form = pd.Series(told["form"].values.astype(str)).str.partition("/")
    parts = {
        "respondent": np.arange(1, form.shape[0] + 1),
        "service": form[0].to_numpy(),
        "region": told["region"].values.astype(str),
        "channel": form[2].to_numpy(),
        "weight": told["weight"].to_numpy(),
    }
    if "interviewer" in told:
        parts["interviewer"] = np.char.add("i", told["interviewer"].values.astype(str))
    items = [str(item) for item in told["item"].values]
    put = (
        questionnaire()["list"].reindex(items).to_numpy() == form[2].map(LIST_OF_CHANNEL).to_numpy()[:, None]
    )
    ratings = told["ratings"].to_numpy()
    coded = np.select(
        [~put, (ratings == NOT_ASKED) | (ratings == NOT_APPLICABLE), ratings == NOT_ANSWERED],
        [-1, 98, 99],
        ratings.astype(np.int64),
    )
    answers = pd.DataFrame(coded, columns=items).astype("Int64").mask(~put)
    return pd.concat([pd.DataFrame({name: parts[name] for name in PARTS if name in parts}), answers], axis=1)
