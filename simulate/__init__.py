"""What chance does: populations, ratings, response, fieldwork effects, studies (Monte Carlo)."""

from simulate.answering import Breakoff, ItemNonresponse, NotApplicable, Styles
from simulate.compare import Comparison, compare_studies, redesign
from simulate.diagnosands import DIAGNOSANDS, Diagnosis, Outcome
from simulate.drawing import draw
from simulate.fabrication import Fabrication
from simulate.fieldwork import Contact, Cooperation, Interviewers, Modes, Snowball
from simulate.histograms import draw_histograms
from simulate.population import Population
from simulate.rating_model import RatingModel
from simulate.response import Response
from simulate.run import Run
from simulate.running import StudyError
from simulate.selection import Selected, Selection, stratified
from simulate.streams import Purpose, Streams, generator
from simulate.study import Study
from simulate.survey import Survey, for_each

__all__ = [
    "DIAGNOSANDS",
    "Breakoff",
    "Comparison",
    "Contact",
    "Cooperation",
    "Diagnosis",
    "Fabrication",
    "Interviewers",
    "ItemNonresponse",
    "Modes",
    "NotApplicable",
    "Outcome",
    "Population",
    "Purpose",
    "RatingModel",
    "Response",
    "Run",
    "Selected",
    "Selection",
    "Snowball",
    "Streams",
    "Study",
    "StudyError",
    "Styles",
    "Survey",
    "compare_studies",
    "draw",
    "draw_histograms",
    "for_each",
    "generator",
    "redesign",
    "stratified",
]
