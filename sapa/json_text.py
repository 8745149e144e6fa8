"""Results as JSON that every reader takes: no number that JSON does not know."""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd


def json_text(facts: Mapping[str, Any]) -> str:
    """JSON object of facts; a table is a list of rows, unknown and infinite numbers are null.

    Examples
    --------
    >>> table = pd.DataFrame({"service": ["a", "b"], "estimate": [4.5, np.nan], "rank": pd.array([1, None])})
    >>> json.loads(json_text({"rows": table, "df": np.float64("inf")}))
    {'rows': [{'service': 'a', 'estimate': 4.5, 'rank': 1},
              {'service': 'b', 'estimate': None, 'rank': None}], 'df': None}
    """
    return json.dumps(_plain(facts), ensure_ascii=False, allow_nan=False, indent=1)


def _plain(value: Any) -> Any:
    """Value made of what JSON knows."""
    if isinstance(value, pd.DataFrame):
        names = [str(name) for name in value.columns]
        columns = [[_plain(cell) for cell in value.iloc[:, k]] for k in range(len(names))]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    if isinstance(value, Mapping):
        return {str(key): _plain(own) for key, own in value.items()}
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return [_plain(own) for own in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and not isfinite(value))
    ):
        return None
    return value if isinstance(value, bool | int | float | str) else str(value)
