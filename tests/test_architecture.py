"""The arrows between the packages, and that the four names are ours alone."""

import ast
import importlib.metadata
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("sampling", "simulate", "estimators", "sapa")
MAY_IMPORT = {
    "sampling": {"sampling"},
    "simulate": {"simulate", "sampling"},
    "estimators": {"estimators"},
    "sapa": set(OURS),
}


def imported(path: Path) -> set[str]:
    """Top-level names that a module imports anywhere in its text."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("package", OURS)
def test_imports_point_one_way(package):
    modules = sorted((ROOT / package).rglob("*.py"))
    assert modules
    wrong = {
        str(path.relative_to(ROOT)): bad
        for path in modules
        if (bad := (imported(path) & set(OURS)) - MAY_IMPORT[package])
    }
    assert wrong == {}


@pytest.mark.parametrize("package", OURS)
def test_the_name_is_ours_alone(package):
    """No other distribution of the environment provides a package of this name."""
    owners = {name for name in importlib.metadata.packages_distributions().get(package, ()) if name != "sapa"}
    assert owners == set()
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    assert [Path(place) for place in spec.submodule_search_locations] == [ROOT / package]


@pytest.mark.parametrize("package", OURS)
def test_types_are_shipped(package):
    assert (ROOT / package / "py.typed").is_file()


def test_relative_imports_are_not_used():
    for package in OURS:
        for path in (ROOT / package).rglob("*.py"):
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            assert not any(isinstance(node, ast.ImportFrom) and node.level for node in nodes), path
