import re
from random import Random
from statistics import median

import pytest

from harness.errors import BadInput
from harness.simulate import LogNormal, load_fleet
from harness.simulate.faults import FAULTS

GOOD = """
[one]
quality = { default = 0.5, facts = 0.9 }
ttft_s = { median = 0.1, sigma = 0.2 }
inter_token_s = { median = 0.01, sigma = 0.2 }
prices = { input = 1, output = 2.5 }
faults = { server_error = 0.01 }
"""


def complaints(tmp_path, text: str) -> str:
    path = tmp_path / "fleet.toml"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        load_fleet(path)
    return str(caught.value)


def test_the_shipped_fleet_has_five_profiles_that_differ_in_what_they_are_best_at():
    shipped = load_fleet().profiles
    fleet = {name: one for name, one in shipped.items() if not name.startswith("judge")}
    assert list(fleet) == ["swift", "careful", "frugal", "scholar", "flaky"]
    assert next(name for name in shipped if name not in fleet) == "judge"  # the others show what may go wrong with one

    def best(capability):
        return max(fleet.values(), key=lambda one: one.quality_in(capability)).name

    assert best("reasoning") == "careful"
    assert best("multilingual") == best("facts") == best("long_context") == "scholar"
    assert min(fleet.values(), key=lambda one: one.ttft_s.median).name == "swift"
    assert min(fleet.values(), key=lambda one: one.cost(1000, 1000)).name == "frugal"
    assert [one.name for one in fleet.values() if one.faults] == ["flaky"]
    assert sum(fleet["flaky"].faults.values()) == pytest.approx(0.03)
    assert set(fleet["flaky"].faults) <= set(FAULTS)


def test_prices_are_given_for_a_million_tokens_and_kept_for_one():
    prices = load_fleet().profiles["careful"].prices
    assert prices.input == pytest.approx(3e-6)
    assert prices.output == pytest.approx(15e-6)
    assert prices.cached_input == pytest.approx(0.3e-6)
    assert prices.cache_write == pytest.approx(3.75e-6)
    assert load_fleet().profiles["careful"].cost(1000, 100) == pytest.approx(0.0045)


def test_a_capability_without_a_quality_of_its_own_has_the_default(tmp_path):
    path = tmp_path / "fleet.toml"
    path.write_text(GOOD)
    one = load_fleet(path).profiles["one"]
    assert one.quality_in("facts") == 0.9
    assert one.quality_in("poetry") == 0.5


def test_a_duration_has_its_median_and_spread():
    rng = Random(1)
    drawn = [LogNormal(0.1, 0.3).draw(rng) for _ in range(4000)]
    assert median(drawn) == pytest.approx(0.1, rel=0.05)
    assert sum(one > 0.1 * 2.718281828**0.3 for one in drawn) / 4000 == pytest.approx(0.1587, abs=0.02)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("prices", "prizes", "one: unknown key 'prizes'; did you mean 'prices'?"),
        ("prices", "prizes", "one: 'prices' is missing"),
        ("default = 0.5,", "", "one.quality: 'default' is missing"),
        ("facts = 0.9", "facts = 1.9", "one.quality.facts is 1.9, which is not from 0 to 1"),
        ("facts = 0.9", 'facts = "high"', "one.quality.facts is not a number: 'high'"),
        ("facts = 0.9", "facts = true", "one.quality.facts is not a number: True"),
        ("median = 0.1,", "median = 0,", "one.ttft_s.median is 0, which is not from 0 to 600, 0 left out"),
        ("sigma = 0.2", "sigmo = 0.2", "one.ttft_s: unknown key 'sigmo'; did you mean 'sigma'?"),
        ("{ input = 1, output = 2.5 }", "3", "one.prices is not a table of numbers"),
        ("input = 1,", "input = -1,", "one.prices.input is -1, which is not from 0 to inf"),
        ("server_error = 0.01", "gremlins = 0.01", "one.faults: unknown key 'gremlins'; known are "),
        ("server_error = 0.01", "server_error = 0.7, overloaded = 0.6", "one.faults sum to more than 1"),
        ("[one]", "two = 2\n[one]", "'two' is not a profile: write it as a table, [two]"),
        ("[one]", "[one", "cannot be read as TOML: "),
    ],
)
def test_each_wrong_line_gets_a_complaint_in_plain_words(tmp_path, old, new, complaint):
    assert old in GOOD
    assert complaint in complaints(tmp_path, GOOD.replace(old, new))


def test_all_problems_are_listed_at_once(tmp_path):
    said = complaints(tmp_path, GOOD.replace("0.9", "9").replace("2.5", "-2"))
    assert len(re.findall("which is not from", said)) == 2


def test_an_empty_or_missing_file_is_named(tmp_path):
    assert "no profile in it" in complaints(tmp_path, "")
    with pytest.raises(BadInput, match="nowhere"):
        load_fleet(tmp_path / "nowhere.toml")


def test_a_capability_can_be_otherwise_than_the_rest(tmp_path):
    path = tmp_path / "fleet.toml"
    usual = "quality = { default = 0.9 }\nttft_s = { median = 0.1, sigma = 0.1 }\ninter_token_s = { median = 0.01, sigma = 0.1 }\nprices = { input = 1, output = 1 }\n"
    path.write_text(
        f"[a]\n{usual}[a.within.math]\nttft_s = {{ median = 0.3, sigma = 0.1 }}\noverhead = 7\nfaults = {{ server_error = 1.0 }}\n"
    )
    profile = load_fleet(path).profiles["a"]
    there = profile.at("math")
    assert (there.ttft_s.median, there.inter_token_s, there.overhead, there.faults) == (
        0.3,
        profile.inter_token_s,
        7,
        {"server_error": 1.0},
    )
    assert profile.at("facts") is profile.at(None) is profile


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("[a.within]\nmath = 3", "a.within holds a table for each capability"),
        ("[a.within.math]\nquality = 1", "a.within.math: unknown key 'quality'"),
        ("[a.within.math]\noverhead = -1", "a.within.math.overhead is not a whole number from 0"),
        ("[a.within.math]\nttft_s = { median = 1 }", "a.within.math.ttft_s: 'sigma' is missing"),
    ],
)
def test_what_is_wrong_within_a_capability_is_named(tmp_path, said, complaint):
    path = tmp_path / "fleet.toml"
    usual = "quality = { default = 0.9 }\nttft_s = { median = 0.1, sigma = 0.1 }\ninter_token_s = { median = 0.01, sigma = 0.1 }\nprices = { input = 1, output = 1 }\n"
    path.write_text(f"[a]\n{usual}{said}\n")
    with pytest.raises(BadInput, match=re.escape(complaint)):
        load_fleet(path)
