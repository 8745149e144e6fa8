"""Arguments of a declared step of weighting, refused where no table of respondents could make them right."""

from collections.abc import Mapping
from math import isfinite
from numbers import Real
from typing import Any

Totals = Mapping[str, float | Mapping[Any, float]]


def column_name(name: str, argument: str) -> str:
    """Name of a column of the table the recipe will be run on.

    >>> column_name([0.5, 0.2], "prob")
    Traceback (most recent call last):
    ...
    TypeError: prob must be the name of a column of the table, got [0.5, 0.2]; give its text
    """
    if not isinstance(name, str):
        raise TypeError(f"{argument} must be the name of a column of the table, got {name!r}; give its text")
    return name


def level_totals(column: str, totals: Any) -> dict[Any, float]:
    """Totals of the levels of a categorical column, a mapping or a Series, each positive and finite.

    A level of total 0 would give its respondents weights of 0, and with them a domain without an estimate;
    R's postStratify and rake stop there too.

    >>> level_totals("sex", {"f": 10, "m": 0})
    Traceback (most recent call last):
    ...
    ValueError: totals of 'sex' must be positive and finite, got 0 for 'm'; give that level its size, \
merge it with another, or leave it out and drop its respondents
    """
    if not hasattr(totals, "keys"):
        raise TypeError(f"totals of {column!r} must map its levels to their totals, got {totals!r}")
    found = dict(totals)
    if not found:
        raise ValueError(f"totals of {column!r} must name at least one level, got none")
    for level, total in found.items():
        _number(total, f"totals of {column!r} must be", f" for {level!r}")
        if not 0 < total < float("inf"):
            raise ValueError(
                f"totals of {column!r} must be positive and finite, got {total:g} for {level!r};"
                " give that level its size, merge it with another, or leave it out and drop its respondents"
            )
    return found


def variable_totals(totals: Totals) -> dict[str, float | dict[Any, float]]:
    """Totals of each variable: one number of a numeric column, or those of the levels of a categorical one.

    >>> variable_totals({"age": 400, "sex": {"f": 5, "m": 6}})
    {'age': 400.0, 'sex': {'f': 5, 'm': 6}}
    """
    if not hasattr(totals, "keys"):
        raise TypeError(f"totals must map columns to their totals, got {totals!r}; write {{column: total}}")
    kept: dict[str, float | dict[Any, float]] = {}
    for name, total in totals.items():
        if hasattr(total, "keys"):
            kept[column_name(name, "totals")] = level_totals(name, total)
            continue
        _number(total, f"the total of {name!r} must be", ", or a mapping of the levels")
        if not isfinite(total):
            raise ValueError(f"the total of {name!r} must be finite, got {total}; give the known total")
        kept[column_name(name, "totals")] = float(total)
    return kept


def population_size(population: float | None) -> float | None:
    """Size of the population, positive and finite, or None.

    >>> population_size(0)
    Traceback (most recent call last):
    ...
    ValueError: population must be positive and finite, got 0; give its size or leave it out
    """
    if population is not None:
        _number(population, "population must be", "")
        if not 0 < population < float("inf"):
            raise ValueError(
                f"population must be positive and finite, got {population}; give its size or leave it out"
            )
    return population


def penalty_costs(penalty: float | Mapping[str, float] | None, variables: list[str]) -> Any:
    """Costs of missing totals: one for all, or by variable; None asks for exact totals.

    >>> penalty_costs({"age": 2.0}, ["sex"])
    Traceback (most recent call last):
    ...
    ValueError: penalty must name calibrated variables, 'age' is none; there are sex
    """
    costs = dict(penalty) if isinstance(penalty, Mapping) else {} if penalty is None else {"": penalty}
    for name, cost in costs.items():
        if name and name not in variables:
            raise ValueError(
                f"penalty must name calibrated variables, {name!r} is none; there are {', '.join(variables)}"
            )
        _number(cost, "penalty must be", f" for {name!r}" if name else "")
        if not cost > 0:
            raise ValueError(f"penalty must be positive, got {cost}; leave it out to meet totals exactly")
    return costs if isinstance(penalty, Mapping) else penalty


def _number(value: object, rule: str, where: str) -> None:
    """Refuse what is no number: a text that looks like one is none."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{rule} a number{where}, got {value!r}; convert it first")
