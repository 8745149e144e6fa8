"""What we conclude: scores, weights, variances, intervals, comparisons, ranks and published summaries."""

from estimators.alternatives import (
    RespondentWeighted,
    alternatives,
    leaving_out,
    pooled_items,
    usual_rules,
)
from estimators.alternatives_shrinkage import Shrunken
from estimators.attainability import Attainability, attainable
from estimators.change import change, tipping_point
from estimators.comparisons import equivalence, pairwise
from estimators.composite import compose
from estimators.composite_layout import Nodes
from estimators.concordance import Concordance, kendall
from estimators.design import Design, Stage
from estimators.dispersion import SdBounds, sd_bounds
from estimators.feasibility import Feasibility, feasible
from estimators.granularity import debit, grim, grimmer
from estimators.histogram import score_histograms
from estimators.homogeneity import WaldTest, homogeneity
from estimators.influence_on_score import influence_on_score
from estimators.intervals import Interval, interval
from estimators.linearization import Linearized, contrast, covariance, influence, mean, ratio, total, variance
from estimators.multiplicity import adjust
from estimators.nonprobability import (
    coverage_bounds,
    inference_label,
    quasi_randomize,
    rds_ii,
    selection_bounds,
)
from estimators.pmf import FivePoint, max_entropy, probit_pmf, reconstructed_pmf
from estimators.publishable import Rule, Threshold, publishable
from estimators.quantiles import Quantiles, quantile
from estimators.rank_regions import TopVerification, joint_region, plug_in_rank_probability, verify_top
from estimators.ranks import ranks, tau_best, tau_worst
from estimators.ranks_multinomial import Winner, multinomial_ranks, multinomial_winner
from estimators.recipe import Recipe, Weighting
from estimators.reconstruction import Reconstruction, reconstruct
from estimators.replication import Replicates, brr, fay, generalized_bootstrap, jackknife, rao_wu, supplied
from estimators.scheme import Level, Scheme, aggregate, averaging_matrix
from estimators.scores import scores
from estimators.sparse import SparseRule
from estimators.summary_bounds import bounds_on
from estimators.summary_verdicts import SummaryBounds
from estimators.tiers import tiers
from estimators.trend import trend
from estimators.weights import (
    Step,
    base,
    calibrate,
    nonresponse_classes,
    poststratify,
    propensity,
    rake,
    trim,
)

__all__ = [
    "Attainability",
    "Concordance",
    "Design",
    "Feasibility",
    "FivePoint",
    "Interval",
    "Level",
    "Linearized",
    "Nodes",
    "Quantiles",
    "Recipe",
    "Reconstruction",
    "Replicates",
    "RespondentWeighted",
    "Rule",
    "Scheme",
    "SdBounds",
    "Shrunken",
    "SparseRule",
    "Stage",
    "Step",
    "SummaryBounds",
    "Threshold",
    "TopVerification",
    "WaldTest",
    "Weighting",
    "Winner",
    "adjust",
    "aggregate",
    "alternatives",
    "attainable",
    "averaging_matrix",
    "base",
    "bounds_on",
    "brr",
    "calibrate",
    "change",
    "compose",
    "contrast",
    "covariance",
    "coverage_bounds",
    "debit",
    "equivalence",
    "fay",
    "feasible",
    "generalized_bootstrap",
    "grim",
    "grimmer",
    "homogeneity",
    "inference_label",
    "influence",
    "influence_on_score",
    "interval",
    "jackknife",
    "joint_region",
    "kendall",
    "leaving_out",
    "max_entropy",
    "mean",
    "multinomial_ranks",
    "multinomial_winner",
    "nonresponse_classes",
    "pairwise",
    "plug_in_rank_probability",
    "pooled_items",
    "poststratify",
    "probit_pmf",
    "propensity",
    "publishable",
    "quantile",
    "quasi_randomize",
    "rake",
    "ranks",
    "rao_wu",
    "ratio",
    "rds_ii",
    "reconstruct",
    "reconstructed_pmf",
    "score_histograms",
    "scores",
    "sd_bounds",
    "selection_bounds",
    "supplied",
    "tau_best",
    "tau_worst",
    "tiers",
    "tipping_point",
    "total",
    "trend",
    "trim",
    "usual_rules",
    "variance",
    "verify_top",
]
