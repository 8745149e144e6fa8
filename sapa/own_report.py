"""The report of own answers: one page of words, figures and tables, and its print."""

import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from estimators.nonprobability import PROBABILITY
from sapa import figures
from sapa.answers import read
from sapa.choices import MIN_DF, MIN_RATERS, Denominator, Language, SinglePsu, Statistic, Unit
from sapa.estimation import compare, estimate, letters, rank
from sapa.estimation import pictures as each
from sapa.made_by import references, reproducibility
from sapa.own_summary import Settings, change_in_words, numbers_in_words, ranks_in_words, variance_in_words
from sapa.report import Figure, ReportTable, Section, figure, page, report_table
from sapa.report_files import report_place, write_page
from sapa.tallies import item_shares, raters_of
from sapa.words import header, labels_of, remark

PAGE = 35  # rows of a figure that fit on a page
DIGITS = {
    "estimate": 3, "se": 3, "lower": 3, "upper": 3, "effective_n": 0, "df": 0, "n": 0, "raters": 0,
    "before": 3, "after": 3, "difference": 3, "p_adjusted": 4, "deff_at_flip": 2,
}  # fmt: skip


def write_report(
    out: str | os.PathLike[str],
    data: str | os.PathLike[str],
    *,
    codebook: str | os.PathLike[str],
    after: str | os.PathLike[str] | None = None,
    codebook_after: str | os.PathLike[str] | None = None,
    by: Unit = "service",
    statistic: Statistic = "mean",
    denominator: Denominator = "asked",
    deff: float = 1.0,
    level: float = 0.95,
    single_psu: SinglePsu = "error",
    min_raters: int = MIN_RATERS,
    min_df: float = MIN_DF,
    df: float | None = None,
    min_cell: int = 0,
    drop: bool = False,
    language: Language = "en",
    rng: int = 0,
    pdf: bool | None = None,
) -> tuple[Path, ...]:
    """Write the report of own answers: an HTML page, and its PDF where a browser is present.

    Parameters
    ----------
    out
        HTML file to write; the PDF lies beside it.
    data, codebook
        File of answers and its codebook.
    after, codebook_after
        A later round to compare with; by default it has the same codebook. The later one is ranked.
    by, statistic, denominator, deff, level, single_psu, min_raters, min_df, df, min_cell, rng
        As in :func:`sapa.rank` and :func:`sapa.compare`.
    drop
        Leave out the rows with problems instead of refusing the file.
    language
        Of the report.
    pdf
        Print it; by default where a Chromium, Chrome or Edge is found.

    Returns
    -------
    Files written.

    Raises
    ------
    ValueError
        When a file or an option is refused, or `pdf` is wanted and cannot be had.
    """
    settings = Settings(
        by,
        statistic,
        {
            "denominator": denominator,
            "deff": deff,
            "level": level,
            "single_psu": single_psu,
            "min_cell": min_cell,
        },
        {"min_raters": min_raters, "min_df": min_df, "df": df, "rng": rng},
        language,
    )
    browser = report_place(out, pdf=pdf)
    files = [Path(data), Path(codebook)]
    rounds = [read(data, codebook=codebook, drop=drop)]
    if after is not None:
        later = codebook if codebook_after is None else codebook_after
        files += [Path(after), *([] if later == codebook else [Path(later)])]
        rounds.append(read(after, codebook=later, drop=drop))
    names = (Path(data).name, Path(after).name) if after is not None else (Path(data).name,)
    with mpl.rc_context({"backend": "agg"}), plt.ioff():
        html = own_page(rounds, names, files, settings)
    return write_page(html, out, browser=browser)


def own_page(
    rounds: list[xr.Dataset], names: tuple[str, ...], files: Iterable[Path], settings: Settings
) -> str:
    """HTML of the report: the last round ranked, and compared with the first if there are two."""
    data, say = rounds[-1], settings.say
    scores = estimate(data, by=settings.by, **settings.official)
    ranking = _ranking(data, settings)
    change = compare(*rounds, **settings.ranked) if len(rounds) > 1 else None
    whole = None if ranking is None else _ranking(data, settings, min_cell=0)
    told = numbers_in_words(scores, ranking, settings)
    told += ranks_in_words(whole, settings)
    if change is not None:
        told += change_in_words(change, names, settings)
    told += variance_in_words(data, settings)
    sections = [
        Section("summary", say("summary"), points=told),
        _scores(data, scores, ranking, settings),
        *([] if ranking is None else [_ranks(data, ranking, settings)]),
        *([] if change is None else [_change(change, names, settings)]),
        _ratings(data, settings),
        _variance(data, settings),
        Section("assumptions", say("assumptions"), assumptions=_assumptions(rounds, names, settings)),
        Section("methods", say("methods"), text=_methods(len(rounds), settings)),
        Section("references", say("references"), points=references("own" if change is None else "change")),
    ]
    lead = say(
        "lead_own",
        respondents=f"{data.sizes['respondent']:,}",
        items=data.sizes["item"],
        services=len(set(data["service"].values)),
        regions=len(set(data["region"].values)),
    )
    title = say("report_of", file=", ".join(names))
    call = f"sapa report {' '.join(names)}"
    footer = reproducibility(
        call, files, seed=settings.limits["rng"], options=settings.ranked, language=settings.language
    )
    sections.append(Section("reproducibility", say("reproducibility"), text=footer))
    return page(title, sections, lead=lead, language=settings.language)


def _ranking(data: xr.Dataset, settings: Settings, **changes: Any) -> pd.DataFrame | None:
    """Ranking, or none where fewer than two units are fit to rank."""
    try:
        return rank(data, **(settings.ranked | changes))
    except ValueError as error:
        if "fit to rank" in str(error):
            return None
        raise


def _scores(
    data: xr.Dataset, scores: pd.DataFrame, ranking: pd.DataFrame | None, settings: Settings
) -> Section:
    say = settings.say
    drawn = []
    if ranking is not None:
        shown = scores[(scores["statistic"] == settings.statistic) & scores["estimate"].notna()]
        draw = partial(each.scores, data, settings.ranked, settings.official, settings.language)
        drawn = _pages(draw, len(shown), say("cap_scores", level=settings.level))
    drawn += _map(data, settings)
    table = _table(scores, say("table_scores"), settings)
    return Section("scores", say("scores"), figures=drawn, tables=[table])


def _ranks(data: xr.Dataset, ranking: pd.DataFrame, settings: Settings) -> Section:
    say = settings.say
    size = int(ranking["rank"].notna().sum())
    arguments = data, settings.ranked, settings.language
    drawn = _pages(partial(each.ranks, *arguments), size, say("cap_ranks", level=settings.level))
    drawn += _pages(partial(each.tiers_of, *arguments), size, say("cap_tiers"))
    found = letters(data, **settings.ranked)
    keys = [name for name in ("service", "region", "channel") if name in ranking]
    table = ranking.merge(found[[*keys, "letters"]], on=keys, how="left")
    return Section("ranks", say("ranks"), figures=drawn, tables=[_table(table, say("table_ranks"), settings)])


def _change(change: pd.DataFrame, names: tuple[str, ...], settings: Settings) -> Section:
    say = settings.say
    ax = each.change(change, names=(names[0], names[-1]), language=settings.language)
    shown = change.assign(verdict=[remark(text, language=settings.language) for text in change["verdict"]])
    tables = [_table(shown, say("table_change"), settings)]
    return Section("change", say("change"), figures=[_figure(ax, say("cap_change"))], tables=tables)


def _ratings(data: xr.Dataset, settings: Settings) -> Section:
    say, language = settings.say, settings.language
    weight = data["weight"].values if "weight" in data else None
    shares = item_shares(data["ratings"].values, data["criterion"].values, weight=weight) * 100
    raters = raters_of(data["ratings"].values, data["criterion"].values)
    shares = shares.loc[each.shown_rows(raters.loc[shares.index], settings.official["min_cell"])]
    names = labels_of([str(name) for name in shares.index], language=language)
    table = shares.set_axis([str(score) for score in shares.columns], axis=1)
    table.insert(0, "criterion", names)
    if table.empty:
        return Section("ratings", say("ratings"))
    ax = figures.distributions(shares / 100, [figures.broken(name) for name in names], language=language)
    return Section(
        "ratings",
        say("ratings"),
        figures=[_figure(ax, say("cap_distributions"))],
        tables=[
            report_table(
                table,
                title=say("table_ratings"),
                digits={str(score): 1 for score in range(1, 6)},
                language=language,
            )
        ],
    )


def _variance(data: xr.Dataset, settings: Settings) -> Section:
    options = {key: settings.official[key] for key in ("denominator", "deff", "single_psu")}
    drawn = []
    if len(set(data["criterion"].values)) > 1:
        ax = each.variance(
            data,
            settings.by,
            settings.statistic,
            options,
            settings.official["min_cell"],
            settings.language,
        )
        drawn.append(_figure(ax, settings.say("cap_variance")))
    return Section("variance", settings.say("variance"), figures=drawn)


def _map(data: xr.Dataset, settings: Settings) -> list[Figure]:
    """Tile map, where all regions are regions of one division of Kazakhstan."""
    names = sorted({each.shown(str(name)) for name in data["region"].values})
    try:
        figures.edition_of(figures.region_ids(names))
    except ValueError:
        return []
    ax = each.region_map(data, settings.statistic, settings.official, settings.language)
    return [_figure(ax, settings.say("cap_map"), small=True)]


def _assumptions(rounds: list[xr.Dataset], names: tuple[str, ...], settings: Settings) -> list[str]:
    data, say, official = rounds[-1], settings.say, settings.official
    named = [name for name in ("stratum", "psu", "weight") if name in data]
    design = (
        say("design_named", names=", ".join(header(name, language=settings.language) for name in named))
        if named
        else say("design_plain")
    )
    told = [
        say("assume_design", design=design, deff=f"{official['deff']:g}"),
        *_of_people(rounds, names, settings),
        say("assume_model"),
        say("assume_sparse"),
        say("assume_denominator", whom=say(official["denominator"])),
        say(
            "assume_thin",
            raters=settings.limits["min_raters"],
            df=f"{settings.limits['min_df']:g}",
        ),
    ]
    if official["min_cell"]:
        told.append(say("assume_cells", cell=official["min_cell"]))
    return [*told, say("assume_rounds")] if len(rounds) > 1 else told


def _of_people(rounds: list[xr.Dataset], names: tuple[str, ...], settings: Settings) -> list[str]:
    """Who is left out and who was not drawn at random, under the file's name where there are two."""
    return [
        line if len(rounds) == 1 else f"{name}: {line}"
        for name, data in zip(names, rounds, strict=True)
        for line in (*_dropped(data, settings), *_selection(data, settings))
    ]


def _dropped(data: xr.Dataset, settings: Settings) -> list[str]:
    count = data.attrs.get("rows_dropped", 0)
    return [settings.say("assume_dropped", count=count)] if count else []


def _selection(data: xr.Dataset, settings: Settings) -> list[str]:
    """Share of the weight that was not drawn at random, where the data tell."""
    if "selection" not in data:
        return []
    part = data["selection"] != PROBABILITY
    if not part.any():
        return []
    weight = data.get("weight", xr.ones_like(part, dtype=float))
    share = float(weight.where(part, 0).sum() / weight.sum())
    ways = ", ".join(sorted(set(data["selection"].values[part].tolist())))
    return [settings.say("assume_selection", share=f"{share:.0%}", ways=ways)]


def _methods(rounds: int, settings: Settings) -> list[str]:
    keys = ["method_score", "method_variance", "method_ranks", "method_tiers"]
    return [settings.say(key) for key in keys + (["method_change"] if rounds > 1 else [])]


def _table(frame: pd.DataFrame, title: str, settings: Settings) -> ReportTable:
    words = {
        name: [remark(text, language=settings.language) for text in frame[name]]
        for name in ("statistic", "note", "flag")
        if name in frame
    }
    digits = {name: places for name, places in DIGITS.items() if name in frame}
    return report_table(frame.assign(**words), title=title, digits=digits, language=settings.language)


def _pages(draw: Callable[..., Axes], size: int, caption: str) -> list[Figure]:
    """Figure of that many rows in parts that fit on a page."""
    pages = max(1, -(-size // PAGE))
    rows = -(-size // pages)
    return [_figure(draw(rows=slice(k * rows, (k + 1) * rows)), caption) for k in range(pages)]


def _figure(ax: Axes, caption: str, *, small: bool = False) -> Figure:
    drawing = ax.get_figure(root=True)
    assert drawing is not None  # axes that were just drawn have a figure
    return figure(drawing, caption=caption, small=small)
