import numpy as np
import pytest

from simulate import Cooperation, Response, compare_studies, redesign


def test_common_random_numbers_cancel_what_designs_share(world):
    base = world.study()
    designs = {"base": base, "same": base, "double": world.study(plan=world.plan(2 * world.n))}
    found = compare_studies(designs, 300, seed=4)
    change = found.differences()
    same = change.sel(scenario="same", estimator="mean", diagnosand="rmse")
    assert (same["value"] == 0).all()
    assert (same["mc_error"] == 0).all()
    double = change.sel(scenario="double", estimator="mean", diagnosand="rmse", domain="all")
    assert double["value"] < -5 * double["mc_error"]
    figures = found.diagnose()
    assert figures["scenario"].values.tolist() == ["base", "same", "double"]
    assert float(double["value"]) == pytest.approx(
        float(
            figures["value"].sel(scenario="double", estimator="mean", diagnosand="rmse", domain="all")
            - figures["value"].sel(scenario="base", estimator="mean", diagnosand="rmse", domain="all")
        )
    )


def test_the_error_of_a_difference_is_the_spread_of_repeated_comparisons(world):
    designs = {
        "all": world.study(),
        "some": world.study(response=Response(cooperation=Cooperation(0.8))),
    }
    figures, errors = [], []
    for seed in range(60):
        change = compare_studies(designs, 40, seed=seed).differences().sel(estimator="mean", domain="all")
        figures.append(change["value"].sel(diagnosand="bias").item())
        errors.append(change["mc_error"].sel(diagnosand="bias").item())
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(figures, ddof=1), rel=5 / np.sqrt(120))


def test_scenarios_keep_their_own_stores(world, tmp_path):
    designs = redesign(
        world.study(), response={"none": Response(), "some": Response(cooperation=Cooperation(0.5))}
    )
    first = compare_studies(designs, 6, seed=1, store=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["response=none", "response=some"]
    again = compare_studies(designs, 6, seed=1, store=tmp_path)
    for name, run in first.runs.items():
        assert (run.values["mean.estimate"] == again.runs[name].values["mean.estimate"]).all()


def test_a_grid_takes_every_combination(world):
    designs = redesign(
        world.study(),
        plan={"half": world.plan(world.n // 2), "whole": world.plan()},
        response={"all": Response(), "some": Response(cooperation=Cooperation(0.5))},
    )
    assert list(designs) == [
        "plan=half, response=all",
        "plan=half, response=some",
        "plan=whole, response=all",
        "plan=whole, response=some",
    ]
    assert designs["plan=half, response=some"].response.cooperation.chance == 0.5
    made = redesign(lambda n: world.study(plan=world.plan(n * world.n)), n=[1, 2])
    assert int(made["n=2"].plan.sum()) == 2 * int(made["n=1"].plan.sum())


def test_comparisons_that_are_none_are_refused(world):
    with pytest.raises(ValueError, match="grid must name fields of Study"):
        redesign(world.study(), size=[1, 2])
    with pytest.raises(ValueError, match="a comparison needs at least 2 scenarios"):
        compare_studies({"one": world.study()}, 3, seed=1).differences()
    with pytest.raises(ValueError, match="studies must name at least one study"):
        compare_studies({}, 3, seed=1)
    with pytest.raises(ValueError, match="studies must have different names"):
        compare_studies([world.study(), world.study()], 3, seed=1)


def test_names_of_scenarios_become_names_of_folders(world, tmp_path):
    compare_studies({"n < 10 / service": world.study(), "..": world.study()}, 2, seed=1, store=tmp_path / "s")
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == ["_", "n _ 10 _ service"]
    assert [path.name for path in tmp_path.iterdir()] == ["s"]
    with pytest.raises(ValueError, match="studies must have names that differ as folders"):
        compare_studies({"a/b": world.study(), "a_b": world.study()}, 2, seed=1, store=tmp_path)
