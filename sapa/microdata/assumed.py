"""What the report leaves open about respondents, and what the synthetic ones have in its place."""

from typing import Final

import pandas as pd

from sapa.microdata.cells import ASSISTANT_USE
from sapa.microdata.nonraters import ROOM
from sapa.microdata.placement import ASSUMPTION

ASSUMED: Final = (
    ("region x service", ASSUMPTION),
    (
        "channel split",
        "of the splits that the printed online share allows (all, where none is printed or none fits), "
        "the one that lets most criteria print both figures; of equals the nearest to 34.7% online",
    ),
    (
        "items of a criterion",
        "equal fives, raters and sums, as far as whole numbers and the printed figures allow, and at "
        "least one rater each; s49 follows Tables 2-3",
    ),
    (
        "non-raters",
        "the fewest that let the means print; a local service's items have about "
        f"{ROOM:g} times as many as its regional figures need at least (a mean above 4 + satisfaction "
        "says that answers are missing); who they are is drawn at random within region and channel",
    ),
    ("counts of 1..4", "the whole-number counts with the most ways to arise (maximum entropy)"),
    (
        "payment items",
        "put only where that lets more criteria print: a service is taken as free otherwise",
    ),
    (
        "assistant",
        f"its users are the number nearest to {ASSISTANT_USE:.3f} of the online respondents "
        "(Table 3: 4 of 11) that lets both figures print",
    ),
    (
        "feedback",
        "the smallest number of complainers that prints the figures, at least the printed complaints; "
        "those of services without feedback figures rated nothing",
    ),
    (
        "free criteria",
        "figures that the overlay strikes out are near their channel's (s59 online: all of them)",
    ),
    (
        "regions of local services",
        "which of a region's people came by which channel, complained, used the assistant or did not "
        "answer is as brings the printed figures nearest (in proportion to people at first, moved as "
        "long as the error falls): near the print, but not known",
    ),
    ("corrections", "criteria_corrections.csv is applied"),
)


def assumptions(rho: float) -> pd.DataFrame:
    """Columns ``what, assumed``, those about people of a given correlation last.

    >>> assumptions(0.5)["what"].tolist()[-2:]
    ['corrections', 'rho']
    """
    person = ("rho", f"latent normal scores of one person's items correlate {rho}: an assumption")
    return pd.DataFrame([*ASSUMED, person], columns=["what", "assumed"])
