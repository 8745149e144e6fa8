import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, norm, studentized_range, t

from sampling import detectable_change, half_width, power_of_comparison, resolvable_difference, sample_size
from sampling.comparisons import detectable_shift, rejection_probability
from sampling.small_samples import power_factor, student_factor

FALSE_ALARM = 1e-6


def test_half_width_by_hand():
    assert half_width(400, sd=1, df=np.inf).item() == pytest.approx(norm.ppf(0.975) / 20)
    assert half_width(25, sd=0.9).item() == pytest.approx(t.ppf(0.975, 24) * 0.9 / 5)
    corrected = half_width(100, share=0.3, population=400, df=np.inf).item()
    assert corrected == pytest.approx(norm.ppf(0.975) * np.sqrt(0.21 * 400 / 399 * (1 / 100 - 1 / 400)))
    assert half_width(200, sd=1, response=0.5, deff=2, df=np.inf).item() == pytest.approx(
        norm.ppf(0.975) / np.sqrt(50)
    )
    assert half_width(100, sd=1, multiplicity=17, df=np.inf).item() == pytest.approx(
        norm.ppf(1 - 0.025 / 17) / 10
    )
    assert half_width(1, sd=1).item() == np.inf
    assert half_width(30, sd=1, population=30).item() == 0
    assert sample_size(0.5, sd=9, population=1).item() == 1  # a census has no sampling error


@settings(max_examples=80, deadline=None)
@given(
    st.floats(0.02, 0.5), st.floats(0.3, 1.5), st.sampled_from([50, 700, 10**5, np.inf]),
    st.floats(1, 3), st.floats(0.1, 1), st.integers(1, 20),
)  # fmt: skip
def test_sample_size_is_the_smallest_that_does(margin, sd, population, deff, response, multiplicity):
    options = {
        "sd": sd,
        "population": population,
        "deff": deff,
        "response": response,
        "multiplicity": multiplicity,
    }
    census = np.floor(population / response * (1 + 1e-12)) if np.isfinite(population) else 2.0**40
    if (
        half_width(census, **options) > margin
    ):  # contacts do not add up to the last person, or no freedom left
        with pytest.raises(ValueError, match=r"margin must be attainable"):
            sample_size(margin, **options)
        return
    n = int(sample_size(margin, **options))
    assert half_width(n, **options) <= margin * (1 + 1e-9)
    if n > 1:
        assert half_width(n - 1, **options) > margin


@settings(max_examples=60, deadline=None)
@given(st.floats(20, 5000), st.floats(0.3, 1.5), st.floats(1, 3), st.floats(0.3, 0.99), st.floats(-0.5, 0.9))
def test_detectable_change_has_the_power(n, sd, deff, power, correlation):
    options = {"sd": sd, "deff": deff, "correlation": correlation}
    change = detectable_change(n, power=power, **options)
    assert power_of_comparison(change, n, **options).item() == pytest.approx(power, abs=1e-9)


def test_known_plans():
    # two rounds of 9000 / 17 interviews: (z_.975 + z_.8) * sqrt(2) * se
    n = 9000 / 17
    wanted = (norm.ppf(0.975) + norm.ppf(0.8)) * np.sqrt(2) * 0.9 / np.sqrt(n)
    assert detectable_change(n, sd=0.9, df=np.inf).item() == pytest.approx(wanted, rel=1e-4)
    assert detectable_change(1, sd=0.9).item() == np.inf
    assert power_of_comparison(0.0, 100, sd=1).item() == pytest.approx(0.05)
    assert power_of_comparison([0.1, 0.3], 100, 50, sd=1).tolist() == sorted(
        power_of_comparison([0.1, 0.3], 100, 50, sd=1).tolist()
    )


def test_power_never_breaks_off():
    n = np.array([2.0, 10, 1e3, 1e5, 1e7])
    for change in (0.01, 0.3, 5.0, 100.0):
        power = np.array([power_of_comparison(change, k, sd=1).item() for k in n])
        assert np.isfinite(power).all()
        assert (np.diff(power) >= -1e-12).all()
        assert ((power >= 0.05 - 1e-9) & (power <= 1 + 1e-9)).all()


def test_power_by_simulation():
    rng = np.random.default_rng(3)
    a, b = rng.normal(0, 1, (20000, 12)), rng.normal(0.9, 1, (20000, 12))
    pooled = np.sqrt((a.var(axis=1, ddof=1) + b.var(axis=1, ddof=1)) / 12)
    found = (np.abs(b.mean(axis=1) - a.mean(axis=1)) / pooled > t.ppf(0.975, 22)).mean()
    wanted = power_of_comparison(0.9, 12, sd=1).item()
    assert abs(found - wanted) < norm.isf(FALSE_ALARM / 2) * np.sqrt(wanted * (1 - wanted) / 20000)


def test_resolvable_difference_is_tukeys():
    n = 9000 / 17
    se = 0.9 / np.sqrt(n)
    wanted = studentized_range.ppf(0.95, 17, np.inf) * se
    assert resolvable_difference(n, domains=17, sd=0.9).item() == pytest.approx(wanted, rel=1e-6)
    pair = resolvable_difference(n, domains=17, sd=0.9, simultaneous=False).item()
    assert pair == pytest.approx(norm.ppf(0.975) * np.sqrt(2) * se)
    table = resolvable_difference([100, 200, 400], share=0.7)
    assert table == pytest.approx(table.T)
    assert np.diag(table).tolist() == [0, 0, 0]
    assert table[0, 1] > table[1, 2]


def test_simultaneous_level_holds():
    rng = np.random.default_rng(4)
    n = np.array([30, 50, 80, 200, 300])
    pairs = resolvable_difference(n, sd=1.0)
    estimates = rng.normal(size=(20000, 5)) / np.sqrt(n)
    gaps = np.abs(estimates[:, :, None] - estimates[:, None, :])
    wrong = (gaps > pairs + 1e-12)[:, *np.triu_indices(5, 1)].any(axis=1).mean()
    assert wrong < 0.05 + norm.isf(FALSE_ALARM) * np.sqrt(0.05 * 0.95 / 20000)
    assert wrong > 0.03  # conservative, not idle


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: half_width(10), r"exactly one of sd and share must be given"),
        (lambda: half_width(10, sd=1, share=0.5), r"exactly one of sd and share must be given"),
        (lambda: half_width(10, share=75), r"share must lie between 0 and 1, got 75"),
        (lambda: half_width(10, sd=1, confidence=95), r"confidence must lie between 0 and 1, got 95"),
        (lambda: half_width(0, sd=1), r"n must be above 0, got 0"),
        (lambda: half_width(10, sd=1, response=0), r"response must lie above 0 and at most 1"),
        (lambda: half_width(10, sd=1, population=5), r"n must not exceed the population"),
        (lambda: half_width(10, sd=1, multiplicity=0), r"multiplicity must be a whole number of at least 1"),
        (lambda: power_of_comparison(1, 10, sd=1, correlation=2), r"correlation must lie in -1..1"),
        (lambda: power_of_comparison(1, 10, sd=1, level=5), r"level must lie between 0 and 1, got 5; write"),
        (lambda: detectable_change(10, sd=1, power=0.05), r"power must be above the level 0.05, got 0.05"),
        (lambda: detectable_change(10, sd=1, power=80), r"power must lie between 0 and 1, got 80; write"),
        (lambda: resolvable_difference(10, sd=1), r"domains must be at least 2"),
        (lambda: resolvable_difference(10, domains=3, sd=1, deff=0), r"deff must be above 0, got 0"),
        (lambda: sample_size(1e-9, sd=9), r"margin must be attainable"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_power_far_out_where_the_tail_is_hard_to_compute():
    """By the definition: T > t where the normal exceeds t times the root of the mean square, integrated."""
    normal = np.linspace(-9, 9, 100_001)
    weight = norm.pdf(normal)
    for shift, df, level in ((50.0, 1.0, 0.01), (63.0, 1.0, 0.01), (45.0, 2.0, 1e-3), (5.95, 1e5, 0.001)):
        bound = t.ppf(1 - level / 2, df)
        above = chi2.cdf(df * (np.maximum(shift + normal, 0) / bound) ** 2, df)
        exact = above @ weight / weight.sum()
        got = rejection_probability(np.array(shift), np.array(df), 1 - level)
        assert got == pytest.approx(exact, rel=1e-6)
    for df in (1e3, 1e5, 1e7):
        got = detectable_shift(np.array([df]), power=0.8, level=0.001)
        assert got == pytest.approx(norm.isf(0.0005) + norm.ppf(0.8), rel=0.01)


def test_shares_of_the_normal_accepted_with_few_interviews():
    n = np.array([2.0, 3, 7, 40, 1000])
    half = student_factor(0.95, 1.5)(n)
    assert half[1:] == pytest.approx(norm.ppf(0.975) / t.ppf(0.975, n[1:] / 1.5 - 1))
    assert half[0] == 0  # a third of a degree of freedom
    factor, most = power_factor(0.9, 0.01, 1.0)
    sd = np.sqrt(n / 2)  # the difference of two such samples has a standard error of 1
    wanted = [detectable_change(k, sd=s, power=0.9, level=0.01) for k, s in zip(n, sd, strict=True)]
    assert factor(n) == pytest.approx(most / np.array(wanted, dtype=float), rel=1e-8)
