"""Text for spreadsheets: nothing in a table of results is run as a formula."""

import re
from typing import Any, Final

import pandas as pd

#: What a spreadsheet takes for the start of a formula; the wide forms are those of East Asian keyboards.
_START: Final = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_FORMULA: Final = re.compile(rf"^\s*[{_START}]")
#: The same after what another locale takes for the end of a cell: there a CSV of commas is cut at semicolons.
_LATER: Final = re.compile(rf"([;\t\r\n]\s*)(?=[{_START}])")
_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?", re.ASCII)
#: Characters that XML, and so a workbook, cannot hold.
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def csv_text(frame: pd.DataFrame) -> str:
    r"""CSV of a table; a text that a spreadsheet would run as a formula is led in by an apostrophe.

    Examples
    --------
    >>> csv_text(pd.DataFrame({"name": ["=1+1", "a;=1+1", "-0.5"], "q": [4.5, float("nan"), -1.0]}))
    "name,q\n'=1+1,4.5\na;'=1+1,\n-0.5,-1.0\n"
    """
    text: str = _mapped(frame, _for_csv).to_csv(index=False, lineterminator="\n")
    return text


def for_sheet(frame: pd.DataFrame) -> pd.DataFrame:
    r"""Table for a sheet of a workbook: no formula, and no character that a workbook cannot hold.

    Examples
    --------
    >>> for_sheet(pd.DataFrame({"=a": ["@x", "b\x00", 5]})).to_dict("list")
    {"'=a": ["'@x", 'b\ufffd', 5]}
    """
    return _mapped(frame, _for_sheet)


def _mapped(frame: pd.DataFrame, change: Any) -> pd.DataFrame:
    """Table with its text, names of columns included, changed."""
    text = frame.select_dtypes(include=["object", "string", "category"]).columns
    changed = frame.assign(**{name: frame[name].astype(object).map(change) for name in text})
    return changed.set_axis([change(name) for name in frame.columns], axis=1)


def _for_csv(value: Any) -> Any:
    harmless = _harmless(value)
    if not isinstance(harmless, str) or _NUMBER.fullmatch(harmless):
        return harmless
    return _LATER.sub(r"\1'", harmless).encode("utf-8", "replace").decode("utf-8")


def _for_sheet(value: Any) -> Any:
    harmless = _harmless(value)
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", harmless) if isinstance(harmless, str) else harmless


def _harmless(value: Any) -> Any:
    """Value as a spreadsheet may show it: text that begins like a formula gets an apostrophe, numbers do not.

    >>> _harmless("=1+1"), _harmless("-0.19"), _harmless("Q"), _harmless(" -x")
    ("'=1+1", '-0.19', 'Q', "' -x")
    """
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return "'" + value
    return value
