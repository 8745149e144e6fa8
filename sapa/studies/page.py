"""The published page of the studies: its tables are made by a command, between marks, and its words stay."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from sapa.studies.catalogue import ALL, study
from sapa.studies.declaring import SIZES
from sapa.whole_file import whole_file

Where = Mapping[str, str]
MARK: Final = re.compile(r"(<!-- table (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Layout:
    """A table of the page: a cell is the one row of a study's table that its line and column ask for.

    Attributes
    ----------
    study
        From whose table the cells are taken.
    corner
        Heading of the first column.
    down, across
        Heading to the values of ``scenario, estimator, figure, domain`` that lines and columns ask for.
    """

    study: str
    corner: str
    down: Mapping[str, Where]
    across: Mapping[str, Where]

    def text(self, table: pd.DataFrame) -> str:
        """Markdown of the table."""
        lines = [[self.corner, *self.across], ["---"] * (1 + len(self.across))]
        for name, line in self.down.items():
            lines.append([name, *(_cell(table, {**line, **column}) for column in self.across.values())])
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)


_SIZES: Final[Mapping[str, Where]] = {name: {"domain": name} for name in (*(s[0] for s in SIZES), "all")}


def _of(estimator: str, figure: str, domain: str = "") -> Where:
    return {"estimator": estimator, "figure": figure} | ({"domain": domain} if domain else {})


def _kinds(statistic: str, names: Mapping[str, str]) -> dict[str, Where]:
    return {name: _of(f"item o01, {statistic}, {kind}", "coverage") for kind, name in names.items()}


_COMMON: Final = {
    "wald": "Wald-t",
    "logit": "logit",
    "arcsine": "arcsine",
    "likelihood": "likelihood",
    "bootstrap_t": "bootstrap-t",
}
LAYOUTS: Final[Mapping[str, Layout]] = {
    "scores": Layout(
        "as-fielded",
        "official scores, by respondents of 2020",
        {
            "bias": _of("official", "bias"),
            "RMSE": _of("official", "rmse"),
            "SE / SD of the score": _of("official", "se_ratio"),
            "coverage, 95% interval": _of("official", "coverage"),
            "its width": _of("official", "width"),
            "coverage, leaves expected": _of("official, leaves expected", "coverage"),
            "its width, leaves expected": _of("official, leaves expected", "width"),
            "ranks in the simultaneous set (of 62)": _of("rank sets", "ranks in the set"),
            "size of the 5% test of change": _of("change of 0", "size"),
            "power, change of 0.05": _of("change of 0.05", "power"),
            "power, change of 0.1": _of("change of 0.1", "power"),
            "power, change of 0.2": _of("change of 0.2", "power"),
        },
        _SIZES,
    ),
    "ranking": Layout(
        "as-fielded",
        "the ranking",
        {
            "the published top three are the true top three": _of("official", "top3_exact"),
            "the published winner is the true one": _of("official", "winner"),
            "Kendall's tau with the true order": _of("official", "kendall"),
            "Kendall's tau of two surveys": _of("official", "stability"),
            "all 62 rank sets hold at once": _of("rank sets", "all sets hold"),
        },
        {"chance or mean": {"domain": "all"}},
    ),
    "item-means": Layout(
        "as-fielded",
        "mean of item o01, coverage of 95% intervals",
        _kinds(
            "mean",
            _COMMON | {"smoothed_moments": "smoothed moments", "profile": "profile", "gaffke": "Gaffke"},
        ),
        _SIZES,
    ),
    "item-shares": Layout(
        "as-fielded",
        "share of fives of item o01, coverage of 95% intervals",
        _kinds(
            "satisfaction",
            _COMMON
            | {
                "wilson": "Wilson",
                "clopper_pearson": "Clopper-Pearson",
                "korn_graubard": "Korn-Graubard",
            },
        ),
        _SIZES,
    ),
    "allocations": Layout(
        "allocations",
        "allocation to services",
        {
            "as fielded (proportional to the size measure)": {
                "scenario": "as fielded (proportional to the size measure)"
            },
            "Neyman for the country's mean of services": {"scenario": "Neyman for the country"},
            "equal precision of services": {"scenario": "equal precision"},
            "floor of 50 per service": {"scenario": "floor of 50"},
        },
        {
            "RMSE of a service": _of("official", "rmse", "all"),
            "RMSE, fielded n < 10": _of("official", "rmse", "n < 10"),
            "RMSE, fielded n >= 100": _of("official", "rmse", "n >= 100"),
            "Kendall": _of("official", "kendall"),
            "true winner": _of("official", "winner"),
            "true top three": _of("official", "top3_exact"),
            "RMSE of the country": _of("country", "rmse"),
        },
    ),
    "rules": Layout(
        "rules",
        "rule",
        {
            "official": {"estimator": "official"},
            "channels by their respondents": {"estimator": "weighted_channels"},
            "all items of a service alike": {"estimator": "pooled_items"},
            "without feedback": {"estimator": "without_feedback"},
            "feedback shrunken": {"estimator": "shrunken_feedback"},
        },
        {
            "bias": {"figure": "bias", "domain": "all"},
            "RMSE": {"figure": "rmse", "domain": "all"},
            "RMSE, n >= 100": {"figure": "rmse", "domain": "n >= 100"},
            "Kendall, truth": {"figure": "kendall"},
            "Kendall, another survey": {"figure": "stability"},
            "true winner": {"figure": "winner"},
        },
    ),
    "fabrication": Layout(
        "fabrication",
        "invented",
        {
            "none": {"scenario": "0% invented"},
            "2.5 % (4 of the inventor's 30)": {"scenario": "2.5% invented"},
            "5 % (8 of 30)": {"scenario": "5% invented"},
            "10 % (15 of 30)": {"scenario": "10% invented"},
        },
        {
            "interviews kept": _of("interviews kept", "mean"),
            "bias": _of("official", "bias"),
            "RMSE": _of("official", "rmse"),
            "Kendall": _of("official", "kendall"),
            "true winner": _of("official", "winner"),
            "chance that an inventor is caught": _of("back-check", "detection"),
        },
    ),
    "modes": Layout(
        "modes",
        "30 to 60 % online",
        {
            "a service, all": {"estimator": "official", "domain": "all"},
            "a service, n >= 100": {"estimator": "official", "domain": "n >= 100"},
            "the country": {"estimator": "country"},
        },
        {
            "spurious change": {"figure": "spurious change"},
            "change detectable with 80 % power": {"figure": "detectable change"},
        },
    ),
    "smallest": Layout(
        "smallest",
        "power against a change of 0.3",
        {
            "promised, least of the services": {"figure": "power promised"},
            "found, mean of the services": {"figure": "power found", "domain": "all"},
            "found, services with n < 10 in 2020": {"figure": "power found", "domain": "n < 10"},
            "found, services with n >= 100 in 2020": {"figure": "power found", "domain": "n >= 100"},
            "found, lowest of the services": {"figure": "least power found"},
        },
        {"power": {}},
    ),
}


def study_page(name: str, path: str | os.PathLike[str], **options: Any) -> pd.DataFrame:
    """Run studies and rewrite their tables on a page; its words, and the tables of other studies, stay.

    Parameters
    ----------
    name
        Of a study, or ``all``.
    path
        Markdown page with the marks ``<!-- table NAME -->`` and ``<!-- end -->`` about each table of
        :data:`LAYOUTS`, and about ``made``, which says how; written whole or not at all.
    **options
        As in :func:`sapa.studies.study`.

    Returns
    -------
    The table of :func:`sapa.studies.study`.

    Raises
    ------
    ValueError
        When the page has no marks, or one of no table.
    """
    place = Path(path)
    page = place.read_text(encoding="utf-8")
    _marked(page)
    table = study(name, **options)
    parts = dict(tuple(table.groupby("study"))) if name == ALL else {name: table}
    with whole_file(place) as fresh:
        fresh.write_text(filled(page, parts, table.attrs), encoding="utf-8")
    return table


def filled(page: str, tables: Mapping[str, pd.DataFrame], made: Mapping[str, Any]) -> str:
    """Text of a page with the tables of some studies put in."""

    def content(found: re.Match[str]) -> str:
        name = found["name"]
        if name == "made":
            how = f"{made['replicates']} replicates, seed {made['seed']}, law {made['law']}"
            return f"{found[1]}{how}.\n{found[3]}"
        layout = LAYOUTS[name]
        return (
            f"{found[1]}{layout.text(tables[layout.study])}{found[3]}" if layout.study in tables else found[0]
        )

    _marked(page)
    return MARK.sub(content, page)


def _marked(page: str) -> None:
    names = [found["name"] for found in MARK.finditer(page)]
    known = {*LAYOUTS, "made"}
    if not names or set(names) - known:
        raise ValueError(
            f"page must have marks such as '<!-- table rules -->' and '<!-- end -->' for {sorted(known)}, "
            f"got {names}; copy those of docs/studies.md"
        )


def _cell(table: pd.DataFrame, where: Where) -> str:
    """Value and Monte Carlo error of the one row that is asked for."""
    mine = np.all([table[column] == value for column, value in where.items()], axis=0)
    if mine.sum() > 1:
        raise ValueError(f"a cell must ask for one row, got {mine.sum()} for {where}")
    if not mine.any():
        return "-"  # no service of this kind has the figure
    row = table[mine].iloc[0]
    named = f" ({row['domain']})" if row["figure"] == "least power found" else ""
    return with_error(row["value"], row["mc_error"]) + named


def with_error(value: float, error: float) -> str:
    """Figure rounded where its Monte Carlo error begins.

    Examples
    --------
    >>> with_error(0.08591, 0.00042), with_error(0.3621, 0.0216), with_error(9181.0, 0.0)
    ('0.0859 ± .0004', '0.36 ± .02', '9,181')
    >>> with_error(0.49534, float("nan")), with_error(0.1234, 0.0012)
    ('0.495', '0.123 ± .001')
    """
    if not error > 0:
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3f}"
    digits = int(np.clip(-np.floor(np.log10(error)), 0, 4))
    around = f"{max(error, 10.0**-digits):.{digits}f}".removeprefix("0")
    return f"{value:,.{digits}f} ± {around}"
