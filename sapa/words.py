"""Labels of figures and reports in English, Kazakh and Russian."""

import tomllib
from functools import cache
from importlib.resources import files

from sapa.published.names import Language


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("sapa").joinpath("words.toml").read_text(encoding="utf-8"))


def word(key: str, *, language: Language = "en") -> str:
    """Label of that key.

    Raises
    ------
    ValueError
        When the key has no label, or none in that language.

    Examples
    --------
    >>> word("rank", language="kk")
    'Орын'
    """
    if language not in _words().get(key, {}):
        raise ValueError(f"no label {key!r} in language {language!r}; add it to sapa/words.toml")
    return _words()[key][language]
