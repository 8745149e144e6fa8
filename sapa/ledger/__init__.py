"""The ledger: which of the report's figures follow from the others."""

from sapa.ledger.feedback import feedback_in_zones
from sapa.ledger.figures import Figure
from sapa.ledger.findings import surprises
from sapa.ledger.history import left_out
from sapa.ledger.judge import Verdict, verdicts
from sapa.ledger.tables import agreement, ledger, summary

__all__ = [
    "Figure",
    "Verdict",
    "agreement",
    "feedback_in_zones",
    "ledger",
    "left_out",
    "summary",
    "surprises",
    "verdicts",
]
