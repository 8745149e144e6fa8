import numpy as np
import pandas as pd
import pytest

from sapa import check, read
from sapa.answers import AnswerCodebook, FileTable, Item, open_table, scheme_of
from sapa.answers.checking import COLUMNS
from tests.sapa.answer_files import BOOK, LONG_BOOK, long, people, write

RATING = "is a whole number from 1 to 5 or a missing code"


def table(rows, columns, first=2):
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    return FileTable(frame, np.arange(len(rows)) + first)


def found(rows, columns, book):
    return check(table(rows, columns), book).problems[["row", "column", "value", "rule"]].values.tolist()


def test_every_problem_is_listed_with_its_place_and_nothing_is_written(tmp_path):
    frame = people(60)
    frame.loc[3, "staff_2"] = 7
    frame.loc[4, "costs_1"] = 0
    frame.loc[10, "w"] = -1
    frame.loc[11, "id"] = 1
    frame.loc[12, "reg"] = None
    online = int(np.flatnonzero(frame["chan"] == "online")[-1])
    frame.loc[online, "staff_1"] = 5
    place = write(frame, tmp_path / "a.csv")
    result = check(place, BOOK)
    assert tuple(result.problems.columns) == COLUMNS
    listed = {(row.row, row.column, row.value): row.rule for row in result.problems.itertuples()}
    assert listed == {
        (5, "staff_2", "7"): RATING,
        (6, "costs_1", "0"): RATING,
        (12, "w", "-1.0"): "is a positive number from 1e-06 to 1e+09",
        (13, "id", "1"): "comes once",
        (14, "reg", ""): "names the region in every row",
        (online + 2, "staff_1", "5"): "is rated by recipients of office only",
    }
    assert all(result.problems["remedy"])
    assert (result.counts["rows"], result.counts["rows_dropped"]) == (60, 6)
    assert np.flatnonzero(~result.usable).tolist() == [3, 4, 10, 11, 12, online]
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]


def test_counts_are_of_the_rows_that_would_be_kept(tmp_path):
    frame = people(200)
    frame.loc[0, "staff_2"] = 6
    place = write(frame, tmp_path / "a.csv")
    counts, data = check(place, BOOK).counts, read(place, codebook=BOOK, drop=True)
    codes = data["ratings"].values
    assert counts["ratings"] == (codes > 0).sum()
    assert counts["rows_without_rating"] == (~(codes > 0).any(axis=1)).sum()
    for kind, code in (("not_asked", 0), ("not_applicable", -1), ("not_answered", -2)):
        assert counts[kind] == (codes == code).sum() > 0


@pytest.mark.parametrize("cell", ["5", "5.0", "5,0", "+5", "1", "99", "99.0", "", "98"])
def test_what_counts_as_a_rating_or_a_missing_code(cell):
    assert found([["a", cell]], ["svc", "q"], book()) == []


@pytest.mark.parametrize(
    "cell", ["0", "6", "4.5", "five", "5 5", "1e0", "٥", "-5", "999999999999", "True", "5.5.5"]
)
def test_what_does_not(cell):
    assert found([["a", cell]], ["svc", "q"], book()) == [[2, "q", cell, RATING]]


def book(**more):
    return AnswerCodebook(
        "wide",
        {"service": "svc"} | more.pop("columns", {}),
        {"q": Item("q", "all", **more)},
        {"not_answered": ("99",), "not_applicable": ("98",)},
    )


def test_another_channels_blanks_are_not_asked_though_a_blank_means_not_answered():
    own = AnswerCodebook(
        "wide",
        {"service": "svc", "channel": "ch"},
        {"q": Item("q", "all", "", ("office",)), "p": Item("p", "all", "", ("online",))},
        {"not_answered": ("", "99")},
    )
    rows = [["a", "office", "5", ""], ["a", "online", "", ""], ["a", "online", "99", "4"], ["a", "", "3", ""]]
    result = check(table(rows, ["svc", "ch", "q", "p"]), own)
    assert result.codes.tolist() == [[5, 0], [0, -2], [0, 4], [3, -2]]
    assert result.problems[["row", "rule"]].values.tolist() == [[5, "names the channel in every row"]]


def test_channels_of_items_are_known_by_label_or_by_code():
    own = AnswerCodebook(
        "wide",
        {"service": "svc", "channel": "ch"},
        {"q": Item("q", "all", "", ("online",)), "p": Item("p", "all", "", ("1",))},
    )
    frame = pd.DataFrame([["a", "1", "", "5"], ["a", "2", "4", ""]], columns=["svc", "ch", "q", "p"])
    named = FileTable(frame, np.arange(2) + 1, {"ch": {"1": "office", "2": "online"}})
    assert check(named, own).fine


def test_a_long_file_is_checked_row_by_row(tmp_path):
    frame = long(people(20))
    frame = pd.concat([frame, frame.iloc[[0]]], ignore_index=True)
    frame.loc[2, "question"] = "staff_9"
    frame.loc[4, "reg"] = "elsewhere"
    frame.loc[7, "mark"] = 6
    result = check(write(frame, tmp_path / "a.csv"), LONG_BOOK)
    listed = {(row.row, row.column): row.rule for row in result.problems.itertuples()}
    assert listed[(4, "question")] == "is an item of the codebook"
    assert listed[(9, "mark")] == RATING
    assert listed[(len(frame) + 1, "question")] == "rates each item once"
    assert "is the same in every row of a respondent (region)" in listed.values()


def test_columns_that_are_not_there_are_an_error_that_names_those_that_are():
    with pytest.raises(ValueError, match=r"got none called 'q' \(1 absent\); it has \['svc', 'Q'\]: correct"):
        check(table([["a", "5"]], ["svc", "Q"]), book())


def test_a_file_without_rows_has_one_problem():
    assert found([], ["svc", "q"], book()) == [[0, "", "", "has at least one row of answers"]]


def test_a_slash_in_a_name_does_not_split_a_path(tmp_path):
    data = read(write(people(), tmp_path / "a.csv"), codebook=BOOK)
    scheme = scheme_of(data)
    assert len(scheme.level("service").nodes) == 3
    assert all(leaf.count("/") == 3 for leaf in scheme.leaves)
    with pytest.raises(ValueError, match=r"must hold no slash, .*; sapa.read replaces it"):
        scheme_of(data.assign(service=data["service"].str.replace("\u2215", "/")))


def test_the_scheme_holds_only_what_a_channel_was_asked(tmp_path):
    data = read(write(people(), tmp_path / "a.csv"), codebook=BOOK)
    leaves = scheme_of(data).leaves
    assert not any("/online/staff/staff_1" in leaf for leaf in leaves)
    assert any("/office/staff/staff_1" in leaf for leaf in leaves)
    assert scheme_of(data, above="region").leaves[0].startswith("Абай/")


def test_one_name_is_written_one_way():
    rows = [["Passport", "5"], ["Passport", "4"], ["passport ", "4"], ["Pass\u200bport", "3"], ["Other", "2"]]
    listed = found(rows, ["svc", "q"], book())
    rule = "is written one way, as 'Passport'"
    assert listed == [[4, "svc", "passport ", rule], [5, "svc", "Pass\u200bport", rule]]


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [("1,25", 1.25), ("1 250,5", 1250.5), ("1\u00a0250", 1250.0), ("1\u202f250.5", 1250.5), ("2e-05", 2e-05)],
)
def test_weights_are_numbers_as_people_and_programs_write_them(cell, wanted, tmp_path):
    own = AnswerCodebook("wide", {"service": "svc", "weight": "w"}, {"q": Item("q", "all")})
    (tmp_path / "a.csv").write_text(f'svc;q;w\na;5;"{cell}"\n', encoding="utf-8")
    assert read(tmp_path / "a.csv", codebook=own)["weight"].values.tolist() == [wanted]


@pytest.mark.parametrize("cell", ["1,250.5", "12 50", "inf", "nan", "1e400", "٥", "0", "1e-7", "1.250.000"])
def test_weights_that_could_mean_two_things_or_none_are_problems(cell):
    own = AnswerCodebook("wide", {"service": "svc", "weight": "w"}, {"q": Item("q", "all")})
    listed = found([["a", "5", cell]], ["svc", "q", "w"], own)
    assert listed == [[2, "w", cell, "is a positive number from 1e-06 to 1e+09"]]


def test_large_identifiers_keep_their_digits(tmp_path):
    ids = [9007199254740993, 9007199254740992, None]
    frame = pd.DataFrame(
        {"id": pd.array(ids, dtype="Int64"), "svc": "a", "q": [5, 4, 3], "w": [2e-05, 1.0, 1e6]}
    )
    frame.to_parquet(tmp_path / "a.parquet")
    seen = open_table(tmp_path / "a.parquet").frame
    assert seen["id"].tolist() == ["9007199254740993", "9007199254740992", ""]
    assert seen["w"].tolist() == ["0.00002", "1", "1000000"]
