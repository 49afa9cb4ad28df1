"""The HTML page in a real browser: it opens from the disk without a network, sorts, filters, and runs nothing that a reply holds."""

import io
from dataclasses import replace

import pytest

from harness.render import formats
from tests.render.browser import browsing, program
from tests.render.test_breaking_out import TRICKS, comparison_with, run_with
from tests.render.words import COMPARED, RUN, SOLVED, WRONG

pytestmark = pytest.mark.skipif(program() is None, reason="there is no Chromium here (apt-get install chromium)")


def written(folder, model):
    file = folder / "page.html"
    with file.open("w", encoding="utf-8") as out:
        formats.write("html", model, out)
    return file


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with browsing(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(autouse=True)
def _clean(page):
    page.look(1280, 900)
    page.errors.clear()
    page.requests.clear()


MANY = [replace(WRONG if number % 3 else SOLVED, case_id=f"case-{number:03}", latency_s=(number * 7 % 250) / 100) for number in range(250)]  # fmt: skip
ROWS = "[...document.querySelectorAll('.explorer tr.row')]"


def column(page, number):
    return page.run(f"{ROWS}.map((row) => row.cells[{number}].textContent)")


def test_it_opens_from_the_disk_and_asks_for_nothing_else(page, tmp_path):
    for model in (RUN, COMPARED):
        file = written(tmp_path, model)
        page.open(file)
        assert page.errors == []
        assert page.requests == [file.as_uri()]
        page.requests.clear()


def test_rows_sort_by_the_number_that_they_show_both_ways(page, tmp_path):
    page.open(written(tmp_path, replace(RUN, results=tuple(MANY))))
    seconds = sorted(one.latency_s or 0.0 for one in MANY)
    page.click(".explorer th:nth-child(8) button")
    assert column(page, 7)[:2] == [f"{1000 * seconds[0]:.0f} ms", f"{1000 * seconds[1]:.0f} ms"]
    assert page.run("document.querySelector('.explorer th:nth-child(8)').ariaSort") == "ascending"
    page.click(".explorer th:nth-child(8) button")
    assert column(page, 7)[0] == f"{seconds[-1]:.2f} s"
    page.click(".explorer th:nth-child(1) button")
    assert column(page, 0)[:2] == ["case-000", "case-001"]


def test_other_tables_sort_by_their_numbers_as_well(page, tmp_path):
    page.open(written(tmp_path, RUN))
    cells = (
        "[...document.querySelectorAll('table.sortable')].find((one) => one.tHead.textContent.includes('$/1k calls'))"
    )
    page.run(f"{cells}.tHead.rows[0].cells[5].firstChild.click()")
    first = page.run(f"{cells}.tBodies[0].rows[0].textContent")
    page.run(f"{cells}.tHead.rows[0].cells[5].firstChild.click()")
    assert (first[:6], page.run(f"{cells}.tBodies[0].rows[0].textContent")[:7]) == ("frugal", "careful")


def test_words_and_choices_filter(page, tmp_path):
    page.open(written(tmp_path, replace(RUN, results=tuple(MANY))))
    page.type(".filters input", "case-00")
    assert sorted(column(page, 0)) == [f"case-{number:03}" for number in range(10)]
    choose = "(select) => {{ select.value = '{}'; select.dispatchEvent(new Event('change')); }}"
    page.run(f"({choose.format('solved')})(document.querySelector('select[aria-label=outcome]'))")
    assert sorted(column(page, 0)) == ["case-000", "case-003", "case-006", "case-009"]
    assert page.run("document.querySelector('.filters [aria-live]').textContent") == "4 of 250"
    page.run("document.querySelector('.filters input').value = 'goat'")
    page.run("document.querySelector('.filters input').dispatchEvent(new Event('input'))")
    assert column(page, 0) == []  # a goat is what the wrong ones said


def test_a_row_opens_to_what_was_said(page, tmp_path):
    page.open(written(tmp_path, RUN))
    assert column(page, 4)[0] != "solved"  # what is not solved comes first
    page.click(".explorer tr.row")
    assert page.run("document.querySelector('.said').innerText.split(/\\n+/)") == [
        "prompt", "What says moo?", "expected", "cow", "reply", "A goat.", "reason", "it is not cow",
    ]  # fmt: skip
    page.run("document.querySelector('.explorer tr.row').focus()")
    page.call("Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", text="\r")
    assert page.run("document.querySelector('.said')") is None


def test_rows_are_drawn_as_one_comes_to_them(page, tmp_path):
    page.open(written(tmp_path, replace(RUN, results=tuple(MANY))))
    assert len(column(page, 0)) < 250
    while not page.run("document.querySelector('.more').hidden"):
        page.run("document.querySelector('.more').scrollIntoView()")
        page.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert len(column(page, 0)) == 250


@pytest.mark.parametrize("model", [RUN, COMPARED], ids=["run", "comparison"])
def test_nothing_runs_over_the_edge_of_a_phone_and_dark_is_dark(page, tmp_path, model):
    file = written(tmp_path, model)
    grounds = []
    for dark in (False, True):
        page.look(390, 844, dark=dark)
        page.open(file)
        assert page.run("document.documentElement.scrollWidth") <= 390
        grounds.append(page.run("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(20, 24, 29)"]


@pytest.mark.parametrize("trick", [name for name in TRICKS if not name.startswith("a very long")])
@pytest.mark.parametrize("made", [run_with, comparison_with])
def test_no_text_runs_or_changes_the_page(page, tmp_path, trick, made):
    page.open(written(tmp_path, made(TRICKS[trick])))
    assert page.errors == []
    assert len(page.requests) == 1
    assert page.run("document.images.length + document.links.length") == 0
    page.run("document.querySelectorAll('.explorer').forEach((one) => one.querySelector('tr.row').click())")
    assert page.run("document.querySelectorAll('.said pre').length") >= 3
    assert page.run("document.querySelectorAll('script').length") == (2 if made is run_with else 3)


@pytest.mark.parametrize(
    ("times", "said"), [(300, "Texts are cut to 1,000 characters here"), (1, "A row opens to what was asked")]
)
def test_ten_thousand_trials_stay_small_and_open(page, tmp_path, times, said):
    long = "many words of a reply " * times
    results = [
        replace(one, case_id=f"case-{number}", prompt=f"{number} {long}", reply=f"{long} {number}")
        for number in range(2_000)
        for one in (
            WRONG,
            SOLVED,
            replace(SOLVED, provider="frugal"),
            replace(WRONG, provider="third"),
            replace(SOLVED, provider="third"),
        )
    ]
    file = written(tmp_path, replace(RUN, results=tuple(results)))
    assert file.stat().st_size < 15_000_000
    page.open(file)
    assert page.errors == []
    assert "10,000 of 10,000" in page.run("document.querySelector('.filters').textContent")
    assert said in page.run("document.body.textContent")
    page.type(".filters input", "reply 1999")
    assert len(column(page, 0)) == 0 or all("1999" in name for name in column(page, 0))


def test_the_model_is_as_it_was(tmp_path):
    first, second = io.StringIO(), io.StringIO()
    formats.write("html", RUN, first)
    formats.write("html", RUN, second)
    assert first.getvalue() == second.getvalue()
