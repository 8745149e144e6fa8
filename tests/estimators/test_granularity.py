import itertools

import numpy as np
import pytest

from estimators import debit, grim, grimmer


def test_grim_against_all_sums():
    size = np.arange(1, 60)
    for mean in (0.24, 2.57, 5.0, 7.22, -1.3):
        sums = np.arange(-2000, 2000)
        wanted = [bool((np.abs(sums / n - mean) <= 0.005 + 1e-9).any()) for n in size]
        assert grim(mean, size).tolist() == wanted


def test_grim_with_several_items():
    assert grim([0.150, 0.151, 0.152, 0.153], 120, items=3, digits=3).tolist() == [True, False, False, True]


def test_grimmer_against_all_samples_of_four_and_five():
    for n in (2, 4, 5):
        samples = np.array(list(itertools.combinations_with_replacement(range(-4, 8), n)))
        real = set(zip(samples.mean(1).round(2), samples.std(1, ddof=1).round(2), strict=True))
        mean, sd = np.meshgrid(np.arange(0, 4, 0.25).round(2), np.arange(0, 3, 0.01).round(2))
        verdict = grimmer(mean, sd, n)
        for m, s, ok in zip(mean.flat, sd.flat, verdict.flat, strict=True):
            if (m, s) in real:
                assert ok
        impossible = [
            not ok for m, s, ok in zip(mean.flat, sd.flat, verdict.flat, strict=True) if (m, s) not in real
        ]
        assert np.mean(impossible) > 0.9  # halves rounded either way account for the rest


def test_grimmer_refuses_less_spread_than_a_fractional_mean_needs():
    assert not grimmer(4.5, 0.3, 100).item()  # fifty 4 and fifty 5 have 0.50
    assert grimmer(4.5, 0.5, 100).item()


def test_debit_is_the_binary_case():
    for n in (2, 9, 30):
        ones = np.arange(n + 1)
        sd = np.sqrt(ones * (n - ones) / (n * (n - 1.0)))
        assert debit((ones / n).round(2), sd.round(2), n).all()
        assert not debit((ones / n).round(2), sd.round(2) + 0.02, n).any()


def test_a_known_printed_series():
    # mean, SD and n of "pigs5" in the literature's example: which rows can be samples of whole numbers
    mean = [7.22, 4.74, 5.23, 2.57, 6.77, 2.68, 7.01, 7.38, 3.14, 6.89, 5.00, 0.24]
    sd = [5.30, 6.55, 2.55, 2.57, 2.18, 2.59, 6.68, 3.65, 5.32, 4.18, 2.18, 6.43]
    n = [38, 31, 35, 30, 33, 34, 35, 32, 33, 37, 31, 34]
    works = [False, True, False, True, False, True, False, True, False, True, True, True]
    assert grimmer(mean, sd, n).tolist() == works


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: grimmer(4.0, 1.0, 1), "n must be a whole number of at least 2, got 1"),
        (lambda: debit(1.2, 0.3, 10), r"mean must lie in \[0, 1\], got 1.2"),
        (lambda: grim(4.123, 10), "mean must have at most 2 decimals, got 4.123"),
        (lambda: grimmer(4.0, -1.0, 5), "sd must lie in"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
