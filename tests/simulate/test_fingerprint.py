import functools
import importlib
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr

from simulate import Breakoff, Contact, Response
from simulate.fingerprint import fingerprint

CONSTANT = 3


def uses_constant(x):
    return x + CONSTANT


def recursive(x):
    return x and recursive(x - 1)


def maker(k):
    def inner(x):
        return x * k

    return inner


def test_equal_things_have_equal_fingerprints():
    for value in (
        {"a": np.arange(3), "b": [1, "x", None]},
        xr.DataArray([1.0, 2.0], dims="a", coords={"a": ["x", "y"]}),
        Response(contact=Contact(0.5)),
        functools.partial(maker, 3),
        uses_constant,
        recursive,
        lambda x: x + 1,
        frozenset({"b", "a"}),
    ):
        assert fingerprint(value) == fingerprint(value)
    assert fingerprint(maker(2)) == fingerprint(maker(2))


def test_different_things_have_different_ones(monkeypatch):
    values = [
        1,
        1.0,
        "1",
        True,
        (1,),
        [(1,)],
        np.array([1]),
        np.array([1.0]),
        np.array([[1]]),
        {"a": 1},
        {"b": 1},
        Response(),
        Response(breakoff=Breakoff(0.1)),
        Response(contact=Contact(xr.DataArray([0.5], dims="region", coords={"region": ["A"]}))),
        Response(contact=Contact(xr.DataArray([0.5], dims="region", coords={"region": ["B"]}))),
        maker(2),
        maker(3),
        lambda x: x + 1,
        lambda x: x + 2,
        np.sin,
        np.cos,
        functools.partial(maker, 3),
        functools.partial(maker, 4),
    ]
    assert len({fingerprint(value) for value in values}) == len(values)
    before = fingerprint(uses_constant)
    monkeypatch.setattr(sys.modules[__name__], "CONSTANT", 4)
    assert fingerprint(uses_constant) != before


def test_the_fingerprint_is_the_same_in_another_process():
    code = (
        "import numpy as np; from simulate import Breakoff, Response;"
        "from simulate.fingerprint import fingerprint;"
        "print(fingerprint({'a': np.arange(5.0)}, Response(breakoff=Breakoff(0.2)), {'z', 'y', 'x'}))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": str(seed)},
        ).stdout
        for seed in (1, 2)
    }
    assert found == {
        fingerprint({"a": np.arange(5.0)}, Response(breakoff=Breakoff(0.2)), {"z", "y", "x"}) + "\n"
    }


def test_the_call_of_a_dataclass_counts():
    def made(k):
        @dataclass(frozen=True)
        class Estimator:
            item: str

            def __call__(self, x):
                return x * k

        return Estimator("o01")

    assert fingerprint(made(2)) == fingerprint(made(2))
    assert fingerprint(made(2)) != fingerprint(made(3))


def test_what_cannot_be_told_apart_is_refused():
    class Anything:
        pass

    with pytest.raises(TypeError, match=r"got .*Anything; make it a frozen dataclass"):
        fingerprint(Anything())


def test_what_ones_own_modules_do_counts(tmp_path, monkeypatch):
    """An estimator that calls a function of another file: editing that file makes it another study."""
    monkeypatch.syspath_prepend(tmp_path)

    def told(factor: int, threshold: int) -> str:
        (tmp_path / "lab_deep.py").write_text(f"def deep(x):\n    return x > {threshold}\n")
        (tmp_path / "lab.py").write_text(
            f"import lab_deep\ndef score(x):\n    return {factor} * x if lab_deep.deep(x) else x\n"
        )
        for name in ("lab", "lab_deep"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        lab = importlib.import_module("lab")
        score = lab.score
        by_module, by_name = (lambda x: lab.score(x)), (lambda x: score(x))
        return fingerprint(by_module) + fingerprint(by_name)

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    found = [told(2, 10), told(3, 10), told(2, 11)]
    assert len({half for pair in found for half in (pair[:64], pair[64:])}) == 6
    assert told(2, 10) == found[0]


def test_the_methods_of_a_dataclass_count():
    def made(k):
        @dataclass(frozen=True)
        class Estimator:
            item: str

            def __call__(self, x):
                return self.score(x) + self.offset

            def score(self, x):
                return x * 2 if k < 3 else x

            @property
            def offset(self):
                return k

        return Estimator("o01")

    assert fingerprint(made(2)) == fingerprint(made(2))
    assert len({fingerprint(made(k)) for k in (1, 2, 3)}) == 3


def test_functions_of_one_name_are_told_apart_by_their_places():
    f, g = maker(2), maker(3)
    assert fingerprint({"a": f, "b": g, "c": f}) != fingerprint({"a": f, "b": g, "c": g})
