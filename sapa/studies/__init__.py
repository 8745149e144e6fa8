"""Studies of the monitoring: what next year's ranking is worth under a plan, a rule and a fieldwork."""

from sapa.studies.answers import answers_codebook, simulate_answers, true_scores, write_answers
from sapa.studies.catalogue import STUDIES, study
from sapa.studies.page import study_page
from sapa.studies.settings import Settings
from sapa.studies.world import World, world_2020

__all__ = [
    "STUDIES",
    "Settings",
    "World",
    "answers_codebook",
    "simulate_answers",
    "study",
    "study_page",
    "true_scores",
    "world_2020",
    "write_answers",
]
