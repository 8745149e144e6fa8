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
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.layout import Layout
from sapa.microdata.targets import target
from sapa.scheme_2020 import items_of
from sapa.whole_file import whole_file

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
FOLDER: Final = files("sapa.microdata").joinpath("kept_2020")


@dataclass(frozen=True, slots=True)
class Kept:
    """A placement and a bound.

    Attributes
    ----------
    cells : (B, R, 6) int
        Answers by block and region: none, and 1..5.
    bound
        Error that no placement goes below.
    price : (6 C,) float
        Prices of the counts that prove it (:func:`sapa.microdata.bound.bound`).
    """

    cells: Ints
    bound: float
    price: Floats


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
        When kept answers are not those of the service's people.
    """
    place = folder.joinpath(f"{laid.service}.json")
    if not place.is_file():
        return None
    found = json.loads(place.read_text(encoding="utf-8"))
    if found["mark"] != mark(laid, mean, share):
        return None
    cells = np.array(list(found["answers"].values()), dtype=np.int64)
    if list(found["answers"]) != _names(laid) or cells.shape != (*laid.asked.shape, 6) or (cells < 0).any():
        raise ValueError(
            f"{place.name}: answers must be counts by item and region of {laid.service}; make anew"
        )
    if (cells.sum(axis=2) != laid.asked).any() or (cells[..., 1:].sum(axis=1) != laid.counts).any():
        raise ValueError(f"{place.name}: answers must add up to the people asked and the counts; make anew")
    return Kept(cells, float(found["bound"]), np.array(found["price"]))


def keep(laid: Layout, mean: Floats, share: Floats, found: Kept, *, folder: Path) -> Path:
    """The file of a service's placement and bound, written."""
    answers = dict(zip(_names(laid), found.cells.tolist(), strict=True))
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(cells)}" for name, cells in answers.items())
    place = folder / f"{laid.service}.json"
    head = json.dumps(
        {
            "mark": mark(laid, mean, share),
            "regions": list(laid.regions),
            "bound": found.bound,
            "price": found.price.tolist(),
        }
    )
    with whole_file(place) as fresh:
        fresh.write_text(head[:-1] + ', "answers": {\n' + lines + "\n}}\n", encoding="utf-8")
    return place


def _names(laid: Layout) -> list[str]:
    forms = target(laid.service).forms
    return [
        f"{forms[h].channel}/{items_of(forms[h].channel)[k]}"
        for h, k in zip(laid.channel, laid.item, strict=True)
    ]
