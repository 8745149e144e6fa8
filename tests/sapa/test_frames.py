import shutil

import numpy as np
import openpyxl
import pandas as pd
import pytest

from sapa.frames import EXAMPLE, actual_2020, frame_2020, read_frame, write_example

NEW = {"ABY", "ALM", "VKO", "ZHT", "KAR", "ULY"}


def filled(folder):
    write_example(folder)
    regions = pd.read_csv(folder / "regions.csv")
    regions["population"] = regions.population.fillna(700_000).astype(int)
    regions.to_csv(folder / "regions.csv", index=False)
    return folder


def edit(folder, name, change):
    table = pd.read_csv(folder / name, dtype=str)
    change(table)
    table.to_csv(folder / name, index=False)


def test_frame_of_2020():
    frame = frame_2020()
    assert len(frame.regions) == 18
    assert np.asarray(frame.population).sum() == 18_631_779
    assert np.asarray(frame.recipients)[frame.services.index("s24")] == 462
    abroad = frame.possible[frame.regions.index("OTH")]
    assert [s for s, here in zip(frame.services, abroad, strict=True) if here] == ["s15", "s16"]
    assert frame.surveyed.sum() == 62
    assert not frame.finite


def test_actual_allocation_against_the_rule():
    regions = actual_2020().set_index("region_id")
    assert regions.actual.sum() == 9073
    assert regions.loc["ALM", "actual"] == 430
    assert regions.loc["ALM", "rule"] == pytest.approx(1001, abs=0.6)
    assert regions.loc["TUR", "rule"] == pytest.approx(982, abs=0.6)
    assert regions.loc["NUR", "rule"] == pytest.approx(553, abs=0.6)
    assert actual_2020().attrs["kish"] == pytest.approx(1.24, abs=0.005)


def test_example_has_the_twenty_regions_and_says_what_is_missing(tmp_path):
    write_example(tmp_path / "ex")
    regions = pd.read_csv(tmp_path / "ex" / "regions.csv")
    assert len(regions) == 20
    assert set(regions.region_id[regions.population.isna()]) == NEW
    with pytest.raises(ValueError, match=r"population is empty for ABY, ALM, VKO, ZHT, KAR, ULY .*no source"):
        read_frame(tmp_path / "ex")
    frame = read_frame(filled(tmp_path / "filled"))
    assert len(frame.regions) == 21  # and those abroad
    assert np.asarray(frame.recipients).sum() == frame_2020().table.sum()


def test_a_workbook_gives_the_same_frame(tmp_path):
    folder = filled(tmp_path / "ex")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in ("regions", "services"):
        sheet = book.create_sheet(name)
        table = pd.read_csv(folder / f"{name}.csv", dtype=object)
        sheet.append(list(table.columns))
        for row in table.itertuples(index=False):
            sheet.append(list(row))
    book.save(tmp_path / "frame.xlsx")
    one, other = read_frame(folder), read_frame(tmp_path / "frame.xlsx")
    assert one.regions == other.regions
    assert one.table.tolist() == other.table.tolist()


def test_cells_and_modes(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "regions.csv").write_text("region_id,population\nA,5\nB,3\n")
    (folder / "services.csv").write_text(
        "service_id,recipients,sd,share_of_fives\nx,70,0.8,0.7\ny,30,1,0.6\n"
    )
    (folder / "cells.csv").write_text("region_id,service_id,recipients\nA,x,70\nB,y,20\nA,y,10\n")
    (folder / "modes.csv").write_text("mode,contact,response\ntelephone,0.6,0.5\n")
    frame = read_frame(folder)
    assert frame.table.tolist() == [[70, 10], [0, 20]]
    assert frame.possible.tolist() == [[True, True], [False, True]]
    assert frame.contact == {"telephone": 0.6}
    assert frame.finite
    (folder / "cells.csv").write_text("region_id,service_id,recipients\nA,z,70\n")
    with pytest.raises(ValueError, match=r"cells: service_id must be one of the frame's, got 'z' in row 2"):
        read_frame(folder)
    (folder / "cells.csv").write_text("region_id,service_id,recipients\nA,x,70\nA,x,7\n")
    with pytest.raises(ValueError, match=r"cells: row 3 repeats A, x"):
        read_frame(folder)


def test_cells_that_contradict_the_services_are_named(tmp_path):
    (tmp_path / "regions.csv").write_text("region_id,population\nA,5\nB,3\n")
    (tmp_path / "services.csv").write_text("service_id,recipients\nx,70\ny,30\n")
    (tmp_path / "cells.csv").write_text("region_id,service_id,recipients\n A,x ,70\nB,y,20\nA,y,9\n")
    with pytest.raises(
        ValueError,
        match=r"cells must sum to the recipients of every service, got 29 .* recipients are 30 for service y",
    ):
        read_frame(tmp_path)


def put(row, column, value):
    def change(table):
        table.loc[row, column] = value

    return change


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        (
            "regions.csv",
            put(0, "population", "1,5"),
            r"population must be .*'1,5' for ABY in row 2; write decimals",
        ),
        ("regions.csv", put(3, "population", "-4"), r"got '-4' for ALM in row 5"),
        ("regions.csv", put(3, "region_id", "AKM"), r"region_id must be unique, got AKM again in row 5"),
        ("regions.csv", put(3, "region_id", None), r"region_id is empty in row 5"),
        ("regions.csv", put(3, slice(None), None), r"regions: row 5 is empty; delete it"),
        ("services.csv", put(0, "surveyed", "yes"), r"surveyed must be true or false, got 'yes' in row 2"),
        ("services.csv", lambda table: table.pop("recipients"), r"services must have a column recipients"),
        (
            "services.csv",
            lambda table: table.insert(0, "Surveyed ", table.pop("surveyed")),
            r"services: column 'Surveyed' is not read, surveyed is; rename or remove it",
        ),
        (
            "services.csv",
            lambda table: table.insert(0, "recipients", "5", allow_duplicates=True),
            r"services.csv must have a header of different names, got column 'recipients' twice",
        ),
    ],
)
def test_bad_files_are_named(tmp_path, file, change, message):
    folder = filled(tmp_path / "ex")
    edit(folder, file, change)
    with pytest.raises(ValueError, match=message):
        read_frame(folder)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"frame must be an .xlsx file or a folder"):
        read_frame(tmp_path / "none.xlsx")
    shutil.copy(EXAMPLE / "regions.csv", tmp_path)
    with pytest.raises(ValueError, match=r"frame must have a table services, got \['regions'\]"):
        read_frame(tmp_path)


def test_links_archives_and_torn_files_are_refused(tmp_path):
    folder = filled(tmp_path / "ex")
    plain = (folder / "services.csv").read_bytes()
    (tmp_path / "mine.csv").write_bytes(plain)
    (folder / "services.csv").unlink()
    (folder / "services.csv").symlink_to(tmp_path / "mine.csv")
    with pytest.raises(ValueError, match=r"path must be a file, got the link 'services.csv'"):
        read_frame(folder)
    (folder / "services.csv").unlink()
    (folder / "services.csv").write_bytes(plain[: plain.rindex(b",")])
    with pytest.raises(ValueError, match=r"services.csv cannot be read as .csv: row 71 has \d+ cells where"):
        read_frame(folder)
    with (folder / "services.csv").open("wb") as file:
        file.truncate(2**26)
    with pytest.raises(ValueError, match=r"services.csv must have at most 33,554,432 bytes"):
        read_frame(folder)
    for name in ("frame.zip", "frame.xlsx.gz"):
        (tmp_path / name).write_bytes(b"PK")
        with pytest.raises(ValueError, match=r"frame must be an .xlsx file or a folder of CSV files"):
            read_frame(tmp_path / name)


def test_delimiters_and_encodings_of_spreadsheets_are_read(tmp_path):
    one = read_frame(filled(tmp_path / "ex"))
    for name in ("regions.csv", "services.csv"):
        table = pd.read_csv(tmp_path / "ex" / name, dtype=str)
        table.to_csv(tmp_path / "ex" / name, index=False, sep=";", encoding="utf-16")
    assert read_frame(tmp_path / "ex").table.tolist() == one.table.tolist()
