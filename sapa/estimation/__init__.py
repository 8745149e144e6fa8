"""Own answers scored by the official rule, ranked, compared and drawn."""

from sapa.estimation.changes import compare
from sapa.estimation.drawing import draw, draw_change
from sapa.estimation.letters import letters
from sapa.estimation.official import design_of, official
from sapa.estimation.small_cells import suppressed
from sapa.estimation.tables import estimate, rank

__all__ = [
    "compare",
    "design_of",
    "draw",
    "draw_change",
    "estimate",
    "letters",
    "official",
    "rank",
    "suppressed",
]
