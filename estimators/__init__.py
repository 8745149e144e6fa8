"""What we conclude: scores, weights, variances, intervals, comparisons, ranks and published summaries."""

from estimators.ranks import ranks, tau_best, tau_worst
from estimators.scheme import Level, Scheme, aggregate, averaging_matrix

__all__ = ["Level", "Scheme", "aggregate", "averaging_matrix", "ranks", "tau_best", "tau_worst"]
