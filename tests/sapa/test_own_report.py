"""The report of own answers: its words, its page in a browser, its print."""

import hashlib
import json
import re
import shutil
import sys

import pandas as pd
import pytest

import sapa
from sapa import browser as browsers
from sapa import report_files
from sapa.answers import read, write_codebook
from sapa.cli import main
from sapa.own_report import write_report
from sapa.report_files import NO_BROWSER
from tests.sapa.answer_files import BOOK, people, write
from tests.sapa.pages_in_browser import ELSEWHERE, LYING, SEARCH, SHEET, SORT, WIDTHS, ask

LANGUAGES = ("en", "kk", "ru")
BROWSER = browsers.find_browser()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two rounds of many services, with their codebook."""
    place = tmp_path_factory.mktemp("report")
    for name, seed in (("a", 0), ("b", 1)):
        frame = people(2000, seed=seed)
        write(frame, place / f"{name}.csv")
        many = pd.read_csv(place / f"{name}.csv")
        many = many[many["id"] % 37 > many["id"] % 20]  # unlike sizes
        many["svc"] = [
            f"{row % 20:02d} Мемлекеттік қызмет көрсету сапасы туралы анықтама беру" for row in many["id"]
        ]
        many.to_csv(place / f"{name}.csv", index=False)
    write_codebook(BOOK, place / "a.toml")
    write(people(300), place / "small.csv")
    write_codebook(BOOK, place / "small.toml")
    return place


@pytest.fixture(scope="module")
def pages(folder):
    """The page of both rounds in each language."""
    found = {}
    for language in LANGUAGES:
        out = folder / f"report_{language}.html"
        files = write_report(
            out,
            folder / "a.csv",
            codebook=folder / "a.toml",
            after=folder / "b.csv",
            language=language,
            pdf=False,
        )
        assert files == (out,)
        found[language] = out.read_text(encoding="utf-8")
    return found


def cells(html: str, section: str) -> str:
    return re.search(rf'<section id="{section}".*?</section>', html, re.DOTALL)[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_loaded_from_elsewhere(pages, language):
    html = pages[language]
    assert ELSEWHERE.findall(html) == []
    assert html.count("<svg") == html.count("</svg>") == html.count("<figure") >= 7
    assert f'<html lang="{language}">' in html


def test_an_address_would_be_found():
    for text in ("http://a.b", '<img src="x.png">', "url(x)", '<a href="//cdn">', "@import 'x'"):
        assert ELSEWHERE.search(text), text
    assert not ELSEWHERE.search('<a href="#scores">')


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_numbers_of_the_summary_are_those_of_the_tables(pages, folder, language):
    """Recounted from `sapa.rank` and `sapa.compare`, found in the sentences whatever the language."""
    rounds = [read(folder / f"{name}.csv", codebook=folder / "a.toml") for name in ("a", "b")]
    ranking, change = sapa.rank(rounds[1]), sapa.compare(*rounds)
    low, high = ranking["rank_lower"].to_numpy(int), ranking["rank_upper"].to_numpy(int)
    told = re.findall(r"<li>(.*?)</li>", cells(pages[language], "summary"))
    apart = ((low[:, None] > high) & (low[:, None] >= 0)).sum()  # pairs of sets that do not meet, at most
    numbers = [set(map(float, re.findall(r"\d+(?:\.\d+)?", text.replace(",", "")))) for text in told]
    assert 190.0 in numbers[1]
    established = (low - 1).sum() / 2 + (len(low) - high).sum() / 2
    assert established >= apart
    assert float(round(established)) in numbers[1]
    assert {float((low == 1).sum()), float((high == 20).sum()), 20.0} <= numbers[2]
    assert round(ranking.attrs["resolvable"], 2) in numbers[3]
    counts = change["verdict"].value_counts()
    assert {float(counts.get(name, 0)) for name in ("rose", "fell", "not told apart")} <= numbers[-2]
    best = ranking.iloc[0]
    assert best["service"] in told[0]
    assert f"{best['estimate']:.2f}" in told[0]


def test_every_input_is_fingerprinted_and_the_versions_are_named(pages, folder):
    part = cells(pages["en"], "reproducibility")
    for name in ("a.csv", "a.toml", "b.csv"):
        assert f"{name}: {hashlib.sha256((folder / name).read_bytes()).hexdigest()}" in part
    for name in ("Python 3", "numpy", "scipy", "Seed of the random numbers: 0"):
        assert name in part


@pytest.mark.parametrize("rounds", [1, 2])
def test_methods_cite_what_is_listed(pages, folder, rounds):
    html = pages["en"] if rounds == 2 else alone(folder, language="en")
    methods, listed = cells(html, "methods"), cells(html, "references")
    cited = {int(number) for group in re.findall(r"\[([0-9, ]+)\]", methods) for number in group.split(",")}
    assert cited == set(range(1, listed.count("<li>") + 1))
    assert ("Hothorn" in listed) == (rounds == 2)


def alone(folder, **options):
    """Page of one round."""
    out = folder / "one.html"
    write_report(out, folder / "a.csv", codebook=folder / "a.toml", pdf=False, **options)
    return out.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_remarks_are_in_the_language_of_the_page(folder, language):
    html = alone(folder, language=language, min_raters=80, min_cell=55)
    tables = cells(html, "scores") + cells(html, "ranks")
    words = [text for text in re.findall(r"<td[^>]*>([^<]*)</td>", tables) if re.search(r"[^\W\d]{4}", text)]
    assert (
        len({text for text in words if re.search(r"\b(55|80)\b", text)}) == 2
    )  # two reasons, each with its limit
    assert [text for text in words if re.search("[a-z]{4}", text)] == []


def test_the_highest_is_said_to_be_so_among_the_ranked(folder):
    html = alone(folder, language="en", min_raters=60)
    ranking = sapa.rank(read(folder / "a.csv", codebook=folder / "a.toml"), min_raters=60)
    assert 0 < ranking["rank"].notna().sum() < len(ranking)
    assert f"Highest of the {ranking['rank'].notna().sum()} ranked and shown: " in cells(html, "summary")
    none = alone(folder, language="en", min_raters=10_000)
    assert "none of them ranked" in cells(none, "summary")


def test_rows_left_out_are_counted_under_the_name_of_their_round(folder):
    table = pd.read_csv(folder / "a.csv", dtype=str)
    table.loc[[3, 9], "staff_2"] = "7"
    table.to_csv(folder / "spoilt.csv", index=False)
    out, later = folder / "dropped.html", folder / "a.csv"
    for language, words in (("en", "Rows with problems"), ("kk", "Қатесі бар"), ("ru", "Строк с ошибками")):
        options = {"codebook": folder / "a.toml", "drop": True, "language": language, "pdf": False}
        write_report(out, folder / "spoilt.csv", after=later if language == "en" else None, **options)
        html = out.read_text(encoding="utf-8")
        assert html.count(words) == len(re.findall(rf"{words}[^<]*: 2; [^<]*sapa check", html)) == 1
        assert (f"spoilt.csv: {words}" in html) == (language == "en")


def test_numbers_stand_under_their_heads(pages):
    table = re.search(r"<thead>.*?</thead>\s*<tbody>\s*<tr>.*?</tr>", cells(pages["en"], "ranks"), re.DOTALL)[
        0
    ]
    heads = ['class="number"' in head for head in re.findall(r"<th ([^>]*)>", table)]
    cells_below = ['class="number"' in cell for cell in re.findall(r"<td([^>]*)>", table)]
    assert heads == cells_below
    assert 0 < sum(heads) < len(heads)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_works_in_a_browser(pages, folder, language):
    """Tables sort and search, nothing is said on the console, nothing is asked of a network; or no PDF."""
    if BROWSER is None:
        return without_a_browser(folder)
    html = pages[language]
    found = ask(html, SORT, browser=BROWSER)
    assert found["up"] == sorted(found["start"])
    assert found["up"] != found["start"]
    assert found["down"] == sorted(found["start"], reverse=True)
    assert (found["first"], found["second"]) == ("ascending", "descending")
    shown = ask(html, SEARCH.replace("WANTED", json.dumps("07 МЕМЛЕКЕТТІК")), browser=BROWSER)
    assert shown["all"] > 12
    assert set(shown["shown"]) == {"07 Мемлекеттік қызмет көрсету сапасы туралы анықтама беру"}
    assert shown["count"].startswith(f"{len(shown['shown'])} ")
    return None


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut_on_a_sheet_of_a4(pages, folder, language):
    if BROWSER is None:
        return without_a_browser(folder)
    assert ask(pages[language], WIDTHS, browser=BROWSER, printed=True) == []
    return None


def test_a_part_too_wide_for_the_sheet_would_be_found(pages, folder):
    if BROWSER is None:
        return without_a_browser(folder)
    wide = f'<p style="width:{SHEET + 9}px">wide</p><div class="lies"><p style="width:{{}}px">lies</p></div>'
    for across, found in ((LYING - 9, 1), (LYING + 9, 2)):
        html = pages["en"].replace("</main>", f"{wide.format(across)}</main>")
        assert len(ask(html, WIDTHS, browser=BROWSER, printed=True)) == found
    return None


def test_faults_of_a_page_would_be_found(folder):
    if BROWSER is None:
        return without_a_browser(folder)
    for fault in (
        "console.error('x')",
        "missing()",
        "document.body.append(Object.assign(new Image(), {src: 'http://a.b'}))",
    ):
        page = f"<html><head></head><body><script>{fault}</script></body></html>"
        with pytest.raises(AssertionError):
            ask(page, "return new Promise(r => setTimeout(r, 300)), 1", browser=BROWSER)
    return None


def test_the_print_is_a4(folder):
    out = folder / "print.html"
    if BROWSER is None:
        return without_a_browser(folder)
    small = folder / "small.csv"
    files = write_report(out, small, codebook=folder / "small.toml", after=small)
    assert files == (out, out.with_suffix(".pdf"))
    pdf = out.with_suffix(".pdf").read_bytes()
    boxes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([0-9.]+)\s+([0-9.]+)\s*\]", pdf)
    assert len(boxes) == len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 3
    sheets = [sorted(round(float(side) / 72 * 25.4) for side in box) for box in boxes]
    assert sheets == [[210, 297]] * len(boxes)
    lying = [float(across) > float(down) for across, down in boxes]
    assert 0 < sum(lying) < len(lying)  # the table of changes has more columns than stand on a sheet
    return None


def without_a_browser(folder):
    """What the documentation says of a machine without a browser: the page only."""
    out = folder / "alone.html"
    assert write_report(out, folder / "small.csv", codebook=folder / "small.toml") == (out,)
    assert not out.with_suffix(".pdf").exists()


def test_without_a_browser_the_page_is_html_only_and_it_is_said(folder, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(browsers, "PLACES", ())
    assert browsers.find_browser() is None
    out = folder / "none.html"
    data, codebook = folder / "small.csv", folder / "small.toml"
    with pytest.raises(ValueError, match="no Chromium, Chrome or Edge found"):
        write_report(out, data, codebook=codebook, pdf=True)
    assert not out.exists()
    monkeypatch.setattr(sys, "argv", ["sapa", "report", str(data), "--out", str(out)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert f"wrote {out}\n{NO_BROWSER}\n" in capsys.readouterr().err
    assert out.is_file()
    assert not out.with_suffix(".pdf").exists()


def test_a_browser_that_does_not_print_is_an_error_and_leaves_no_torn_pdf(folder, monkeypatch):
    monkeypatch.setattr(report_files, "find_browser", lambda: sys.executable)
    out = folder / "torn.html"
    with pytest.raises(ValueError, match="did not print"):
        write_report(out, folder / "small.csv", codebook=folder / "small.toml")
    assert out.is_file()
    assert not out.with_suffix(".pdf").exists()


def test_small_cells_are_blank_everywhere(folder, tmp_path):
    out = tmp_path / "r.html"
    write_report(out, folder / "a.csv", codebook=folder / "a.toml", min_cell=60, min_raters=30, pdf=False)
    html = out.read_text(encoding="utf-8")
    rows = re.findall(r"<tr>(<td.*?)</tr>", cells(html, "scores"))
    raters = [re.findall(r'data-value="([^"]*)"', row) for row in rows]
    blank = [values for values in raters if not any(values)]
    assert 0 < len(blank) < len(raters)
    assert all(len(set(values)) == 1 for values in blank)
    assert "Figures of fewer than 60 raters are left blank." in html


def test_with_nobody_fit_to_rank_the_scores_are_told_alone(folder, tmp_path):
    out = tmp_path / "r.html"
    write_report(out, folder / "small.csv", codebook=folder / "small.toml", min_raters=10_000, pdf=False)
    html = out.read_text(encoding="utf-8")
    assert 'id="scores"' in html
    assert 'id="ranks"' not in html


def test_names_of_the_data_are_escaped(folder, tmp_path):
    frame = pd.read_csv(folder / "a.csv")
    frame["svc"] = frame["svc"].str.replace("07 ", "<script>alert(1)</script>")
    frame.to_csv(tmp_path / "a.csv", index=False)
    write_report(tmp_path / "r.html", tmp_path / "a.csv", codebook=folder / "a.toml", pdf=False)
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
