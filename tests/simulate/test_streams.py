import numpy as np
import pytest

from simulate import Purpose, Streams, generator
from simulate.streams import octets


def test_the_numbers_of_purposes_never_change():
    known = "SELECTION PERSON SETTLEMENT INTERVIEWER RATING REMAINDER MODE CONTACT COOPERATION RECRUITMENT"
    known += " APPLICABLE STRAIGHTLINING ACQUIESCENCE ITEM BREAKOFF FABRICATION BACKCHECK ESTIMATION"
    assert [purpose.name for purpose in Purpose] == known.split()
    assert [int(purpose) for purpose in Purpose] == list(range(18))


def test_each_address_has_its_own_stream():
    draws = {
        float(generator(seed, replicate, purpose).random())
        for seed in range(3)
        for replicate in range(5)
        for purpose in Purpose
    }
    assert len(draws) == 3 * 5 * len(Purpose)


def test_a_published_number_stays():
    assert generator(2020, 7, Purpose.RATING).integers(10**9) == 953540640


@pytest.mark.parametrize("size", [1, 7, 8, 9, 1000])
def test_a_replicate_does_not_depend_on_the_others(size):
    streams = Streams(3, range(6))
    for draw in (
        lambda s: s.normals(Purpose.PERSON, size),
        lambda s: s.uniforms(Purpose.MODE, size, 2),
    ):
        whole = draw(streams)
        assert (draw(Streams(3, range(4, 6))) == whole[4:]).all()
        assert whole.shape[:2] == (6, size)


def test_octets_are_uniform():
    counts = np.bincount(octets(generator(1, 0, Purpose.RATING), 1_000_000), minlength=256)
    expected = 1_000_000 / 256
    assert ((counts - expected) ** 2 / expected).sum() < 400  # chi-square, 255 df: p < 1e-8


def test_replicates_count_upwards():
    with pytest.raises(ValueError, match="replicates must count upwards"):
        Streams(1, range(5, 1, -1))


def test_octets_continue_one_stream():
    whole = octets(generator(1, 0, Purpose.RATING), 1003)
    rng = generator(1, 0, Purpose.RATING)
    assert (np.concatenate([octets(rng, 8), octets(rng, 800), octets(rng, 195)]) == whole).all()
