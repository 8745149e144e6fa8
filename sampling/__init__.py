"""What is fixed before anyone answers: frames, allocation, rounding, selection, precision, fieldwork."""

from sampling.allocation import compromise, power_allocation, proportional
from sampling.apportionment import round_total
from sampling.equal_precision import equal_precision
from sampling.frame import Frame
from sampling.neyman import neyman
from sampling.table_fit import fit_table
from sampling.table_rounding import round_table

__all__ = [
    "Frame",
    "compromise",
    "equal_precision",
    "fit_table",
    "neyman",
    "power_allocation",
    "proportional",
    "round_table",
    "round_total",
]
