"""The monitoring of public services itself: published data, reproduction, planning, reports and figures.

A name is loaded when it is first used, so that the command line answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sapa.answers import check, read
    from sapa.estimation import compare, draw, draw_change, estimate, rank
    from sapa.estimation.letters import letters
    from sapa.microdata import MicrodataReport, microdata_report, synthetic_2020
    from sapa.output import write
    from sapa.precision import Precision, precision_2020
    from sapa.verdicts import Verdicts, verdicts_2020

_HOMES: Final = {
    "answers": ("check", "read"),
    "estimation": ("compare", "draw", "draw_change", "estimate", "letters", "rank"),
    "microdata": ("MicrodataReport", "microdata_report", "synthetic_2020"),
    "output": ("write",),
    "precision": ("Precision", "precision_2020"),
    "verdicts": ("Verdicts", "verdicts_2020"),
}

__all__ = [
    "MicrodataReport",
    "Precision",
    "Verdicts",
    "check",
    "compare",
    "draw",
    "draw_change",
    "estimate",
    "letters",
    "microdata_report",
    "precision_2020",
    "rank",
    "read",
    "synthetic_2020",
    "verdicts_2020",
    "write",
]


def __getattr__(name: str) -> Any:
    """Public name from the module that has it, or one of these modules."""
    for home, names in _HOMES.items():
        if name == home:
            return import_module(f"sapa.{home}")
        if name in names:
            return globals().setdefault(name, getattr(import_module(f"sapa.{home}"), name))
    raise AttributeError(f"module 'sapa' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
