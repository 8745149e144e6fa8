"""The codebook of a file of answers: what each column, item and missing code means."""

import os
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

from estimators.nonprobability import PROBABILITY
from sapa.whole_file import whole_file

Layout = Literal["wide", "long"]
Role = Literal[
    "respondent",
    "service",
    "region",
    "channel",
    "weight",
    "stratum",
    "psu",
    "mode",
    "interviewer",
    "item",
    "rating",
]
MissingKind = Literal["not_asked", "not_applicable", "not_answered"]
MAX_BYTES: Final = 2**20
ROLES: Final = get_args(Role)
MISSING_KINDS: Final = get_args(MissingKind)
_REMEDY = "correct the codebook, or write a new one with `sapa init`"


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the questionnaire.

    Attributes
    ----------
    column
        Column of the file (wide), or code in the item column (long).
    criterion, zone
        Criterion it belongs to and who answers for it.
    channels
        Channels whose recipients are asked it; none named means all. A cell of another channel's recipient
        is not asked, whatever missing code or blank it holds; a rating there is a problem.

    Raises
    ------
    ValueError
        When the column or the criterion is empty.
    """

    column: str
    criterion: str
    zone: str = ""
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, value in (("column", self.column), ("criterion", self.criterion)):
            if not value.strip():
                raise ValueError(f"items must have a {name}, got an empty one; {_REMEDY}")


@dataclass(frozen=True, slots=True)
class AnswerCodebook:
    """What the columns of a file of answers are.

    Attributes
    ----------
    layout
        ``"wide"``, one row a respondent, or ``"long"``, one row a rating.
    columns
        Column of the file by role: ``service`` is required; in a long file also ``respondent``, ``item`` and
        ``rating``; the other roles as there are.
    items
        Items by id.
    missing
        Codes by kind of missing. A blank cell means ``not_asked`` unless it is listed elsewhere.
    nonprobability
        Modes whose people were not drawn at random: volunteers, a snowball, a list of contacts.
    sheet
        Of a workbook; empty: the first.

    Raises
    ------
    ValueError
        When a role, a layout or a kind of missing is unknown, a required column is not named, a column or
        a code has two meanings, a rating is listed as missing, or there is no item.

    Examples
    --------
    >>> book = AnswerCodebook("wide", {"service": "S"}, {"q1": Item("Q1", "access")})
    >>> book.meaning("")
    'not_asked'
    """

    layout: Layout
    columns: Mapping[str, str]
    items: Mapping[str, Item]
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nonprobability: tuple[str, ...] = ()
    sheet: str = ""

    def __post_init__(self) -> None:
        if self.layout not in get_args(Layout):
            raise ValueError(f"layout must be 'wide' or 'long', got {self.layout!r}; {_REMEDY}")
        _known("columns", self.columns, ROLES)
        _known("missing", self.missing, MISSING_KINDS)
        required = ("service",) if self.layout == "wide" else ("service", "respondent", "item", "rating")
        for role in required:
            if role not in self.columns:
                raise ValueError(f"columns must name {role!r} in a {self.layout} file; {_REMEDY}")
        if not self.items or "" in self.items:
            raise ValueError(f"items must hold at least one item, each with a name; {_REMEDY}")
        if any(item.channels for item in self.items.values()) and "channel" not in self.columns:
            raise ValueError(f"columns must name 'channel' when items have channels; {_REMEDY}")
        if self.nonprobability and "mode" not in self.columns:
            raise ValueError(f"columns must name 'mode' when nonprobability names modes; {_REMEDY}")
        item_columns = [item.column for item in self.items.values()]
        if self.layout == "wide":
            _once("column", [*self.columns.values(), *item_columns])
        else:
            _once("column", list(self.columns.values()))
            _once("item code", item_columns)
        if PROBABILITY in self.nonprobability:
            raise ValueError(
                f"nonprobability must name no {PROBABILITY!r}, which means its opposite; {_REMEDY}"
            )
        codes = [code for own in self.missing.values() for code in own]
        _once("missing code", codes)
        for code in codes:
            if code.strip() in ("1", "2", "3", "4", "5"):
                raise ValueError(f"missing must hold no rating, got the code {code!r}; {_REMEDY}")

    def meaning(self, code: str) -> str:
        """Kind of missing that a code stands for; the empty string when it is none."""
        for kind, codes in self.missing.items():
            if code in codes:
                return kind
        return "not_asked" if code == "" else ""


def read_codebook(path: str | os.PathLike[str]) -> AnswerCodebook:
    """Codebook from a TOML file.

    Raises
    ------
    ValueError
        When the file cannot be read, is no TOML, is over a mebibyte, or breaks a rule of
        :class:`AnswerCodebook`.
    """
    try:
        if not Path(path).is_file():  # a pipe would be waited for
            raise ValueError("there is no such file")
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError(f"it has over {MAX_BYTES:,} bytes")
        facts = tomllib.loads(data.decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"codebook {str(path)!r} cannot be read: {error}; {_REMEDY}") from error
    return _from_facts(facts)


def write_codebook(book: AnswerCodebook, path: str | os.PathLike[str]) -> None:
    """Codebook as a commented TOML file, whole or not at all."""
    with whole_file(path) as fresh:
        fresh.write_text(codebook_text(book), encoding="utf-8")


def codebook_text(book: AnswerCodebook) -> str:
    """Commented TOML of a codebook; :func:`read_codebook` gives the same codebook back."""
    lines = [
        "# Codebook of a file of answers for sapa. Lines that begin with # are remarks.",
        "# layout: wide has one row a respondent, long has one row a rating.",
        f"layout = {_quoted(book.layout)}",
        "# sheet: of a workbook; empty: the first.",
        f"sheet = {_quoted(book.sheet)}",
        "# nonprobability: modes whose people were not drawn at random (volunteers, a snowball, a list of",
        "# contacts); results say their share of the weight, for which a model stands in for the draw.",
        f"nonprobability = {_list(book.nonprobability)}",
        "",
        f"# Which column of the file is what. Roles: {', '.join(ROLES)}.",
        "[columns]",
        *(f"{role} = {_quoted(column)}" for role, column in book.columns.items()),
        "",
        "# Codes of missing ratings by kind: not_asked (another channel's item), not_applicable (a free",
        "# service, no complaint), not_answered (asked, no rating: in the denominator of satisfaction).",
        '# A blank cell is not_asked unless "" is listed under another kind.',
        "[missing]",
        *(f"{kind} = {_list(book.missing.get(kind, ()))}" for kind in MISSING_KINDS),
        "",
        "# One block an item: its column, its criterion, the zone that answers for it, and the channels",
        "# whose recipients are asked it (none: all).",
    ]
    for name, item in book.items.items():
        lines += [f"[items.{_quoted(name)}]", f"column = {_quoted(item.column)}"]
        lines += [f"criterion = {_quoted(item.criterion)}", f"zone = {_quoted(item.zone)}"]
        lines += [f"channels = {_list(item.channels)}", ""]
    return "\n".join(lines)


def _from_facts(facts: dict[str, Any]) -> AnswerCodebook:
    _known("codebook", facts, ("layout", "sheet", "nonprobability", "columns", "missing", "items"))
    parts = {name: facts.get(name, {}) for name in ("columns", "missing", "items")}
    for name, part in parts.items():
        if not isinstance(part, dict):
            raise ValueError(f"codebook: {name} must be a table [{name}], got {part!r}; {_REMEDY}")
    items = {}
    for name, entry in parts["items"].items():
        if not isinstance(entry, dict) or not {"column", "criterion"} <= entry.keys():
            raise ValueError(f"items.{name} must have column and criterion, got {entry!r}; {_REMEDY}")
        items[name] = _item(f"items.{name}", entry)
    columns = {role: _text(f"columns.{role}", value) for role, value in parts["columns"].items()}
    missing = {kind: _codes(f"missing.{kind}", codes) for kind, codes in parts["missing"].items()}
    modes = _codes("nonprobability", facts.get("nonprobability", []))
    sheet = _text("sheet", facts.get("sheet", ""))
    return AnswerCodebook(facts.get("layout", "wide"), columns, items, missing, modes, sheet)


def _item(name: str, entry: dict[str, Any]) -> Item:
    _known(name, entry, ("column", "criterion", "zone", "channels"))
    texts = {
        key: _text(f"{name}.{key}", entry[key]) for key in ("column", "criterion", "zone") if key in entry
    }
    return Item(**texts, channels=_codes(f"{name}.channels", entry.get("channels", [])))


def _codes(name: str, given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(type(code) in (str, int) for code in given):
        raise ValueError(f"{name} must be a list of texts or whole numbers, got {given!r}; {_REMEDY}")
    return tuple(str(code) for code in given)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text in quotes, got {value!r}; {_REMEDY}")
    return value


def _known(name: str, given: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    for key in given:
        if key not in allowed:
            raise ValueError(f"{name} must have keys among {list(allowed)}, got {key!r}; {_REMEDY}")


def _once(what: str, names: list[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise ValueError(f"each {what} must have one meaning, got {name!r} twice; {_REMEDY}")


def _list(codes: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, codes))}]"


def _quoted(text: str) -> str:
    """Text as a TOML basic string."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in plain) + '"'
