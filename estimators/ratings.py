"""The codes of a ratings table: 1..5 for a rating, and three kinds of missing kept apart.

Notes
-----
*Not asked*: the item belongs to another channel's questionnaire. *Not applicable*: the item does not
apply to this person (free service, no complaint, assistant not used). *Not answered*: the person was
asked and gave no rating. The published satisfaction counts the last kind in its denominator.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

NOT_ASKED: Final = 0
NOT_APPLICABLE: Final = -1
NOT_ANSWERED: Final = -2
CODES: Final = (NOT_ANSWERED, NOT_APPLICABLE, NOT_ASKED, 1, 2, 3, 4, 5)
MEANINGS: Final = ("not_answered", "not_applicable", "not_asked", "1", "2", "3", "4", "5")


def rated(ratings: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Whether each entry is a rating.

    >>> rated(np.array([5, 0, -1, -2, 1], dtype=np.int8)).tolist()
    [True, False, False, False, True]
    """
    return ratings > 0


def asked(ratings: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Whether each entry was asked of this person: rated, or asked and not answered.

    >>> asked(np.array([5, 0, -1, -2, 1], dtype=np.int8)).tolist()
    [True, False, False, True, True]
    """
    unanswered: NDArray[np.bool_] = ratings == NOT_ANSWERED
    return (ratings > 0) | unanswered
