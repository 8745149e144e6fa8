"""What is fixed before anyone answers: frames, allocation, rounding, selection, precision, fieldwork."""

from sampling.allocation import compromise, power_allocation, proportional
from sampling.apportionment import round_total
from sampling.bethel import Bethel, bethel
from sampling.equal_precision import equal_precision
from sampling.fieldwork import Qualitative, backcheck, issue, qualitative
from sampling.frame import Frame
from sampling.neyman import neyman
from sampling.plan import Plan
from sampling.plan_table import allocate
from sampling.precision import (
    detectable_change,
    half_width,
    power_of_comparison,
    resolvable_difference,
    sample_size,
)
from sampling.table_fit import fit_table
from sampling.table_rounding import round_table
from sampling.targets import Target

__all__ = [
    "Bethel",
    "Frame",
    "Plan",
    "Qualitative",
    "Target",
    "allocate",
    "backcheck",
    "bethel",
    "compromise",
    "detectable_change",
    "equal_precision",
    "fit_table",
    "half_width",
    "issue",
    "neyman",
    "power_allocation",
    "power_of_comparison",
    "proportional",
    "qualitative",
    "resolvable_difference",
    "round_table",
    "round_total",
    "sample_size",
]
