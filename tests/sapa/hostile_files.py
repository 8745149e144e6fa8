"""Files made to exhaust the memory or the patience of a reader, and what becomes of them.

``python -m tests.sapa.hostile_files FOLDER`` opens every file of a folder, with ``frames`` behind it as the
frame of a plan, each in a process of its own that may hold `MEMORY` bytes more than the loaded package and
compute for `SECONDS`, and prints how each ended.
"""

import json
import os
import resource
import struct
import sys
import time
import traceback
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

MEMORY = 2 * 2**30
SECONDS = 60
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def workbook(place: Path, **parts: bytes) -> None:
    """Workbook with these parts in place of those that it had."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["service", "q1"])
    book.active.append(["a", 5])
    book.save(place)
    with zipfile.ZipFile(place) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in kept.items():
            archive.writestr(name, parts.get(name.rpartition("/")[2].partition(".")[0], data))


def make(folder: Path, size: int = 250_000_000) -> None:
    """Hostile files of every kind, some of about `size` bytes once unpacked."""
    head = SHEET.encode()
    workbook(folder / "nested.xlsx", sheet1=head + b"<row>" * (size // 6))
    workbook(folder / "wide_row.xlsx", sheet1=head + b"<row>" + b"<c/>" * (size // 5))
    workbook(folder / "empty_rows.xlsx", sheet1=head + b"<row/>" * (size // 6))
    workbook(folder / "long_tag.xlsx", sheet1=head + b'<row a="' + b"x" * size + b'"/>')
    workbook(folder / "long_text.xlsx", sheet1=head + b"<row><c t='inlineStr'><is><t>" + b"x" * size)
    workbook(folder / "styles.xlsx", styles=b"<styleSheet><cellXfs>" + b"<xf/>" * (size // 5))
    workbook(folder / "laughs.xlsx", sheet1=laughs())
    workbook(
        folder / "formulas.xlsx",
        sheet1=head + b'<row r="1"><c r="A1"><f>1+1</f></c></row></sheetData></worksheet>',
    )
    (folder / "parts.xlsx").write_bytes(many_parts())
    bomb = folder / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 300_000_000)
    with (folder / "line.csv").open("wb") as file:
        file.write(b"service,q1\n")
        file.seek(size)
        file.write(b"\n")
    (folder / "line_of_text.csv").write_bytes(b"service,q1\n" + b"x" * size)
    (folder / "quote.csv").write_bytes(b'service,q1\n"' + b"x\n" * (size // 3))
    (folder / "commas.csv").write_bytes(b"," * 4_000_000)
    (folder / "empty_lines.csv").write_bytes(b"service,q1\n" + b"\n" * (size // 2))
    (folder / "cells.csv").write_bytes(b"service,q1\n" + b"a,5\n" * (size // 5))
    (folder / "zero.csv").write_bytes(b"service,q1\na,5\0\n")
    with (folder / "gigabyte.csv").open("wb") as file:
        file.truncate(2**30)
    for ending in (".parquet", ".sav", ".dta", ".xlsx"):
        (folder / f"noise{ending}").write_bytes(b"\xff" * 5_000_000)
    (folder / "claims.sav").write_bytes(
        b"$FL2@(#) SPSS DATA FILE".ljust(64) + struct.pack("<8i", 2, 2**31 - 1, 1, 0, 2**31 - 1, 0, 0, 0)
    )
    (folder / "claims.dta").write_bytes(
        struct.pack("<BBBBHI", 114, 2, 1, 0, 65535, 2**32 - 1) + b"\0" * 200_000
    )
    (folder / "compressed.sav").write_bytes(b"$FL3" + zlib.compress(b"\0" * 100_000_000))


def laughs() -> bytes:
    """Entities that multiply, eleven times tenfold."""
    rest = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 12))
    return f'<!DOCTYPE x [<!ENTITY l0 "lol">{rest}]>{SHEET}<row><c><v>&l11;</v></c></row>'.encode()


def many_parts() -> bytes:
    """Archive that lists two million parts of no bytes."""
    part = b"PK\1\2" + b"\0" * 24 + struct.pack("<H", 1) + b"\0" * 16 + b"a"
    count = 2_000_000
    end = b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 65535, 65535, count * len(part), 0, 0)
    return part * count + end


def answers(place: Path) -> str:
    """A file read as one of answers."""
    from sapa.answers import open_table

    return f"read, {len(open_table(place).frame)} rows"


def frame(place: Path) -> str:
    """A workbook read as a frame, a CSV file as its services."""
    from sapa.frames import read_frame

    if place.suffix == ".csv":
        folder = place.with_name(f"{place.name} as a frame")
        folder.mkdir()
        (folder / "regions.csv").write_text("region_id,population\nA,5\n")
        os.link(place, folder / "services.csv")
        place = folder
    return f"read, {len(read_frame(place).services)} services"


def opened(place: Path, read: Callable[[Path], str] = answers) -> dict[str, object]:
    """How a file ended: refused with a message, read, or otherwise."""
    start = time.process_time()
    try:
        outcome = read(place)
    except ValueError as error:
        outcome = f"refused: {error}"
    except BaseException:
        outcome = f"FAILED {traceback.format_exc(limit=-3)}"
    return {"outcome": outcome[:300], "seconds": time.process_time() - start, "peak_mib": peak()}


def peak() -> float:
    """Most memory that this process held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def limited(place: Path, read: Callable[[Path], str] = answers) -> dict[str, object]:
    """The same in a process that is killed when it takes more than it may."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            os.write(writer, json.dumps(opened(place, read)).encode())
        finally:  # whatever happened, this process is not to go on as its parent
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(told) if told else {"outcome": f"FAILED: killed, status {status}", "seconds": SECONDS}


def main() -> None:
    """Open the files of a folder."""
    import sapa.answers
    import sapa.frames

    assert sapa.answers
    assert sapa.frames
    read = frame if "frames" in sys.argv[2:] else answers
    places = sorted(place for place in Path(sys.argv[1]).iterdir() if place.is_file())
    print(json.dumps({place.name: limited(place, read) for place in places}, indent=1))


if __name__ == "__main__":
    main()
