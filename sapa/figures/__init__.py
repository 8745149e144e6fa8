"""Figures for print: each takes what is to be shown and an ``ax``, computes nothing, returns the Axes."""

from sapa.figures.allocation import allocation_map
from sapa.figures.ranking import rank_sets, tiers
from sapa.figures.rounds import dumbbells
from sapa.figures.rows import broken, row_labels
from sapa.figures.scores import caterpillar, distributions, effective_numbers, one_persons_channel
from sapa.figures.shares import ledger_bars, population_and_sample, variance_shares
from sapa.figures.studies import coverage_curves, study_comparison
from sapa.figures.tiles import edition_of, region_ids, tile_map, tile_names, tile_places

__all__ = [
    "allocation_map",
    "broken",
    "caterpillar",
    "coverage_curves",
    "distributions",
    "dumbbells",
    "edition_of",
    "effective_numbers",
    "ledger_bars",
    "one_persons_channel",
    "population_and_sample",
    "rank_sets",
    "region_ids",
    "row_labels",
    "study_comparison",
    "tiers",
    "tile_map",
    "tile_names",
    "tile_places",
    "variance_shares",
]
