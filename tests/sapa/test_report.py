import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sapa.report import Section, figure, page, report_table


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": ["<script>alert(1)</script>", "Қазақ"],
            "q": [4.755, np.nan],
            "n": [1200, 8],
            "thin": [False, True],
        }
    )


def test_page_is_self_contained_and_escaped():
    table = report_table(frame(), title="A & B", digits={"q": 2})
    html = page("Title", [Section("one", "One", text=["words"], points=["first"], tables=[table])])
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert not re.search(r"(src|href)=\"(?!#)", html)
    assert "@import" not in html
    assert "url(" not in html


def test_numbers_have_their_digits_and_sort_by_value():
    rows = report_table(frame(), title="t", digits={"q": 2}).rows
    assert [cell.text for cell in rows[0]] == ["<script>alert(1)</script>", "4.75", "1,200", ""]
    assert [cell.text for cell in rows[1]] == ["Қазақ", "", "8", "yes"]
    assert rows[0][2].value == "1200"
    assert rows[1][1].value == ""


def test_infinite_numbers_have_a_sign_that_sorts():
    rows = report_table(pd.DataFrame({"df": [np.inf, -np.inf, 12.0]}), title="t").rows
    assert [row[0].text for row in rows] == ["∞", "-∞", "12"]
    assert [row[0].value for row in rows] == ["Infinity", "-Infinity", "12"]


def test_figures_are_the_same_bytes_each_time():
    def once() -> str:
        with mpl.rc_context({"backend": "agg"}):
            drawing, ax = plt.subplots()
            ax.plot([1, 2], [3, 4])
            return figure(drawing, caption="c").svg

    assert once() == once()
    assert once().startswith("<svg")
