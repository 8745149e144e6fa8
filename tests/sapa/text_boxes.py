"""Where the texts of a drawn figure lie, for the tests of figures."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

Found = list[tuple[str, Bbox]]


def texts_of(figure: Figure) -> Found:
    """Every text that can be read in the figure, with its box in pixels."""
    texts = [text for legend in figure.legends for text in legend.get_texts()]
    for ax in figure.axes:
        texts += _of_axes(ax)
    seen = {id(text): text for text in texts if text.get_visible() and text.get_text().strip()}
    return [(text.get_text(), text.get_window_extent()) for text in seen.values()]


def overlapping(found: Found, *, slack: float = 1.0) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes share more than `slack` pixels both ways."""
    low = np.array([[box.x0, box.y0] for _, box in found])
    high = np.array([[box.x1, box.y1] for _, box in found])
    shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    pairs = np.argwhere(np.triu((shared > slack).all(axis=-1), k=1))
    return [(found[a][0], found[b][0]) for a, b in pairs]


def _of_axes(ax: Axes) -> Sequence[Text]:
    if not ax.axison:
        return [*ax.texts, *(text for child in ax.child_axes for text in _of_axes(child))]
    titles = [ax.title, ax._left_title, ax._right_title]
    legend = ax.get_legend()
    inside = [] if legend is None else legend.get_texts()
    children = (text for child in ax.child_axes for text in _of_axes(child))
    return [*titles, *inside, *ax.texts, *_of_axis(ax.xaxis), *_of_axis(ax.yaxis), *children]


def _of_axis(axis) -> Iterator[Text]:
    low, high = sorted(axis.get_view_interval())
    yield axis.label
    for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
        if low <= tick.get_loc() <= high:
            yield from (tick.label1, tick.label2)
