import os
import struct
import time
import zipfile

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from sapa.answers import file_table, files, open_table
from tests.sapa.answer_files import FORMATS, people, write


@pytest.mark.parametrize("kind", [".xlsx", ".parquet", ".sav", ".dta"])
@pytest.mark.parametrize("keep", [0, 1, 10, 0.3, 0.7, 0.99])
def test_a_torn_file_is_refused(kind, keep, tmp_path):
    place = write(people(), tmp_path / f"a{kind}")
    data = place.read_bytes()
    place.write_bytes(data[: keep if isinstance(keep, int) else int(keep * len(data))])
    with pytest.raises(ValueError, match="cannot be read as"):
        open_table(place)


def test_text_torn_within_a_row_is_refused(tmp_path):
    place = write(people(), tmp_path / "a.csv")
    text = place.read_text(encoding="utf-8")
    place.write_text(text[: text.rindex(",") - 4], encoding="utf-8")
    with pytest.raises(ValueError, match=r"row 121 has . cells where the header has 8"):
        open_table(place)


@pytest.mark.parametrize("kind", FORMATS)
def test_bytes_of_another_format_are_refused(kind, tmp_path):
    place = tmp_path / f"a{kind}"
    place.write_bytes(b"\0\1\2\3 this is no table" * 50)
    with pytest.raises(ValueError, match="cannot be read as"):
        open_table(place)


@pytest.mark.parametrize("kind", [".zip", ".gz", ".7z", ".tar"])
def test_archives_are_refused(kind, tmp_path):
    place = tmp_path / f"a{kind}"
    place.write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"must not be an archive, .*; unpack it first"):
        open_table(place)


def test_links_folders_absent_and_unknown_files_are_refused(tmp_path):
    place = write(people(), tmp_path / "a.csv")
    os.symlink(place, tmp_path / "link.csv")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "a.docx").write_text("x")
    for name, message in {
        "link.csv": "got the link 'link.csv'; name the file itself",
        "folder.csv": "which is none",
        "absent.csv": "which is none",
        "a.docx": "must end in one of",
    }.items():
        with pytest.raises(ValueError, match=message):
            open_table(tmp_path / name)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_over_the_limit_is_refused_before_it_is_read(kind, tmp_path):
    place = write(people(), tmp_path / f"a{kind}")
    with pytest.raises(ValueError, match="at most 1,000 bytes"):
        open_table(place, max_bytes=1000)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_table_over_the_limit_of_cells_is_refused(kind, tmp_path, monkeypatch):
    place = write(people(), tmp_path / f"a{kind}")
    for module in (files, file_table):
        monkeypatch.setattr(module, "MAX_CELLS", 500)
    with pytest.raises(ValueError, match="500 cells"):
        open_table(place)


def test_a_zip_bomb_is_refused_by_what_it_unpacks_to(tmp_path):
    place = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 270_000_000)
    assert place.stat().st_size < 1_000_000
    start = time.perf_counter()
    with pytest.raises(ValueError, match="unpacks to 270,000,000 bytes"):
        open_table(place)
    assert time.perf_counter() - start < 1


def test_a_zip_bomb_that_lies_about_its_size_is_refused(tmp_path):
    place = tmp_path / "bomb.xlsx"
    book = openpyxl.Workbook()
    book.active["A1"] = "x" * 100
    book.save(place)
    data = bytearray(place.read_bytes())
    start = data.find(b"PK\1\2")
    while start >= 0:  # every entry of the directory claims to unpack to one byte
        data[start + 24 : start + 28] = struct.pack("<I", 1)
        start = data.find(b"PK\1\2", start + 1)
    place.write_bytes(bytes(data))
    with pytest.raises(ValueError, match="cannot be read as"):
        open_table(place)


def test_entities_that_multiply_are_refused(tmp_path):
    place = write(people(3), tmp_path / "a.xlsx")
    laughs = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 12))
    sheet = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>&l11;</t></is></c></row></sheetData></worksheet>'
    )
    bad = tmp_path / "bad.xlsx"
    with zipfile.ZipFile(place) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            target.writestr(name, sheet if name.endswith("sheet1.xml") else source.read(name))
    start = time.perf_counter()
    with pytest.raises(ValueError, match="cannot be read as"):
        open_table(bad)
    assert time.perf_counter() - start < 5


def test_a_sheet_that_claims_a_million_columns_is_read_as_what_it_has(tmp_path):
    place = write(people(20), tmp_path / "a.xlsx")
    big = tmp_path / "big.xlsx"
    with zipfile.ZipFile(place) as source, zipfile.ZipFile(big, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("sheet1.xml"):
                data = data.replace(b'<dimension ref="A1:H21"', b'<dimension ref="A1:XFD1048576"')
                assert b"XFD1048576" in data
            target.writestr(name, data)
    assert open_table(big).frame.shape == (20, 8)


def test_a_cell_far_out_is_named(tmp_path):
    place = tmp_path / "far.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["svc", "q1"])
    book.active.append(["a", 5])
    book.active["XFD3"] = "stray"
    book.save(place)
    with pytest.raises(ValueError, match="row 3 has cells to the right of the header's 2 columns"):
        open_table(place)


def test_a_parquet_bomb_is_refused(tmp_path):
    place = tmp_path / "a.parquet"
    pq.write_table(
        pa.table({f"c{k}": pa.array([1]).take(pa.array([0] * 1_000_001)) for k in range(20)}), place
    )
    assert place.stat().st_size < 100_000
    with pytest.raises(ValueError, match="over 20,000,000 cells"):
        open_table(place)


def test_one_long_text_a_million_times_is_kept_once(tmp_path):
    place = tmp_path / "a.parquet"
    text = pa.array(["x" * 10_000]).dictionary_encode().take(pa.array([0] * 500_000))
    pq.write_table(pa.table({"svc": text}), place)
    assert len(open_table(place).frame) == 500_000


def test_a_compressed_spss_bomb_is_refused_by_what_its_rows_hold(tmp_path):
    frame = pd.DataFrame({"svc": ["a" * 2000] * 3000, "q1": 5.0})
    place = tmp_path / "a.sav"
    pyreadstat.write_sav(frame, str(place), compress=True)
    assert place.stat().st_size < 1_000_000
    with pytest.raises(ValueError, match="unpacks to over 1,000,000 bytes"):
        open_table(place, max_bytes=1_000_000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("svc,q1\na,5,4\n", "row 2 has 3 cells where the header has 2"),
        ("svc,q1\na,5\n\nb\n", "row 4 has 1 cells where the header has 2"),
        ("svc,svc\na,5\n", "column 'svc' twice; name each column once"),
        ("svc,\na,5\n", "a column without a name"),
        ("", "it is empty"),
        ("\n\n", "it is empty"),
        ('svc,q1\n"a,5\n', "cannot be read as .csv"),
        ("svc,q1\na,5\0\n", "zero bytes, so it is no text"),
    ],
)
def test_malformed_text_is_refused_with_its_place(text, message, tmp_path):
    place = tmp_path / "a.csv"
    place.write_text(text)
    with pytest.raises(ValueError, match=message):
        open_table(place)


def test_bytes_of_no_encoding_are_refused(tmp_path):
    place = tmp_path / "a.csv"
    place.write_bytes(b"svc,q1\n\x98\xff,5\n")  # 0x98 is no letter of Windows-1251
    with pytest.raises(ValueError, match=r"cannot be read as \.csv"):
        open_table(place)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("svc\tq1\na\t5\n".encode("utf-16-le"), "zero bytes, so it is no text, or UTF-16 without its mark"),
        ("svc\tq1\na\t5\n".encode("utf-16")[:-1], "cannot be read as .txt: .*truncated"),
        ("svc\tq1\na\0b\t5\n".encode("utf-16"), "zero bytes"),
        ("svc\tq1\na\t5\n".encode("utf-32"), "zero bytes"),
    ],
)
def test_text_of_zero_bytes_or_a_torn_utf_16_is_refused(data, message, tmp_path):
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(ValueError, match=message):
        open_table(tmp_path / "a.txt")
