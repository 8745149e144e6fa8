"""The monitoring of public services itself: published data, reproduction, planning, reports and figures."""

from sapa.answers import check, read
from sapa.estimation import compare, draw, estimate, rank
from sapa.microdata import synthetic_2020
from sapa.precision import Precision, precision_2020

__all__ = [
    "Precision",
    "check",
    "compare",
    "draw",
    "estimate",
    "precision_2020",
    "rank",
    "read",
    "synthetic_2020",
]
