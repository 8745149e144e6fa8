from tests.sapa import fuzz_answers


def test_generated_inputs_end_in_a_confirmed_result_or_a_documented_refusal():
    outcomes, failures, slowest = fuzz_answers.run(180, seed=7)
    assert failures == []
    assert outcomes.total() == 180
    assert outcomes["scores and a ranking"] > 20
    assert len(outcomes) > 5
    assert slowest < 30


def test_the_fuzzer_notices_a_wrong_result(monkeypatch):
    right = fuzz_answers.by_hand
    monkeypatch.setattr(fuzz_answers, "by_hand", lambda *given: {"mean": right(*given)["mean"] + 1e-6})
    outcomes, failures, _ = fuzz_answers.run(12, seed=7)
    assert outcomes["FAILED"] == len(failures) > 0


def test_the_fuzzer_notices_a_refusal_that_is_not_documented(monkeypatch):
    monkeypatch.setattr(fuzz_answers, "WORDINGS", ("no such wording",))
    outcomes, _, _ = fuzz_answers.run(12, seed=7)
    assert outcomes["FAILED"] > 0
