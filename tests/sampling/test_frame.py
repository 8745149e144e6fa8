import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sampling import Frame

GOOD = {"regions": ["A", "B"], "services": ["x", "y"], "population": [6, 4], "recipients": [90, 10]}


def test_recipients_spread_over_the_possible_regions():
    frame = Frame(**GOOD, possible=[[True, True], [True, False]])
    assert frame.table.tolist() == [[54, 10], [36, 0]]
    assert Frame(**GOOD, surveyed=[True, False]).table[:, 1].tolist() == [0, 0]
    abroad = Frame(["A", "abroad"], ["x", "y"], [5, 0], [90, 10], possible=[[True, False], [False, True]])
    assert abroad.table.tolist() == [[90, 0], [0, 10]]


def test_labelled_fields_are_matched_by_id():
    population = pd.Series({"B": 4, "A": 6})
    recipients = xr.DataArray([10, 90], coords={"service": ["y", "x"]}, dims="service")
    sd = xr.DataArray(
        [[1.0, 2], [3, 4]], coords={"service": ["y", "x"], "region": ["B", "A"]}, dims=["service", "region"]
    )
    frame = Frame(["A", "B"], ["x", "y"], population, recipients, sd=sd)
    assert frame.table.tolist() == Frame(**GOOD).table.tolist()
    assert np.asarray(frame.sd).tolist() == [[4, 2], [3, 1]]
    with pytest.raises(
        ValueError, match=r"recipients must have the services of the frame, differing in \['y', 'z'\]"
    ):
        Frame(["A", "B"], ["x", "z"], population, recipients)


def test_from_table_keeps_order_and_makes_missing_cells_zeros():
    table = pd.DataFrame({"region": ["B", "B", "A"], "service": ["y", "x", "y"], "recipients": [1, 2, 3]})
    frame = Frame.from_table(table, population={"A": 1, "B": 2}, sd=0.8)
    assert frame.regions == ("B", "A")
    assert frame.services == ("y", "x")
    assert np.asarray(frame.population).tolist() == [2, 1]
    assert frame.table.tolist() == [[1, 2], [3, 0]]
    assert frame.possible.tolist() == [[True, True], [True, False]]
    named = frame.labelled(frame.table)
    assert named.sel(region="A", service="y").item() == 3


def test_arrays_are_the_frames_own():
    population = np.array([6.0, 4.0])
    frame = Frame(**{**GOOD, "population": population})
    population[0] = -1
    assert np.asarray(frame.population).tolist() == [6, 4]
    with pytest.raises(ValueError, match=r"read-only"):
        np.asarray(frame.population)[0] = 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"regions": ["A", "A"]}, r"regions must be unique, got A twice"),
        ({"services": ["x", " "]}, r"services must be non-empty ids"),
        ({"population": [1, -2]}, r"population must be at least 0, got -2.0 at region B"),
        ({"population": [1, np.nan]}, r"population must be finite numbers, got nan at region B"),
        ({"population": [1, 2, 3]}, r"population must have shape \(2,\)"),
        (
            {"recipients": [2, "1,5"]},
            r"recipients must be numbers, got '1,5' at service \w+; write decimals with a point",
        ),
        ({"possible": [[1, 0], [0, 1]]}, r"possible must be true or false, got int64"),
        ({"possible": [[True]] * 3}, r"possible must have shape \(2, 2\)"),
        ({"population": [0, 0]}, r"population must be above 0 in some region, got 0 in all"),
        ({"share": 75}, r"share must lie between 0 and 1, got 75 for region A, service x; write 75% as 0.75"),
        ({"cost": [[1, 2], [3, 0]]}, r"cost must be positive, got 0 for region B, service y"),
        ({"sd": [[1, 1], [-1, 1]]}, r"sd must be at least 0, got -1.0 at region B, service x"),
        ({"recipients": [90, np.inf]}, r"recipients must be finite numbers, got inf at service y"),
        (
            {"cells": [[50, 5], [40, 4]]},
            r"cells must sum to the recipients of every service, got 9 over regions where recipients are 10 "
            r"for service y; correct its cells or its recipients",
        ),
        (
            {"cells": [[50, 5], [41, 4]]},
            r"got 91 over regions where recipients are 90 for service x \(and 1 more\)",
        ),
        ({"cells": [[50, np.nan], [40, 4]]}, r"cells must be finite numbers, got nan at region A, service y"),
        (
            {"cells": [[50, 6], [40, 4]], "possible": [[True, True], [True, False]]},
            r"cells must be 0 where a service is not possible or not surveyed, got 4 for region B, service y",
        ),
        (
            {"possible": [[True, False], [True, False]]},
            r"possible must be true in some region for a surveyed service, got none for service y with 10 "
            r"recipients; allow a region or mark it as not surveyed",
        ),
        ({"contact": {"web": 1}}, r"contact and response must name the same modes"),
        ({"contact": {"telephone": 0}}, r"contact must lie in 0..1 and above 0, got 0 for telephone"),
        (
            {"cells": [[1, 2], [3, 4]], "surveyed": [True, False]},
            r"cells must be 0 where a service is not possible or not surveyed, got 2 for region A, service y",
        ),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Frame(**(GOOD | change))


def test_bad_tables_are_named():
    table = pd.DataFrame({"region": ["A", "A"], "service": ["x", "x"], "recipients": [1, 2]})
    with pytest.raises(ValueError, match=r"one row per cell, got region A, service x twice"):
        Frame.from_table(table, population={"A": 1})
    with pytest.raises(ValueError, match=r"table must have a column recipients"):
        Frame.from_table(table.drop(columns="recipients"), population={"A": 1})
    with pytest.raises(
        ValueError, match=r"population must have the regions of the table, differing in \['B'\]"
    ):
        Frame.from_table(table.iloc[:1], population={"A": 1, "B": 2})


def test_cells_that_agree_with_the_recipients_to_rounding_of_floats_pass():
    cells = np.array([[0.1, 7], [0.2, 3]]) * 300
    frame = Frame(**(GOOD | {"recipients": [89.99999999999, 3000]}), cells=cells)
    assert frame.table.tolist() == cells.tolist()
    unsurveyed = Frame(**GOOD, surveyed=[True, False], cells=[[50, 0], [40, 0]])
    assert unsurveyed.table.sum() == 90
