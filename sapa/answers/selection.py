"""Who was drawn at random and who was not, as the codebook tells by the mode of the interview."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimators.nonprobability import PROBABILITY
from sapa.answers.codebook import AnswerCodebook
from sapa.answers.file_table import FileTable, bare

NOT_TOLD = "mode not told"


def absent_modes(table: FileTable, book: AnswerCodebook) -> list[str]:
    """Modes named as not drawn at random that no row has: misspelt, or not used this time."""
    column = book.columns.get("mode", "")
    labels = table.labels.get(column, {})
    codes = table.frame[column].unique() if column else ()
    there = {bare(word) for code in codes for word in (code, labels.get(code, code))}
    return [mode for mode in book.nonprobability if bare(mode) not in there]


def selection_of(table: FileTable, book: AnswerCodebook) -> NDArray[np.str_]:
    """How each row's person was selected: ``"probability"``, or the mode where it was not at random.

    The modes are known by their label or their code, whatever the case. A row without a mode is not taken
    for one drawn at random.

    Examples
    --------
    >>> from sapa.answers import Item
    >>> frame = pd.DataFrame({"how": ["telephone", "Snowball", ""]}, dtype=object)
    >>> roles, items = {"service": "svc", "mode": "how"}, {"q": Item("q", "all")}
    >>> book = AnswerCodebook("wide", roles, items, nonprobability=("snowball",))
    >>> selection_of(FileTable(frame, np.arange(3)), book).tolist()
    ['probability', 'snowball', 'mode not told']
    """
    column = book.columns["mode"]
    ways = {bare(mode): mode for mode in book.nonprobability} | {"": NOT_TOLD}
    labels = table.labels.get(column, {})
    at, codes = pd.factorize(table.frame[column])
    told = [ways.get(bare(labels.get(code, code)), ways.get(bare(code), PROBABILITY)) for code in codes]
    found: NDArray[np.str_] = np.array(told, dtype=str)[at]
    return found
