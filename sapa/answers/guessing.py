"""A first codebook guessed from the file itself."""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from sapa.answers.checking import numbers
from sapa.answers.codebook import AnswerCodebook, Item
from sapa.answers.files import FileTable

#: Words in a column's name by role, in English, Russian and Kazakh; matched without regard to case.
HINTS: Final[Mapping[str, tuple[str, ...]]] = {
    "respondent": ("respondent", "респондент", "anketa", "анкета", "сауалнама", "id"),
    "service": ("service", "услуг", "қызмет"),
    "region": ("region", "oblast", "регион", "област", "өңір", "облыс"),
    "channel": ("channel", "канал", "арна"),
    "weight": ("weight", "вес", "салмақ"),
    "stratum": ("stratum", "strata", "страт"),
    "psu": ("psu", "cluster", "кластер"),
    "mode": ("mode", "режим", "способ"),
    "interviewer": ("interviewer", "интервьюер", "сұхбат"),
}
MOST_CODES: Final = 12


def guess_codebook(table: FileTable) -> AnswerCodebook:
    """Codebook guessed from a wide file: roles by the columns' names, items by their values.

    Parameters
    ----------
    table
        The file as :func:`sapa.answers.open_table` reads it.

    Returns
    -------
    A column is an item when most of its filled cells are whole numbers from 1 to 5 and it has few different
    values; numbers of an item beyond 1 to 5 are guessed to mean ``not_answered``. Every item is put into the
    criterion ``all``: only the questionnaire tells which criterion it belongs to.

    Raises
    ------
    ValueError
        When no column looks like the service, or none like an item: name them in a codebook by hand.
    """
    roles = _roles(table.frame)
    free = [name for name in table.frame.columns if name not in roles.values()]
    items = [name for name in free if _looks_like_an_item(table.frame[name])]
    if "service" not in roles or not items:
        what = "the service" if "service" not in roles else "an item rated 1 to 5"
        raise ValueError(
            f"no column looks like {what} among {list(table.frame.columns)[:30]}; write the codebook "
            "by hand: `sapa template codebook` gives one to start from"
        )
    codes = sorted({value for name in items for value in _odd_codes(table.frame[name])})
    return AnswerCodebook(
        "wide", roles, {name: Item(name, "all") for name in items}, {"not_answered": tuple(codes)}
    )


def _roles(frame: pd.DataFrame) -> dict[str, str]:
    """First column whose name holds a hint of the role; a column has one role."""
    found: dict[str, str] = {}
    for role, hints in HINTS.items():
        for name in frame.columns:
            if name not in found.values() and any(hint in name.lower() for hint in hints):
                found[role] = name
                break
    return found


def _looks_like_an_item(text: pd.Series) -> bool:
    filled = text[text != ""]
    if filled.empty or filled.nunique() > MOST_CODES:
        return False
    value = numbers(filled)
    return bool(((value >= 1) & (value <= 5) & (value % 1 == 0)).mean() > 0.5)


def _odd_codes(text: pd.Series) -> set[str]:
    """Codes of an item's column that are no rating."""
    filled = text[text != ""]
    return set(filled[~filled.isin(["1", "2", "3", "4", "5"])].unique())
