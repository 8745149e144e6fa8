"""What is fixed before anyone answers: frames, allocation, rounding, selection, precision, fieldwork."""

from sampling.allocation import compromise, power_allocation, proportional
from sampling.apportionment import round_total
from sampling.asked import Precision
from sampling.balance import cube, flight, local_pivotal, pivotal
from sampling.bethel import Bethel, bethel
from sampling.comparisons import detectable_change, power_of_comparison, resolvable_difference
from sampling.decisions import (
    SmallestPlan,
    detects_change,
    reaches_half_width,
    separates_top,
    shrunken,
    smallest_plan,
)
from sampling.equal_precision import equal_precision
from sampling.fieldwork import Qualitative, backcheck, issue, qualitative
from sampling.frame import Frame
from sampling.inclusion import inclusion
from sampling.joint import joint
from sampling.neyman import neyman
from sampling.plan import Plan
from sampling.plan_fewest import fewest
from sampling.plan_table import allocate
from sampling.precision import half_width, sample_size
from sampling.selection import (
    conditional_poisson,
    midzuno,
    pps_systematic,
    random_systematic,
    sampford,
    systematic,
    tille,
)
from sampling.srs import TwoStage, srs, two_stage
from sampling.table_fit import fit_table
from sampling.table_rounding import round_table
from sampling.targets import Target

__all__ = [
    "Bethel",
    "Frame",
    "Plan",
    "Precision",
    "Qualitative",
    "SmallestPlan",
    "Target",
    "TwoStage",
    "allocate",
    "backcheck",
    "bethel",
    "compromise",
    "conditional_poisson",
    "cube",
    "detectable_change",
    "detects_change",
    "equal_precision",
    "fewest",
    "fit_table",
    "flight",
    "half_width",
    "inclusion",
    "issue",
    "joint",
    "local_pivotal",
    "midzuno",
    "neyman",
    "pivotal",
    "power_allocation",
    "power_of_comparison",
    "pps_systematic",
    "proportional",
    "qualitative",
    "random_systematic",
    "reaches_half_width",
    "resolvable_difference",
    "round_table",
    "round_total",
    "sampford",
    "sample_size",
    "separates_top",
    "shrunken",
    "smallest_plan",
    "srs",
    "systematic",
    "tille",
    "two_stage",
]
