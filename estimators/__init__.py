"""What we conclude: scores, weights, variances, intervals, comparisons, ranks and published summaries."""

from estimators.scheme import Level, Scheme, aggregate, averaging_matrix

__all__ = ["Level", "Scheme", "aggregate", "averaging_matrix"]
