from tests.sapa import fuzz_answers, fuzz_oracle


def test_generated_inputs_end_in_a_confirmed_result_or_a_documented_refusal():
    outcomes, failures, slowest = fuzz_answers.run(160, seed=7)
    assert failures == []
    assert outcomes.total() == 160
    assert outcomes["scores and a ranking"] > 20
    assert len(outcomes) > 5
    assert slowest < 30


def test_the_fuzzer_notices_a_wrong_result(monkeypatch):
    right = fuzz_answers.scores_by_hand

    def wrong(*given):
        return {key: value + 1e-6 for key, value in right(*given).items()}

    monkeypatch.setattr(fuzz_answers, "scores_by_hand", wrong)
    outcomes, failures, _ = fuzz_answers.run(16, seed=7)
    assert outcomes["FAILED"] == len(failures) > 0


def test_the_fuzzer_notices_cells_that_are_read_otherwise(monkeypatch):
    right = fuzz_oracle.rating
    monkeypatch.setattr(fuzz_oracle, "rating", lambda text, book: 4 if text == "5" else right(text, book))
    outcomes, _, _ = fuzz_answers.run(16, seed=7)
    assert outcomes["FAILED"] > 0


def test_the_fuzzer_notices_a_refusal_that_is_not_documented(monkeypatch):
    monkeypatch.setattr(fuzz_answers, "WORDINGS", ("no such wording",))
    outcomes, _, _ = fuzz_answers.run(16, seed=7)
    assert outcomes["FAILED"] > 0
