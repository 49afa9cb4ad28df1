from hypothesis import given
from hypothesis import strategies as st

from harness.simulate.draws import Draws


def fates(draws, questions, *, quality=0.5):
    """Of each question's next answer, whether it is right."""
    return [draws.is_right("p", one, draws.take_answer("p", one), quality) for one in questions]


def test_a_share_of_answers_as_large_as_the_quality_is_right():
    right = fates(Draws(7), [str(n) for n in range(4000)], quality=0.8)
    assert abs(sum(right) / 4000 - 0.8) < 0.025  # four standard errors


def test_repeats_of_one_question_are_drawn_anew():
    right = fates(Draws(7), ["same"] * 4000, quality=0.3)
    assert abs(sum(right) / 4000 - 0.3) < 0.03


def test_a_seed_gives_the_same_fates_and_another_seed_others():
    questions = [str(n) for n in range(200)]
    assert fates(Draws(1), questions) == fates(Draws(1), questions)
    assert fates(Draws(1), questions) != fates(Draws(2), questions)


@given(st.permutations(["a", "a", "a", "b", "b", "c"]))
def test_fates_do_not_depend_on_the_order_in_which_questions_come(order):
    draws = Draws(3)
    got = sorted(zip(order, fates(draws, order), strict=True))
    plain = ["a", "a", "a", "b", "b", "c"]
    assert got == sorted(zip(plain, fates(Draws(3), plain), strict=True))


def test_an_answer_that_did_not_get_through_is_taken_by_the_next_request():
    draws = Draws(3)
    assert [draws.take_answer("p", "q") for _ in range(3)] == [0, 1, 2]
    draws.give_back("p", "q", 1)
    draws.give_back("p", "q", 0)
    assert [draws.take_answer("p", "q") for _ in range(3)] == [0, 1, 3]
    assert draws.take_answer("other", "q") == 0


def test_each_request_of_a_question_has_chances_of_its_own():
    draws, again = Draws(3), Draws(3)
    drawn = [draws.next_request("p", "q").random() for _ in range(50)]
    assert len(set(drawn)) == 50
    assert drawn == [again.next_request("p", "q").random() for _ in range(50)]
