"""The cheapest interviews by region and service that keep every limit of precision."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sampling.arguments import IntArray
from sampling.asked import Precision
from sampling.bethel import Bethel, bethel
from sampling.frame import Frame
from sampling.table_rounding import round_table
from sampling.targets import Target


def most_interviews(frame: Frame) -> IntArray:
    """The most interviews of each cell: its recipients as whole people, and nothing where nobody is expected.

    >>> frame = Frame(["A", "B"], ["x"], population=[2, 1], recipients=[5])
    >>> most_interviews(frame).tolist()
    [[3], [2]]
    """
    table = frame.table
    if frame.finite:
        return np.asarray(round_table(table), dtype=np.int64)
    return np.where(table > 0, 2**40, 0).astype(np.int64)


def fewest(
    frame: Frame,
    precision: Sequence[Precision],
    *,
    min_region: int = 0,
    min_service: int = 0,
    deff: float = 1.0,
) -> Bethel:
    """The cheapest whole table that keeps the limits and the minima, with an interview in every cell.

    `bethel` in whole numbers on the cells of the frame: no interview can be taken away, and `Bethel.bound`
    tells what no such table can beat. Cells without a whole recipient are left out. A minimum is all
    recipients of a service where there are fewer; regions without population have none.

    Examples
    --------
    >>> frame = Frame(["A", "B"], ["x"], population=[2, 1], recipients=[3], recipients_are="a size measure")
    >>> print(fewest(frame, [Precision("region", "half_width", 0.2)]))
    162 interviews cost 162; at least 160.443 are needed (gap 1.0%); 2 of 2 targets met
    """
    most = most_interviews(frame)
    covered = np.where(most > 0, frame.table, 0.0)
    people = np.asarray(frame.population) > 0
    floors = min_region * people, np.minimum(min_service, most.sum(axis=0))
    reduced = replace(frame, cells=covered, recipients=covered.sum(axis=0))
    targets = [limit.target(reduced, deff=deff) for limit in precision]
    targets += [
        Target.fewest(least, by, name=f"{by} minimum")
        for by, least in zip(("region", "service"), floors, strict=True)
    ]
    return bethel(
        frame.labelled(covered),
        [frame.labelled(frame.spread("mean")), frame.labelled(frame.spread("share"))],
        targets,
        cost=frame.labelled(np.asarray(frame.cost)),
        deff=deff,
        lower=frame.labelled(np.minimum(most, 1).astype(np.float64)),
        upper=frame.labelled(np.where(most < 2**40, most, np.inf)),
        finite=frame.finite,
        integer=True,
    )
