"""The monitoring of public services itself: published data, reproduction, planning, reports and figures."""

from sapa.answers import check, read
from sapa.estimation import compare, draw, draw_change, estimate, letters, rank
from sapa.microdata import MicrodataReport, microdata_report, synthetic_2020
from sapa.output import write
from sapa.precision import Precision, precision_2020
from sapa.verdicts import Verdicts, verdicts_2020

__all__ = [
    "MicrodataReport",
    "Precision",
    "Verdicts",
    "check",
    "compare",
    "draw",
    "draw_change",
    "estimate",
    "letters",
    "microdata_report",
    "precision_2020",
    "rank",
    "read",
    "synthetic_2020",
    "verdicts_2020",
    "write",
]
