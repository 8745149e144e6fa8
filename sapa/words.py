"""Labels of figures and reports in English, Kazakh and Russian."""

import tomllib
from functools import cache
from importlib.resources import files

from sapa.published.names import Language, Unit, names


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("sapa").joinpath("words.toml").read_text(encoding="utf-8"))


@cache
def _short_names() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("sapa").joinpath("short_names.toml").read_text(encoding="utf-8"))


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
    if language not in _words().get(key, {}):
        raise ValueError(f"no label {key!r} in language {language!r}; add it to sapa/words.toml")
    text = _words()[key][language]
    return text.format(**values) if values else text


def label(key: str, *, language: Language = "en") -> str:
    """Label of that key, or the key itself as words where there is none: names of own data stay as they are.

    Examples
    --------
    >>> label("terms", language="ru"), label("my own criterion")
    ('сроки', 'my own criterion')
    """
    return word(key, language=language) if key in _words() else key.replace("_", " ")


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
    return found | {key: name for key, name in _short_names().get(language, {}).items() if key in found}
