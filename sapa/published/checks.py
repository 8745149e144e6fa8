"""Rules that hold between the published tables."""

import os

import pandas as pd

from sapa.published.codebook import codebook
from sapa.published.tables import REMEDY, table

SERVICES, SURVEYED, RESPONDENTS = 70, 62, 9181


def check(*, folder: str | os.PathLike[str] | None = None) -> dict[str, pd.DataFrame]:
    """Every published table, read and checked on its own and against the others.

    Parameters
    ----------
    folder
        Where the CSV files lie; the package's own by default.

    Returns
    -------
    Tables by name.

    Raises
    ------
    ValueError
        When a table breaks its codebook or a rule between tables: file, row, column, value and rule.

    Examples
    --------
    >>> len(check())
    32
    """
    _known_services(table("services", folder=folder))
    tables = {name: table(name, folder=folder) for name in codebook()}
    services, regions = tables["services"], tables["regions"]
    _equal("services.csv, column service_id", services["service_id"].nunique(), SERVICES, "services are 70")
    _equal(
        "services.csv, column mass_survey", int(services["mass_survey"].sum()), SURVEYED, "62 are surveyed"
    )
    _equal(
        "services.csv, column n_table1", int(services["n_table1"].sum()), RESPONDENTS, "Table 1 sums to 9,181"
    )
    _equal(
        "regions.csv, column n_respondents",
        int(regions["n_respondents"].sum()),
        RESPONDENTS,
        "so does Table 4",
    )
    _surveyed_have_figures(services)
    _translated(tables)
    _every_surveyed_service(tables, frozenset(services.loc[services["mass_survey"], "service_id"]))
    return tables


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


def _equal(place: str, got: int, expected: int, rule: str) -> None:
    if got != expected:
        raise ValueError(f"{place}: {rule}; expected {expected}, got {got}; {REMEDY}")


def _surveyed_have_figures(services: pd.DataFrame) -> None:
    counted = services["n_table1"].notna()
    wrong = counted != services["mass_survey"]
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        value = services["n_table1"].iloc[row]
        rule = "a service has respondents if and only if mass_survey is true"
        raise ValueError(f"services.csv, row {row + 1}, column n_table1: {rule}, got {value:g}; {REMEDY}")


def _every_surveyed_service(tables: dict[str, pd.DataFrame], surveyed: frozenset[str]) -> None:
    for name in ("service_ranking_2020", "criteria", "criteria_totals", "service_sections"):
        found = frozenset(tables[name]["service_id"]) - {""}
        if found != surveyed:
            odd = sorted(found ^ surveyed)[0]
            rule = "holds exactly the surveyed services"
            raise ValueError(f"{name}.csv, column service_id: {rule}, got {odd!r} wrong; {REMEDY}")


def _translated(tables: dict[str, pd.DataFrame]) -> None:
    russian = tables["names_ru"]
    for kind, name in (("service", "services"), ("agency", "agencies"), ("region", "regions")):
        known, named = set(tables[name].iloc[:, 0]), set(russian.loc[russian["kind"] == kind, "id"])
        if known != named:
            odd = sorted(known ^ named)[0]
            raise ValueError(
                f"names_ru.csv, column id: names exactly the ids of {name}.csv, got {odd!r} wrong; {REMEDY}"
            )
