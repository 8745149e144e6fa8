"""Is the ranking real: what the 2020 league tables, statements and changes can support."""

from sapa.verdicts.rules import OnePersonRule
from sapa.verdicts.statements import statements
from sapa.verdicts.verdicts import Verdicts, verdicts_2020

__all__ = ["OnePersonRule", "Verdicts", "statements", "verdicts_2020"]
