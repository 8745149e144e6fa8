import csv
import re
import shutil
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sapa import published
from sapa.published.codebook import NUMERIC
from sapa.published.seals import changed


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("published") / "data"
    with as_file(files("sapa.published").joinpath("data")) as data:
        shutil.copytree(data, place)
    return place


@pytest.fixture
def broken(folder, tmp_path):
    """Copy of the data with one cell replaced: broken(table, row, column, value), rows from 1."""

    def put(name: str, row: int, column: str, value: str) -> Path:
        place = tmp_path / "data"
        shutil.copytree(folder, place, dirs_exist_ok=True)
        path = place / f"{name}.csv"
        rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
        rows[row][rows[0].index(column)] = value
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        return place

    return put


def test_every_table_of_the_folder_is_in_the_codebook(folder):
    assert {path.stem for path in folder.glob("*.csv")} == set(published.codebook())


def test_known_counts():
    services, regions = published.table("services"), published.table("regions")
    assert (len(services), int(services.mass_survey.sum())) == (70, 62)
    assert services.n_table1.sum() == regions.n_respondents.sum() == 9181
    assert published.table("population_2020").population.sum() == 18_631_779


def test_ids_are_stable_labels():
    data = published.load("service_ranking_2020")
    assert data.sizes == {"service": 63}
    assert float(data.mean_score.sel(service="s17")) == 4.76
    assert float(data.mean_score.sel(service="total")) == 4.58
    assert list(published.load("services").service.values) == [f"s{k:02d}" for k in range(1, 71)]


def test_dataset_holds_every_printed_cell_once():
    for name, entry in published.codebook().items():
        frame, data = published.table(name), published.load(name)
        for column in entry.columns.values():
            if column.kind in NUMERIC and column.name not in entry.keys and not column.words:
                got = np.asarray(data[column.name].values, dtype=float)
                assert np.sort(got[~np.isnan(got)]).tolist() == np.sort(frame[column.name].dropna()).tolist()


def test_units_and_blanks_travel_with_the_figures():
    attrs = published.load("criteria").satisfaction_pct.attrs
    assert attrs["units"] == "percent"
    assert attrs["blank"] == "nobody rated the criterion"
    assert published.load("criteria").attrs["report"].startswith("criteria table")


def test_every_table_of_the_report_says_where_it_stands():
    """A line of the report's text, of each row or of the whole table; a meaning of every blank there is."""
    for name, entry in published.codebook().items():
        elsewhere = name in {"criteria_corrections", "misc_facts", "population_2020", "names_ru"}
        assert elsewhere or bool(entry.lines) != ("source_line" in entry.columns)
        blank = set(published.printed(name).columns[(published.printed(name) == "").any()])
        assert blank <= {column.name for column in entry.columns.values() if column.blank}
        numbers = [
            c
            for c in entry.columns.values()
            if c.kind in ("figure", "count") and name != "criteria_corrections"
        ]
        assert all(column.unit for column in numbers)
        assert all(column.label for column in entry.columns.values())
    assert published.load("regions").attrs["lines"] == "571-590 and 639-658"


def test_overlay_is_off_by_default_and_visible_when_on():
    off, on = published.load("criteria"), published.load("criteria", corrected=True)
    cell = {"service": "s24", "channel": "online", "criterion": "feedback"}
    assert float(off.mean_score.sel(cell)) == 4.64
    assert float(on.mean_score.sel(cell)) == 3.00
    assert off.attrs["corrections"] == "off"
    assert on.attrs["corrections"] == "on: 22 listed"
    assert on.correction.sel(cell).item() == "s24/online/feedback/mean_score: 4.64 -> 3 (text)"
    assert "correction" not in off
    touched = on.correction != ""
    same = (off.mean_score == on.mean_score) | (off.mean_score.isnull() & on.mean_score.isnull())
    assert bool((same | touched).all())
    with pytest.raises(ValueError, match="corrections exist for 'criteria' only"):
        published.load("services", corrected=True)


def test_a_figure_in_the_wrong_row_moves_to_its_own():
    """s58's office row of the result holds the feedback's figures; the result itself is not printed."""
    on = published.load("criteria", corrected=True).sel(service="s58", channel="office")
    off = published.load("criteria").sel(service="s58", channel="office")
    assert np.isnan(float(off.mean_score.sel(criterion="feedback")))
    assert float(off.mean_score.sel(criterion="result")) == 4.33
    assert float(on.mean_score.sel(criterion="feedback")) == 4.33
    assert float(on.satisfaction_pct.sel(criterion="feedback")) == 50.0
    assert np.isnan(float(on.mean_score.sel(criterion="result")))
    assert "printed in the row of result" in on.correction.sel(criterion="feedback").item()
    moved = [c for c in published.corrections() if c.moved_to]
    assert {(c.service, c.channel) for c in moved} == {
        ("s54", "office"),
        ("s54", "online"),
        ("s58", "office"),
        ("s59", "office"),
    }
    assert len(published.corrected_criteria()) == len(published.table("criteria")) + 4


def test_overlay_quotes_what_is_printed():
    """Each correction of a criterion cell names the value that the criteria table really prints."""
    criteria = published.table("criteria").set_index(["service_id", "channel", "criterion"])
    checked = 0
    for item in published.corrections():
        key = (item.service, item.channel, item.criterion)
        if key in criteria.index and not pd.isna(item.printed):
            assert criteria.loc[key, item.field] == item.printed
            checked += 1
    assert checked == 19


def test_context_facts_load_with_file_and_year():
    facts = published.load("misc_facts")
    assert facts.sizes["row"] == 41
    online = facts.where(
        facts.meaning == "share of all state services provided electronically and via the State Corporation",
        drop=True,
    )
    assert (online.value.item(), online.year.item(), online.unit.item()) == ("73", "2017", "%")


@pytest.mark.parametrize("language", ["en", "kk", "ru"])
@pytest.mark.parametrize(("unit", "count"), [("service", 70), ("agency", 25), ("region", 18)])
def test_names_in_three_languages(unit, language, count):
    found = published.names(unit, language=language)
    assert found.index.is_unique
    assert found.nunique() == count
    assert (found.str.len() > 2).all()


def test_russian_names_are_marked_as_ours():
    assert set(published.table("names_ru").origin) == {"ours"}


@pytest.mark.parametrize(
    ("name", "row", "column", "value", "message"),
    [
        (
            "criteria",
            12,
            "mean_score",
            "7.30",
            r"criteria.csv, row 12, column mean_score: must lie between 1 and 5 or be 0, got '7.30'",
        ),
        ("criteria", 1, "mean_score", "0.77", "must lie between 1 and 5 or be 0, got '0.77'"),
        (
            "criteria",
            1,
            "mean_score",
            "4.775",
            "must have at most 2 decimals: nothing is printed with more, got '4.775'",
        ),
        (
            "services",
            17,
            "service_id",
            "sXX",
            r"services.csv, row 17, column service_id: must look like s\[0-9\]",
        ),
        (
            "services",
            17,
            "service_id",
            "s99",
            "services.csv, row 17, column service_id: ids run from s01 to s70",
        ),
        ("regions", 2, "region_id", "Aktobe", "regions.csv, row 2, column region_id: must look like"),
        (
            "services",
            1,
            "n_respondents",
            "246",
            "services.csv, row 1, column n_respondents: equals n_table1, got 246",
        ),
        ("criteria", 1, "mean_score", "4,77", "must be a number with a point as decimal sign, got '4,77'"),
        (
            "regions",
            3,
            "share_pct",
            "470",
            "regions.csv, row 3, column share_pct: must lie between 0 and 100, got '470'",
        ),
        (
            "regions",
            3,
            "n_respondents",
            "431",
            "regions.csv, row 3, column n_respondents: Table 4 sums to 9,181, not 9,182, got '431'",
        ),
        (
            "services",
            1,
            "n_table1",
            "",
            "row 1, column n_respondents: equals n_table1, got 245",
        ),
        ("services", 2, "service_id", "s01", "row 2, column service_id: a key comes once, got 's01'"),
        ("services", 5, "mass_survey", "yes", "row 5, column mass_survey: must be true or false, got 'yes'"),
        ("services", 5, "n_table1", "12.5", "row 5, column n_table1: must be a whole number, got '12.5'"),
        (
            "criteria",
            4,
            "service_id",
            "s99",
            "row 4, column service_id: must be an id of services.csv, got 's99'",
        ),
        ("criteria", 4, "channel", "pigeon", r"column channel: must be one of \['office', 'online'"),
        ("appendix_b", 2, "region_id", "", "row 2, column region_id: must not be blank, got ''"),
        ("service_ranking_2020", 1, "rank", "first", "column rank: must be a number"),
        ("names_ru", 1, "id", "s71", "names_ru.csv, row 1, column id: names exactly the ids of services.csv"),
        (
            "service_sections",
            3,
            "service_id",
            "s04",
            "service_sections.csv, row 3, column service_id: holds exactly the surveyed services, got 's04'",
        ),
        (
            "agencies",
            8,
            "agency_id",
            "ZZZ",
            "agencies.csv, row 8, column agency_id: must be as released (its checksum differs), got 'ZZZ'",
        ),
    ],
)
def test_a_corrupted_cell_is_refused_by_name(broken, name, row, column, value, message):
    with pytest.raises(ValueError, match=message if "\\" in message else re.escape(message)):
        published.check(folder=broken(name, row, column, value))


def test_one_figure_for_another_is_found_in_every_column(folder, tmp_path):
    """A value that the codebook allows, from another row of its column, is refused where it stands."""
    place = tmp_path / "data"
    shutil.copytree(folder, place)
    tried = 0
    for name in published.codebook():
        path, text = place / f"{name}.csv", published.printed(name)
        for column in text.columns:
            other = text[column].ne(text[column].iloc[0]).to_numpy().nonzero()[0]
            if len(other):
                row, tried = int(other[-1]), tried + 1
                wrong = text.assign(**{column: text[column].where(text.index != row, text[column].iloc[0])})
                assert changed(name, wrong) == ([row], [column])
        wrong.to_csv(path, index=False)
        where = re.escape(f"{name}.csv, row {row + 1}, column ")
        with pytest.raises(ValueError, match=rf"^{where}.*: .*, got '"):
            published.table(name, folder=place)
        shutil.copy(folder / path.name, path)
    assert tried == 223


def test_rows_and_files_in_each_others_place_are_found(folder, tmp_path):
    place = tmp_path / "data"
    shutil.copytree(folder, place)
    shutil.copy(place / "appendix_a.csv", place / "agency_ranking_2020.csv")
    with pytest.raises(ValueError, match=r"agency_ranking_2020\.csv, rows .*: must be as released"):
        published.check(folder=place)
    shutil.copy(folder / "agency_ranking_2020.csv", place)
    lines = (folder / "criteria.csv").read_text(encoding="utf-8").splitlines()
    lines[3], lines[5] = lines[5], lines[3]
    (place / "criteria.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"criteria\.csv, rows 3 and 5, columns criterion"):
        published.check(folder=place)


def test_a_table_without_a_seal_is_all_new():
    text = pd.DataFrame({"a": ["1", "2"], "b": ["3", "4"]})
    assert changed("unheard_of", text) == ([0, 1], ["a", "b"])


def test_a_table_of_another_size_than_its_seal_is_all_new():
    text = published.printed("yearly")
    assert changed("yearly", text.iloc[:-1]) == (list(range(len(text) - 1)), list(text.columns))
    assert changed("yearly", text.iloc[:, :-1]) == (list(range(len(text))), list(text.columns[:-1]))


def test_a_refused_change_says_how_to_seal_one_that_is_meant(broken):
    with pytest.raises(ValueError, match=r"or seal a change that is meant with python -m sapa\.published"):
        published.table("yearly", folder=broken("yearly", 2, "mean_score", "4.99"))


def test_a_mended_file_is_accepted_in_the_same_process(broken, folder, tmp_path):
    place = broken("services", 17, "service_id", "sXX")
    with pytest.raises(ValueError, match="must look like"):
        published.check(folder=place)
    shutil.copy(folder / "services.csv", place)
    assert len(published.check(folder=place)) == len(published.codebook())


def test_a_table_belongs_to_whoever_asked_for_it():
    """The package's files are read once; what one caller does to a table reaches no other."""
    mine = published.table("yearly")
    mine.loc[0, "mean_score"] = 1.0
    mine.attrs["report"] = "mine"
    mine["extra"] = 0
    other = published.table("yearly")
    assert other["mean_score"].iloc[0] > 1
    assert other.attrs["report"] == "Table 6"
    assert "extra" not in other


def test_torn_files_are_refused(folder, tmp_path):
    place = tmp_path / "data"
    shutil.copytree(folder, place)
    path = place / "yearly.csv"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[: len(whole) // 2], encoding="utf-8")
    with pytest.raises(ValueError, match=r"yearly.csv, row \d|yearly.csv must have 7 rows, got"):
        published.check(folder=place)
    path.write_text("a,b\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"yearly\.csv must have the columns"):
        published.check(folder=place)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"yearly\.csv cannot be read"):
        published.check(folder=place)
    path.unlink()
    with pytest.raises(ValueError, match=r"yearly\.csv cannot be read"):
        published.check(folder=place)


def numeric_cells() -> list[tuple[str, str, int]]:
    book = published.codebook()
    return [
        (name, column.name, row)
        for name, entry in book.items()
        for column in entry.columns.values()
        if column.kind in NUMERIC
        for row in range(entry.rows)
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cell=st.sampled_from(numeric_cells()),
    garbage=st.sampled_from(["x", "1e3", "nan", "-", "5.0.0", "٣", " 4"]),
)
def test_garbage_in_any_numeric_cell_is_found(folder, tmp_path, cell, garbage):
    name, column, row = cell
    path = tmp_path / f"{name}.csv"
    rows = list(csv.reader((folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()))
    rows[row + 1][rows[0].index(column)] = garbage
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    for other in ("services", "regions", "agencies"):
        if other != name:
            shutil.copy(folder / f"{other}.csv", tmp_path)
    with pytest.raises(ValueError, match=rf"{name}.csv, row {row + 1}, column {column}: "):
        published.table(name, folder=tmp_path)
    path.unlink()


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="name must be one of"):
        published.table("table8")
    with pytest.raises(ValueError, match="unit must be one of"):
        published.names("planet")
    with pytest.raises(ValueError, match="language must be"):
        published.names("region", language="de")
