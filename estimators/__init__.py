"""What we conclude: scores, weights, variances, intervals, comparisons, ranks and published summaries."""

from estimators.attainability import Attainability, attainable
from estimators.feasibility import Feasibility, feasible
from estimators.granularity import debit, grim, grimmer
from estimators.intervals import Interval, interval
from estimators.ranks import ranks, tau_best, tau_worst
from estimators.reconstruction import Reconstruction, reconstruct
from estimators.scheme import Level, Scheme, aggregate, averaging_matrix

__all__ = [
    "Attainability",
    "Feasibility",
    "Interval",
    "Level",
    "Reconstruction",
    "Scheme",
    "aggregate",
    "attainable",
    "averaging_matrix",
    "debit",
    "feasible",
    "grim",
    "grimmer",
    "interval",
    "ranks",
    "reconstruct",
    "tau_best",
    "tau_worst",
]
