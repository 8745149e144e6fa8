from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from estimators.ratings import NOT_ANSWERED, NOT_APPLICABLE, NOT_ASKED
from sapa import estimate, read
from sapa.answers import open_table, write_codebook
from tests.sapa.answer_files import BOOK, FORMATS, LONG_BOOK, SERVICES, long, people, write


def same(first, second):
    xr.testing.assert_identical(first.drop_attrs(), second.drop_attrs())


@pytest.fixture
def wanted(tmp_path):
    return read(write(people(), tmp_path / "wanted.csv"), codebook=BOOK)


def test_cells_become_the_codes_of_the_ratings(wanted):
    frame = people()
    codes = {98.0: NOT_APPLICABLE, 99.0: NOT_ANSWERED}
    expected = frame[["staff_1", "staff_2", "costs_1"]].replace(codes).fillna(NOT_ASKED).to_numpy(dtype=int)
    np.testing.assert_array_equal(wanted["ratings"], expected)
    np.testing.assert_array_equal(wanted["weight"], frame["w"])
    assert wanted["region"].values.tolist() == frame["reg"].tolist()
    assert set(wanted["service"].values.tolist()) == {"Паспорт беру", "Лицензия", "Анықтама\u2215көшірме"}
    assert wanted["criterion"].values.tolist() == ["staff", "staff", "costs"]


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_the_same_answers(kind, tmp_path, wanted):
    same(read(write(people(), tmp_path / f"answers{kind}"), codebook=BOOK), wanted)


def test_value_labels_of_spss_and_stata_name_the_services(tmp_path):
    for kind in (".sav", ".dta"):
        table = open_table(write(people(), tmp_path / f"answers{kind}"))
        assert table.labels["svc"] == {str(code): name for code, name in SERVICES.items()}
        assert table.rows[0] == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_encodings_and_decimal_commas(encoding, delimiter, tmp_path, wanted):
    frame = people().assign(reg=people()["reg"].str.replace("Ақмола", "Акмола"))
    named = frame.assign(svc=frame["svc"].map({1: "Паспорт беру", 2: "Лицензия", 3: "Справка"}))
    place = tmp_path / "answers.csv"
    named.to_csv(
        place, index=False, sep=delimiter, encoding=encoding, decimal="," if delimiter != "," else "."
    )
    found = read(place, codebook=BOOK)
    np.testing.assert_array_equal(found["ratings"], wanted["ratings"])
    np.testing.assert_array_equal(found["weight"], wanted["weight"])
    assert set(found["region"].values.tolist()) == {"Абай", "Акмола"}
    assert found.attrs["read"].startswith(
        f"encoding {encoding.replace('utf-8-sig', 'utf-8').replace('utf-8', 'utf-8-sig')}, "
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_a_long_file_gives_the_same_answers_as_a_wide_one(kind, tmp_path, wanted):
    place = tmp_path / f"long{kind}"
    frame = long(people())
    if kind in (".sav", ".dta"):
        write(frame, place)
    else:
        named = frame.assign(svc=frame["svc"].map(SERVICES))
        {".csv": named.to_csv, ".xlsx": named.to_excel, ".parquet": named.to_parquet}[kind](
            place, index=False
        )
    found = read(place, codebook=LONG_BOOK)
    answered = (wanted["ratings"] != NOT_ASKED).any("item").values
    kept = wanted.isel(respondent=answered)
    same(found, kept.assign_coords(respondent=np.arange(answered.sum())))


def test_blank_rows_are_left_out_and_numbers_stay_the_files(tmp_path):
    place = tmp_path / "a.csv"
    place.write_text("svc,reg,q1\n\na,x,5\n,,\nb,y,4\n\n", encoding="utf-8")
    assert open_table(place).rows.tolist() == [3, 5]
    frame = pd.DataFrame([["a", "x", 5], [None, None, None], ["b", "y", 4]], columns=["svc", "reg", "q1"])
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    assert open_table(tmp_path / "a.xlsx").rows.tolist() == [2, 4]


def test_a_workbook_gives_the_sheet_asked_for_and_says_which_it_took(tmp_path, wanted):
    place = tmp_path / "a.xlsx"
    named = people().assign(svc=people()["svc"].map(SERVICES))
    with pd.ExcelWriter(place) as book:
        pd.DataFrame({"scratch": [1]}).to_excel(book, sheet_name="hidden", index=False)
        named.head(60).to_excel(book, sheet_name="answers", index=False)
        named.to_excel(book, sheet_name="2020 год", index=False)
        book.sheets["hidden"].sheet_state = "hidden"
    first = read(place, codebook=BOOK)
    assert first.sizes["respondent"] == 60
    assert first.attrs["read"] == "sheet 'answers' (first of 3: sapa init --sheet takes another)"
    assert estimate(first).attrs["read"] == first.attrs["read"]
    whole = read(place, codebook=replace(BOOK, sheet="2020 год"))
    assert whole.attrs["read"] == "sheet '2020 год'"
    same(whole, wanted)
    with pytest.raises(ValueError, match=r"a.xlsx must have the sheet asked for, 'x', got only \['hidden', "):
        read(place, codebook=replace(BOOK, sheet="x"))
    with pytest.raises(ValueError, match="got 'x'; only a workbook has sheets"):
        read(tmp_path / "wanted.csv", codebook=replace(BOOK, sheet="x"))


def test_the_codebook_may_be_a_file(tmp_path, wanted):
    write_codebook(BOOK, tmp_path / "book.toml")
    same(read(tmp_path / "wanted.csv", codebook=tmp_path / "book.toml"), wanted)


def test_dropping_says_how_many_rows_went(tmp_path):
    frame = people()
    frame.loc[5, "costs_1"] = 7
    place = write(frame, tmp_path / "a.csv")
    with pytest.raises(ValueError, match=r"1 problems\. row 7, column costs_1: is a whole number .* got '7'"):
        read(place, codebook=BOOK)
    found = read(place, codebook=BOOK, drop=True)
    assert (found.sizes["respondent"], found.attrs["rows_dropped"]) == (119, 1)
    frame["costs_1"] = 7.0
    place = write(frame, tmp_path / "b.csv")
    with pytest.raises(ValueError, match="no row would be left"):
        read(place, codebook=BOOK, drop=True)
