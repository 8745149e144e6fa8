"""A first codebook guessed from the file itself."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from sapa.answers.checking import WRONG, code_of, numbers
from sapa.answers.codebook import AnswerCodebook, Item, Layout, MissingKind
from sapa.answers.file_table import FileTable, labelled

#: Words in a column's name by role, in English, Russian and Kazakh; matched without regard to case.
HINTS: Final[Mapping[str, tuple[str, ...]]] = {
    "respondent": ("respondent", "респондент", "anketa", "анкета", "сауалнама", "person", "id"),
    "service": ("service", "услуг", "қызмет"),
    "region": ("region", "oblast", "регион", "област", "өңір", "облыс"),
    "channel": ("channel", "канал", "арна"),
    "weight": ("weight", "вес", "салмақ"),
    "stratum": ("stratum", "strata", "страт"),
    "psu": ("psu", "cluster", "кластер"),
    "mode": ("mode", "режим", "способ"),
    "interviewer": ("interviewer", "интервьюер", "сұхбат"),
}
#: The same for the two columns that only a long file has.
LONG_HINTS: Final[Mapping[str, tuple[str, ...]]] = {
    "item": ("item", "question", "вопрос", "сұрақ"),
    "rating": ("rating", "score", "mark", "оценка", "балл", "баға"),
}
#: Words in the names of columns that are never items, though their codes may look like ratings.
NO_ITEMS: Final = (
    *("sex", "gender", "age", "educ", "language", "income", "пол", "возраст", "язык", "образован"),
    *("жыныс", "жасы", "тіл"),
)
#: Words in the name of a mode whose people were not drawn at random.
NOT_DRAWN: Final = (
    *("snowball", "volunteer", "panel", "online", "web", "internet", "social", "convenience"),
    *("снежн", "доброволь", "панел", "онлайн", "интернет", "соцсет", "қар кесегі", "ерікті"),
)
MOST_CODES: Final = 12
#: Codes that surveys use for a missing rating. Any other odd value stays a problem that ``check`` lists:
#: 6, 7, 10 or 55 is more likely a typing error.
USUAL_CODES: Final[Mapping[MissingKind, tuple[str, ...]]] = {
    "not_applicable": ("n/a", "not applicable", "н/п", "неприменимо", "қолданылмайды"),
    "not_answered": (
        *("0", "-1", "-2", "8", "9", "77", "88", "97", "98", "99", "888", "997", "998", "999"),
        *("-8", "-9", "-77", "-88", "-97", "-98", "-99", "-999", ".", "..", "-", "—", "na", "nan", "null"),
        *("no answer", "don't know", "н/о", "не знаю", "нет ответа", "затрудняюсь ответить"),
        *("жауап жоқ", "білмеймін"),
    ),
}
#: Words in the label of a code (SPSS, Stata) that tell its kind.
LABEL_WORDS: Final[Mapping[MissingKind, tuple[str, ...]]] = {
    "not_asked": ("not asked", "skip", "не задавал", "сұралмады"),
    "not_applicable": ("not applicable", "inapplicable", "неприменим", "не пользовал", "қолданылмай"),
    "not_answered": (
        "no answer",
        "refus",
        "know",
        "отказ",
        "нет ответ",
        "затруд",
        "не знаю",
        "жауап",
        "білмей",
    ),
}
_NUMBERED: Final = re.compile(r"(.*?)[\s_.-]*\d+")


def guess_codebook(table: FileTable) -> AnswerCodebook:
    """Codebook guessed from a file: roles by the columns' names, items by their values.

    Parameters
    ----------
    table
        The file as :func:`sapa.answers.open_table` reads it.

    Returns
    -------
    A file with a column named like an item and one like a rating is long; any other is wide, and a column
    is an item when most of its cells, blanks and usual missing codes aside, are whole numbers from 1 to 5,
    some of them above 2, it has few different values, and its name is not that of sex, age and the like.
    Items numbered after different words (``staff_1, staff_2, costs_1``) go into the criteria of these words;
    otherwise all go into the criterion ``all``. A code beyond 1 to 5 gets a kind of missing when its label
    says so or when it is a usual missing code (:data:`USUAL_CODES`); any other stays a problem. Modes named
    like a snowball, a panel or an online questionnaire (:data:`NOT_DRAWN`) are taken as not drawn at random.

    Raises
    ------
    ValueError
        When no column looks like the service, or none like an item: name them in a codebook by hand.

    Examples
    --------
    >>> import numpy as np
    >>> frame = pd.DataFrame({"Услуга": ["a", "b", "c"], "q1": ["5,0", "99", "4"], "q2": ["3", "7", "5"]})
    >>> book = guess_codebook(FileTable(frame, np.arange(3) + 2))
    >>> book.columns, list(book.items), book.missing
    ({'service': 'Услуга'}, ['q1', 'q2'], {'not_answered': ('99',)})
    """
    frame = table.frame
    long = {role: name for role, name in _roles(frame, LONG_HINTS).items() if frame[name].nunique() > 1}
    if len(long) == 2 and _looks_like_ratings(frame[long["rating"]]):
        rest = frame.drop(columns=list(long.values()))
        names = [name for name in dict.fromkeys(frame[long["item"]]) if name]
        roles, rated = _roles(rest, HINTS) | long, [long["rating"]]
    else:
        roles = _roles(frame, HINTS)
        free = [name for name in frame.columns if name not in roles.values()]
        names = rated = [name for name in free if _looks_like_ratings(frame[name])]
    layout: Layout = "long" if "rating" in roles else "wide"
    needed = ("service", "respondent") if layout == "long" else ("service",)
    lacking = [role for role in needed if role not in roles] + [""] * (not names)
    if lacking:
        what = f"the {lacking[0]}" if lacking[0] else "an item rated 1 to 5"
        raise ValueError(
            f"no column looks like {what} among {list(frame.columns)[:30]}{_where(table)}; write the "
            "codebook by hand: `sapa template codebook` gives one to start from"
        )
    items = {name: Item(name, criterion) for name, criterion in _criteria(names).items()}
    book = AnswerCodebook(layout, roles, items, nonprobability=_volunteers(table, roles), sheet=table.sheet)
    return replace(book, missing=_missing(table, rated, book))


def _where(table: FileTable) -> str:
    return f", read as {', '.join(table.remarks)}" if table.remarks else ""


def _roles(frame: pd.DataFrame, hints: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """First column whose name holds a hint of the role; a column has one role."""
    found: dict[str, str] = {}
    for role, words in hints.items():
        for name in frame.columns:
            if name not in found.values() and any(_holds(name.lower(), word) for word in words):
                found[role] = name
                break
    return found


def _holds(name: str, word: str) -> bool:
    """Whether a name holds a word; one of three letters or fewer must stand alone, as in ``person_id``."""
    if len(word) > 3:
        return word in name
    return word in re.split(r"[\W_]+", name)


def _looks_like_ratings(text: pd.Series) -> bool:
    """Whether most cells, usual missing codes aside, are whole numbers from 1 to 5, some of them above 2."""
    name = str(text.name).lower()
    filled = text[(text != "") & text.map(lambda code: _kind(code, "") is None)]
    if filled.empty or filled.nunique() > MOST_CODES or any(_holds(name, word) for word in NO_ITEMS):
        return False
    value = numbers(filled)
    fit = (value >= 1) & (value <= 5) & (value % 1 == 0)
    return bool(fit.mean() > 0.5 and (value[fit] > 2).any())


def _criteria(names: list[str]) -> dict[str, str]:
    """Criterion of each item: the word before its number, if there are different ones."""
    words = {}
    for name in names:
        match = _NUMBERED.fullmatch(name)
        words[name] = (match.group(1) if match else name).strip() or "all"
    return words if 1 < len(set(words.values())) < len(names) else dict.fromkeys(names, "all")


def _volunteers(table: FileTable, roles: Mapping[str, str]) -> tuple[str, ...]:
    """Modes whose name says that people were not drawn at random."""
    modes = np.unique(labelled(table, roles["mode"])).tolist() if "mode" in roles else []
    return tuple(mode for mode in modes if any(word in mode.lower() for word in NOT_DRAWN))


def _missing(table: FileTable, columns: list[str], book: AnswerCodebook) -> dict[str, tuple[str, ...]]:
    """Kinds of the codes that are no rating and that a label or custom tells."""
    found: dict[str, MissingKind] = {}
    for column in columns:
        for code in table.frame[column].unique():
            kind = _kind(code, table.labels.get(column, {}).get(code, ""))
            if kind and code_of(code, book) == WRONG:
                found.setdefault(code, kind)
    return {
        kind: tuple(sorted(code for code, own in found.items() if own == kind))
        for kind in sorted(set(found.values()))
    }


def _kind(code: str, label: str) -> MissingKind | None:
    said = label.lower()
    for kind, words in LABEL_WORDS.items():
        if any(word in said for word in words):
            return kind
    plain = code.lower().removesuffix(".0").removesuffix(",0")
    return next((kind for kind, codes in USUAL_CODES.items() if plain in codes), None)
