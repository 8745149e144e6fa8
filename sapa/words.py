"""Labels of figures and reports in English, Kazakh and Russian."""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from sapa.choices import Language
from sapa.published.names import Unit, names

REPORT = "report_words.toml"
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")


@cache
def _words(file: str = "words.toml") -> dict[str, dict[str, str]]:
    return tomllib.loads(files("sapa").joinpath(file).read_text(encoding="utf-8"))


def word(key: str, *, language: Language = "en", **values: object) -> str:
    """Label of that key, its places in braces filled in with `values`.

    Raises
    ------
    ValueError
        When the key has no label, or none in that language.

    Examples
    --------
    >>> word("rank", language="kk")
    'Орын'
    >>> word("interval", level="90%")
    '90% interval'
    """
    return _filled("words.toml", key, language, values)


def phrase(key: str, *, language: Language = "en", **values: object) -> str:
    """Heading, sentence or column header of a report, its places in braces filled in with `values`.

    Raises
    ------
    ValueError
        As :func:`word`.

    Examples
    --------
    >>> phrase("assume_cells", language="ru", cell=5)
    'Числа, за которыми меньше 5 оценивших, оставлены пустыми.'
    """
    return _filled(REPORT, key, language, values)


def header(column: str, *, language: Language = "en") -> str:
    """Header of a table's column: a phrase, a label, or the name itself as words.

    Examples
    --------
    >>> header("rank_lower"), header("terms", language="ru"), header("my_own")
    ('best rank', 'сроки', 'my own')
    """
    return phrase(column, language=language) if column in _words(REPORT) else label(column, language=language)


def remark(text: str, *, language: Language = "en") -> str:
    """Remark of a table in words: its numbers stay, what has no translation stays as it is.

    Examples
    --------
    >>> remark("fewer than 10 raters", language="ru"), remark("no ratings", language="kk")
    ('меньше 10 оценивших', 'баға жоқ')
    >>> remark("8 raters < 30; half-width 0.25 > 0.20", language="ru")
    '8 оценивших < 30; полуширина 0.25 > 0.20'
    """
    return "; ".join(_remark(part, language) for part in text.split("; ")) if text else ""


def _remark(text: str, language: Language) -> str:
    numbers = _NUMBER.findall(text)
    key = _NUMBER.sub("#", text)
    if not numbers or key not in _words(REPORT):
        return header(text, language=language)
    parts = phrase(key, language=language).split("#")
    return "".join(part + number for part, number in zip(parts, [*numbers, ""], strict=True))


def label(key: str, *, language: Language = "en") -> str:
    """Label of that key, or the key itself as words where there is none: names of own data stay as they are.

    Examples
    --------
    >>> label("terms", language="ru"), label("my own criterion")
    ('сроки', 'my own criterion')
    """
    return word(key, language=language) if key in _words() else key.replace("_", " ")


def labels_of(keys: Sequence[str], *, language: Language = "en") -> list[str]:
    """Labels of names that belong together: all translated, or all left as they are when one is not known.

    Examples
    --------
    >>> labels_of(["terms", "costs"], language="ru"), labels_of(["terms", "staff"], language="ru")
    (['сроки', 'затраты'], ['terms', 'staff'])
    """
    known = all(key in _words() for key in keys)
    return [label(key, language=language) if known else key.replace("_", " ") for key in keys]


def table_name(name: str, *, language: Language = "en") -> str:
    """Name of a table of the report: its kind is translated, its number stays.

    Examples
    --------
    >>> table_name("Table 8", language="kk"), table_name("Criteria", language="ru")
    ('8-кесте', 'Критерии')
    """
    kind, _, number = name.partition(" ")
    if kind in _words() and number and number[0] in "0123456789AB":
        return word(kind, language=language, number=number)
    return label(name, language=language)


def short_names(unit: Unit, *, language: Language = "en") -> dict[str, str]:
    """Names of services, agencies or regions by id for figures: the longest Kazakh ones are ours.

    Examples
    --------
    >>> max(len(name) for name in short_names("service", language="kk").values())
    144
    """
    found = {str(unit_id): str(name) for unit_id, name in names(unit, language=language).items()}
    return found | {
        key: name for key, name in _words("short_names.toml").get(language, {}).items() if key in found
    }


def _filled(file: str, key: str, language: Language, values: dict[str, object]) -> str:
    if language not in _words(file).get(key, {}):
        raise ValueError(f"no label {key!r} in language {language!r}; add it to sapa/{file}")
    text = _words(file)[key][language]
    return text.format(**values) if values else text
