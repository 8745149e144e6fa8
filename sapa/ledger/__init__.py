"""The ledger: which of the report's figures follow from the others."""

from sapa.ledger.figures import Figure, book, figures
from sapa.ledger.judge import Verdict, verdicts
from sapa.ledger.tables import agreement, ledger, summary

__all__ = ["Figure", "Verdict", "agreement", "book", "figures", "ledger", "summary", "verdicts"]
