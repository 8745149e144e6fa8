"""Placements of local services' answers that a long search found, kept with the package.

Finding them takes minutes a service (:mod:`sapa.microdata.nearer`), checking them none: what is kept are
counts of answers, and their error is computed from the counts. Each service carries a mark of what it
was found for (people, counts, printed figures); where these have changed, it is not used.
"""

import json
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.layout import Layout, as_answered
from sapa.microdata.targets import target
from sapa.scheme_2020 import items_of
from sapa.whole_file import whole_file

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
FOLDER: Final = files("sapa.microdata").joinpath("kept_2020")


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


def kept(laid: Layout, mean: Floats, share: Floats, *, folder: Traversable = FOLDER) -> Ints | None:
    """What is kept of a service, or nothing where it was found for other people, counts or figures.

    Returns
    -------
    (B, R, 6) answers by block and region: none, and 1..5. Users and complainers, and the people of a channel,
    may live in other regions than the layout has them.

    Raises
    ------
    ValueError
        When what is kept is no placement of the service's people.
    """
    place = folder.joinpath(f"{laid.service}.json")
    if not place.is_file():
        return None
    remedy = f"delete the file and run python -m sapa.microdata.nearer {laid.service}"
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
        if found["mark"] != mark(laid, mean, share):
            return None
        names, cells = list(found["answers"]), np.array(list(found["answers"].values()))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{place.name}: must hold mark and answers; {type(error).__name__}: {error}; {remedy}"
        ) from None
    if rule := _broken(laid, names, cells):
        raise ValueError(f"{place.name}: {rule}; {remedy}")
    return cells


def _broken(laid: Layout, names: list[str], cells: NDArray[Any]) -> str | None:
    """The rule that a file breaks."""
    if (
        names != _names(laid)
        or cells.shape != (*laid.asked.shape, 6)
        or cells.dtype.kind != "i"
        or cells.min() < 0
        or cells.max() > laid.people.sum()
    ):
        return f"answers must be whole counts by item and region of {laid.service}"
    asked, group = cells.sum(axis=2), laid.users
    if (asked.sum(axis=1) != laid.asked.sum(axis=1)).any() or (
        cells[..., 1:].sum(axis=1) != laid.counts
    ).any():
        return "answers must add up to the people asked and the counts"
    first = np.array([b if group[b] < 0 else int(np.argmax(group == group[b])) for b in range(group.size)])
    told = as_answered(laid, cells).people
    people = told.T[laid.channel]
    if (
        (asked != np.where(group[:, None] < 0, people, asked[first])).any()
        or (asked > people).any()
        or (told.sum(axis=1) != laid.people.sum(axis=1)).any()
    ):
        return (
            "answers must be of all people of a region, of the same users where items are put to users only"
        )
    return None


def keep(laid: Layout, mean: Floats, share: Floats, cells: Ints, *, folder: Path) -> Path:
    """The file of a service's placement, written."""
    answers = dict(zip(_names(laid), cells.tolist(), strict=True))
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(counts)}" for name, counts in answers.items())
    place = folder / f"{laid.service}.json"
    with whole_file(place) as fresh:
        fresh.write_text(
            f'{{"mark": "{mark(laid, mean, share)}", "answers": {{\n{lines}\n}}}}\n', encoding="utf-8"
        )
    return place


def _names(laid: Layout) -> list[str]:
    forms = target(laid.service).forms
    return [
        f"{forms[h].channel}/{items_of(forms[h].channel)[k]}"
        for h, k in zip(laid.channel, laid.item, strict=True)
    ]
