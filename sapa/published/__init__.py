"""The published figures of the monitoring of public services, 2014-2020, checked when read."""

from sapa.choices import Language
from sapa.published.checks import check
from sapa.published.codebook import Column, Table, codebook
from sapa.published.corrections import Correction, corrected_criteria, corrections
from sapa.published.datasets import load, load_all
from sapa.published.names import Unit, names
from sapa.published.tables import printed, source, table

__all__ = [
    "Column",
    "Correction",
    "Language",
    "Table",
    "Unit",
    "check",
    "codebook",
    "corrected_criteria",
    "corrections",
    "load",
    "load_all",
    "names",
    "printed",
    "source",
    "table",
]
