"""What we conclude: scores, weights, variances, intervals, comparisons, ranks and published summaries."""
