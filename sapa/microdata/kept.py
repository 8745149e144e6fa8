"""Placements of local services' answers that a long search found, kept with the package, and bounds proved.

Finding them takes minutes of integer programming a service (:mod:`sapa.microdata.nearer`), checking them
none: what is kept are counts of answers, and their error is computed from the counts. Each service carries a
mark of what it was found for (people, counts, printed figures); where these have changed, it is not used.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.cases import Case, Figure, exhaustive
from sapa.microdata.layout import Layout, as_answered
from sapa.microdata.programme import LIKE, alike
from sapa.microdata.targets import target
from sapa.scheme_2020 import items_of
from sapa.whole_file import whole_file

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
FIGURES: Final = ("mean", "satisfaction")
FOLDER: Final = files("sapa.microdata").joinpath("kept_2020")


@dataclass(frozen=True, slots=True)
class Kept:
    """A placement and a bound.

    Attributes
    ----------
    cells : (B, R, 6) int
        Answers by block and region: none, and 1..5. Users and complainers may live in other regions than the
        layout has them.
    bound
        Error that no placement with the same users by region goes below.
    cases
        Prices of the counts that prove it (:func:`sapa.microdata.cases.bound_by_cases`).
    """

    cells: Ints
    bound: float
    cases: tuple[Case, ...]


def mark(laid: Layout, mean: Floats, share: Floats) -> str:
    """What a placement is for, in sixteen digits: people, counts and printed figures of every region.

    >>> from sapa.microdata.layout import layout
    >>> laid, figures = layout("s70"), np.zeros(17)
    >>> mark(laid, figures, figures) == mark(laid, figures, figures + 1)
    False
    """
    arrays = (laid.people, laid.asked, laid.counts, laid.label, mean.round(6), share.round(6))
    told = [list(laid.regions), *(array.tolist() for array in arrays)]
    return sha256(json.dumps(told).encode()).hexdigest()[:16]


def kept(laid: Layout, mean: Floats, share: Floats, *, folder: Traversable = FOLDER) -> Kept | None:
    """What is kept of a service, or nothing where it was found for other people, counts or figures.

    Raises
    ------
    ValueError
        When what is kept is no placement of the service's people with a bound.
    """
    place = folder.joinpath(f"{laid.service}.json")
    if not place.is_file():
        return None
    remedy = f"delete the file and run python -m sapa.microdata.nearer {laid.service}"
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
        if found["mark"] != mark(laid, mean, share):
            return None
        cells = np.array(list(found["answers"].values()))
        below, cases = float(found["bound"]), tuple(_case(laid, case) for case in found["cases"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{place.name}: must hold mark, bound, cases and answers; {type(error).__name__}: {error}; "
            f"{remedy}"
        ) from None
    if rule := _broken(laid, list(found["answers"]), cells, below, cases):
        raise ValueError(f"{place.name}: {rule}; {remedy}")
    return Kept(cells, below, cases)


def _case(laid: Layout, told: dict[str, Any]) -> Case:
    missed = {_figure(laid, name): bool(value) for name, value in told["missed"].items()}
    return Case(missed, np.array(told["price"], dtype=float))


def _broken(
    laid: Layout, names: list[str], cells: NDArray[Any], below: float, cases: tuple[Case, ...]
) -> str | None:
    """The rule that a file breaks."""
    if (
        names != _names(laid)
        or cells.shape != (*laid.asked.shape, 6)
        or cells.dtype.kind != "i"
        or cells.min() < 0
    ):
        return f"answers must be whole counts by item and region of {laid.service}"
    asked, group = cells.sum(axis=2), laid.users
    if (asked.sum(axis=1) != laid.asked.sum(axis=1)).any() or (
        cells[..., 1:].sum(axis=1) != laid.counts
    ).any():
        return "answers must add up to the people asked and the counts"
    first = np.array([b if group[b] < 0 else int(np.argmax(group == group[b])) for b in range(group.size)])
    people = laid.people.T[laid.channel]
    if (asked != np.where(group[:, None] < 0, people, asked[first])).any() or (asked > people).any():
        return (
            "answers must be of all people of a region, of the same users where items are put to users only"
        )
    size = 6 * (alike(as_answered(laid, cells), LIKE).max() + 1)
    if not np.isfinite(below) or below < 0 or any(case.price.shape != (size,) for case in cases):
        return f"bound must be a number from 0 and prices {size} numbers"
    if not all(np.isfinite(case.price).all() for case in cases) or not exhaustive(
        [case.missed for case in cases]
    ):
        return "cases must have finite prices and leave out no placement"
    return None


def keep(laid: Layout, mean: Floats, share: Floats, found: Kept, *, folder: Path) -> Path:
    """The file of a service's placement and bound, written."""
    answers = dict(zip(_names(laid), found.cells.tolist(), strict=True))
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(cells)}" for name, cells in answers.items())
    place = folder / f"{laid.service}.json"
    head = json.dumps(
        {
            "mark": mark(laid, mean, share),
            "bound": found.bound,
            "cases": [
                {
                    "missed": {
                        f"{laid.regions[region]} {FIGURES[figure]}": told
                        for (region, figure), told in case.missed.items()
                    },
                    "price": case.price.tolist(),
                }
                for case in found.cases
            ],
        }
    )
    with whole_file(place) as fresh:
        fresh.write_text(head[:-1] + ', "answers": {\n' + lines + "\n}}\n", encoding="utf-8")
    return place


def _figure(laid: Layout, name: str) -> Figure:
    """Region and figure of a name such as ``NUR mean``."""
    region, figure = name.split(" ")
    return laid.regions.index(region), FIGURES.index(figure)


def _names(laid: Layout) -> list[str]:
    forms = target(laid.service).forms
    return [
        f"{forms[h].channel}/{items_of(forms[h].channel)[k]}"
        for h, k in zip(laid.channel, laid.item, strict=True)
    ]
