"""Rules that hold between the published tables."""

import os
from typing import NoReturn

import pandas as pd

from sapa.published.codebook import codebook
from sapa.published.seals import changed, place
from sapa.published.tables import REMEDY, by_codebook, printed, require_released

MASTERS = ("agencies", "regions", "services")  # whose ids the others use, in the order of their own use
COUNTS = {
    "services": (
        ("service_id", 70, "services are 70"),
        ("mass_survey", 62, "62 services are surveyed"),
        ("n_table1", 9181, "Table 1 sums to 9,181"),
    ),
    "regions": (("n_respondents", 9181, "Table 4 sums to 9,181"),),
}


def check(*, folder: str | os.PathLike[str] | None = None, sealed: bool = True) -> dict[str, pd.DataFrame]:
    """Every published table, read and checked on its own and against the others.

    Parameters
    ----------
    folder
        Where the CSV files lie; the package's own by default.
    sealed
        Whether every cell must be the released one (:mod:`sapa.published.seals`).

    Returns
    -------
    Tables by name.

    Raises
    ------
    ValueError
        When a table breaks its codebook or a rule between tables, or differs from the release: file, row,
        column, value and rule.

    Examples
    --------
    >>> len(check())
    32
    """
    tables = {}
    for name in MASTERS:
        tables[name] = by_codebook(name, folder=folder)
        _counted(name, tables[name], folder)
        if sealed:
            require_released(name, folder=folder)
    services = tables["services"]
    tables |= {name: by_codebook(name, folder=folder) for name in codebook() if name not in MASTERS}
    _translated(tables)
    surveyed = frozenset(services.loc[services["mass_survey"], "service_id"])
    for name in ("service_ranking_2020", "criteria", "criteria_totals", "service_sections"):
        if frozenset(tables[name]["service_id"]) - {""} != surveyed:
            _refuse_column(name, "service_id", "holds exactly the surveyed services", folder)
    if sealed:
        for name in codebook():
            require_released(name, folder=folder)
    return {name: tables[name] for name in codebook()}


def _counted(name: str, frame: pd.DataFrame, folder: str | os.PathLike[str] | None) -> None:
    """The known numbers of services and respondents."""
    if name == "services":
        _known_services(frame)
        _surveyed_have_figures(frame)
    for column, expected, rule in COUNTS.get(name, ()):
        total = len(frame) if column == "service_id" else frame[column].sum()
        if total != expected:
            _refuse_column(name, column, f"{rule}, not {total:,.0f}", folder)


def _known_services(services: pd.DataFrame) -> None:
    for row, found in enumerate(services["service_id"]):
        expected = f"s{row + 1:02d}"
        if found != expected:
            rule = "ids run from s01 to s70 in the report's order"
            place = f"services.csv, row {row + 1}, column service_id"
            raise ValueError(f"{place}: {rule}; expected {expected!r}, got {found!r}; {REMEDY}")
    odd = services["n_respondents"].fillna(0) != services["n_table1"].fillna(0)
    if odd.any():
        row = int(odd.to_numpy().argmax())
        value = services["n_respondents"].iloc[row]
        rule = "equals n_table1"
        raise ValueError(
            f"services.csv, row {row + 1}, column n_respondents: {rule}, got {value:g}; {REMEDY}"
        )


def _refuse_column(name: str, column: str, rule: str, folder: str | os.PathLike[str] | None) -> NoReturn:
    """Refuse a column that breaks a rule as a whole, at the row that differs from the release."""
    text = printed(name, folder=folder)
    rows, columns = changed(name, text)
    where = place(rows, [column]) if rows and column in columns else f"all rows, column {column}"
    value = text.loc[rows[0], column] if rows and column in columns else "the released values"
    raise ValueError(f"{name}.csv, {where}: {rule}, got {value!r}; {REMEDY}")


def _surveyed_have_figures(services: pd.DataFrame) -> None:
    counted = services["n_table1"].notna()
    wrong = counted != services["mass_survey"]
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        value = services["n_table1"].iloc[row]
        rule = "a service has respondents if and only if mass_survey is true"
        raise ValueError(f"services.csv, row {row + 1}, column n_table1: {rule}, got {value:g}; {REMEDY}")


def _translated(tables: dict[str, pd.DataFrame]) -> None:
    russian = tables["names_ru"]
    for kind, name in (("service", "services"), ("agency", "agencies"), ("region", "regions")):
        of_kind = russian["kind"] == kind
        odd = of_kind & ~russian["id"].isin(tables[name].iloc[:, 0])
        if odd.any() or of_kind.sum() != len(tables[name]):
            row = int(odd.to_numpy().argmax()) if odd.any() else int(of_kind.to_numpy().nonzero()[0][-1])
            rule = f"names exactly the ids of {name}.csv"
            raise ValueError(
                f"names_ru.csv, row {row + 1}, column id: {rule}, got {russian['id'].iloc[row]!r}; {REMEDY}"
            )
