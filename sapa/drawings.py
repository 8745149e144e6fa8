"""The figures of 2020: by the name of their file in the reproduction, or one of them by what it shows."""

from collections.abc import Callable
from functools import partial
from typing import Final, Literal, get_args

from matplotlib.axes import Axes

from sapa import drawings_2020 as each
from sapa.choices import SEED
from sapa.drawings_2020 import HISTORY, Measure
from sapa.published import Language, Unit
from sapa.reproduction import Reproduction, Stage, reproduce_2020

Name2020 = Literal[
    "scores", "ranks", "tiers", "allocation", "sample", "distributions", "variance", "effective",
    "change", "coverage", "study", "map", "ledger", "one-person",
]  # fmt: skip
LEAGUES: Final[dict[str, Unit]] = {"services": "service", "agencies": "agency", "regions": "region"}
PAGE: Final = 35  # rows of a figure that fit on a page


def drawings(result: Reproduction, *, language: Language = "en") -> dict[str, Callable[[], Axes]]:
    """What draws each figure, in the order of the report; nothing is drawn before it is called.

    Leagues of more than 35 units come in parts that fit on a page.
    """
    found: dict[str, Callable[[], Axes]] = {"ledger": partial(each.ledger, result, language)}
    for name, unit in LEAGUES.items():
        size = len(each.league(result, unit, "mean"))
        for end, rows in _pages(size):
            found[f"{name}_intervals{end}"] = partial(each.intervals, result, unit, "mean", language, rows)
        for end, rows in _pages(size):
            found[f"{name}_rank_sets{end}"] = partial(each.rank_sets, result, unit, "mean", language, rows)
        if unit in HISTORY:
            found[f"{name}_change"] = partial(each.change, result, unit, "mean", language)
    found["regions_map"] = partial(each.region_map, "mean", language)
    services = _pages(len(each.league(result, "service", "mean")))
    for end, rows in services:
        found[f"variance_shares{end}"] = partial(each.variance_shares, result, language, rows)
    for end, rows in services:
        found[f"effective_numbers{end}"] = partial(each.effective, result, language, rows)
    found["one_person"] = partial(each.one_person, result, language)
    found["population_and_sample"] = partial(each.population, language)
    return found


def _pages(size: int) -> list[tuple[str, slice]]:
    """Ending of the name and rows of each page of a figure: one without an ending, or several numbered.

    >>> _pages(24), _pages(62)
    ([('', slice(0, 24, None))], [('_1', slice(0, 31, None)), ('_2', slice(31, 62, None))])
    """
    pages = -(-size // PAGE)
    each_page = -(-size // pages)
    cuts = [slice(start, min(start + each_page, size)) for start in range(0, size, each_page)]
    return [(f"_{number}" if pages > 1 else "", rows) for number, rows in enumerate(cuts, start=1)]


def draw_2020(
    name: Name2020,
    *,
    by: Unit | None = None,
    statistic: Measure = "mean",
    quantity: str | None = None,
    replicates: int = 100,
    seed: int = SEED,
    language: Language = "en",
    result: Reproduction | None = None,
    stage: Stage | None = None,
) -> Axes:
    """One figure of 2020.

    Parameters
    ----------
    name
        ``scores``: published figures with intervals; ``ranks``: published ranks with rank sets; ``tiers``:
        letters; ``allocation``: respondents by region and service (synthetic); ``sample``: regions in the
        population and in the sample; ``distributions``: ratings 1 to 5 (synthetic); ``variance``: shares of
        the criteria; ``effective``: effective numbers of respondents; ``change``: 2019 to 2020; ``coverage``:
        of intervals for one item like the country; ``study``: scoring rules by simulation; ``map``: the
        regions as tiles; ``ledger``: printed figures by status; ``one-person``: one respondent's channel.
    by
        ``service`` (the default), ``agency`` or ``region``, where the figure has such rows.
    statistic
        ``mean`` or ``satisfaction``, where the figure has a choice.
    quantity
        Which figure of the study is drawn; ``rmse`` by default.
    replicates
        Of the study.
    seed
        Of the synthetic respondents and of the study.
    language
        Of the labels.
    result
        Of :func:`sapa.reproduction.reproduce_2020`; made when it is needed and not given.
    stage
        Told what is being done; see :data:`sapa.reproduction.Stage`.

    Raises
    ------
    ValueError
        When the name is unknown, or the figure has no rows of that kind.
    """
    if name not in get_args(Name2020):
        raise ValueError(f"name must be one of {get_args(Name2020)}, got {name!r}; choose one of these")
    unit = _unit(name, by)

    def whole() -> Reproduction:
        return result or reproduce_2020(seed=seed, stage=stage)

    ways: dict[str, Callable[[], Axes]] = {
        "scores": lambda: each.intervals(whole(), unit, statistic, language),
        "ranks": lambda: each.rank_sets(whole(), unit, statistic, language),
        "tiers": lambda: each.tiers_of(unit, statistic, seed, language),
        "allocation": lambda: each.allocation(seed, language),
        "sample": lambda: each.population(language),
        "distributions": lambda: each.distributions(unit, seed, language),
        "variance": lambda: each.variance_shares(whole(), language),
        "effective": lambda: each.effective(whole(), language),
        "change": lambda: each.change(whole(), unit, statistic, language),
        "coverage": lambda: each.coverage(language),
        "study": lambda: each.study_of_rules(quantity, replicates, seed, language),
        "map": lambda: each.region_map(statistic, language),
        "ledger": lambda: each.ledger(whole(), language),
        "one-person": lambda: each.one_person(whole(), language),
    }
    return ways[name]()


#: Rows that a figure can have, its default first.
ROWS: Final[dict[str, tuple[Unit, ...]]] = {
    "scores": ("service", "agency", "region"),
    "ranks": ("service", "agency", "region"),
    "tiers": ("service", "agency", "region"),
    "distributions": ("service", "region"),
    "change": ("agency", "region"),
    "sample": ("region",),
    "map": ("region",),
}


def _unit(name: str, by: Unit | None) -> Unit:
    allowed = ROWS.get(name, ("service",))
    if by is not None and by not in allowed:
        raise ValueError(f"by must be one of {allowed} for {name!r} of 2020, got {by!r}; choose one of these")
    return allowed[0] if by is None else by
