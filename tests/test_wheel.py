"""The built wheel, installed elsewhere: it imports, finds its data and passes its doctests."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("sampling", "simulate", "estimators", "sapa")


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Folder with the unpacked wheel, apart from the checkout."""
    place = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(place),
        str(ROOT),
        cwd=place,
    )
    (wheel,) = place.glob("*.whl")
    target = place / "site"
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(wheel),
        cwd=place,
    )
    return target


def test_wheel_holds_the_four_packages_and_nothing_else(site):
    (wheel,) = site.parent.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == set(OURS)
    assert any(name.startswith("sapa/published/data/") for name in names)


@pytest.mark.parametrize("package", OURS)
def test_wheel_passes_its_doctests_elsewhere(site, package):
    """Run from the installed copy, with the checkout out of sight."""
    code = f"""
import sys
sys.path.insert(0, sys.argv[1])
import pytest, {package}
assert {package}.__file__.startswith(sys.argv[1]), {package}.__file__
options = ["--doctest-modules", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--import-mode=importlib"]
options += ["-o", "doctest_optionflags=NORMALIZE_WHITESPACE ELLIPSIS", "--rootdir", sys.argv[1]]
sys.exit(pytest.main([*options, sys.argv[1] + "/{package}"]))
"""
    run(sys.executable, "-c", code, str(site), cwd=site)


def test_wheel_finds_its_data(site):
    code = (
        "import sys; sys.path[:0] = [sys.argv[1]]; from sapa import published; print(len(published.check()))"
    )
    assert int(run(sys.executable, "-c", code, str(site), cwd=site)) >= 32
