"""Names of services, agencies and regions in three languages."""

from typing import Literal

import pandas as pd

from sapa.choices import Language
from sapa.published.tables import table

Unit = Literal["service", "agency", "region"]
_TABLE: dict[Unit, str] = {"service": "services", "agency": "agencies", "region": "regions"}


def names(unit: Unit, *, language: Language = "en") -> pd.Series:
    """Names of all services, agencies or regions, indexed by id.

    Parameters
    ----------
    unit
        ``"service"``, ``"agency"`` or ``"region"``.
    language
        ``"en"`` and ``"kk"`` are the report's transcription; ``"ru"`` is our own translation.

    Raises
    ------
    ValueError
        When unit or language is unknown.

    Examples
    --------
    >>> names("region", language="ru")["AKM"]
    'Акмолинская область'
    """
    if unit not in _TABLE:
        raise ValueError(f"unit must be one of {sorted(_TABLE)}, got {unit!r}")
    if language not in ("en", "kk", "ru"):
        raise ValueError(f"language must be 'en', 'kk' or 'ru', got {language!r}")
    frame = table(_TABLE[unit])
    ids = frame.iloc[:, 0]
    if language != "ru":
        return frame.set_index(ids)[f"name_{language}"]
    return table("names_ru").query("kind == @unit").set_index("id")["name_ru"].loc[ids]
