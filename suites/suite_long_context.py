"""Long context: facts to be found in made-up documents of about 2,500 to 6,000 characters, two questions to each."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

description = "Facts to be found, compared and added up in long documents"
capability = "long_context"
params = {"temperature": 0, "max_tokens": 256}
count = 48

TEXT: dict[str, Any] = {"exact": {"ignore_case": True, "strip_punctuation": True}}
NUMBER: dict[str, Any] = {"number": {"tolerance": 0}}

FIRST = ("Ada", "Boris", "Clara", "Dario", "Edith", "Felix", "Gwen", "Henrik", "Irma", "Jakob", "Katja", "Luis", "Mira")
LAST = ("Abel", "Bright", "Castro", "Duval", "Engel", "Frost", "Grieg", "Hollis", "Ivanov", "Jonker", "Klein", "Lund")
GOODS = (
    "copper wire", "linen sacks", "lamp oil", "roof slates", "oak planks", "sail cloth", "brass hinges", "rye flour",
    "dried peas", "wax candles", "clay pipes", "horse shoes", "glass beads", "iron nails", "hemp rope",
    "writing paper", "salt blocks", "tin plates", "cork stoppers", "goose feathers", "olive soap", "red ochre",
    "cane baskets", "wool yarn",
)  # fmt: skip
WEATHER = (
    "Fog until noon",
    "A clear cold day",
    "Rain from the west",
    "Light snow",
    "Strong wind all day",
    "Low grey clouds",
)
WORK = (
    "we cleaned the lenses and oiled the dome", "the stove smoked again and had to be swept",
    "two new charts were drawn", "the supply boat did not come", "we counted the stores and found them in order",
    "the barometer was set anew", "most of us repaired the path to the jetty", "the night watch saw nothing of note",
    "letters were written all evening",
)  # fmt: skip
FINDS = (
    "silver whistle", "broken sextant", "green bottle", "blue tin box", "wooden mask", "bronze key", "leather map",
    "stone lamp", "glass float", "copper comb", "brass bell", "painted tile",
)  # fmt: skip
PLACES = (
    "under the jetty", "behind the stove", "in the well", "beside the north cairn", "in the old boat",
    "on the east beach", "below the stairs", "near the flagpole", "in the peat ditch", "at the spring",
    "inside the chimney", "in the gully",
)  # fmt: skip
PROJECTS = (
    "Amber", "Basalt", "Cobalt", "Dune", "Ember", "Fathom", "Glacier", "Harvest", "Indigo", "Juniper", "Kestrel",
    "Lantern", "Meadow", "Nimbus", "Orchard", "Pebble", "Quartz", "Ripple", "Saffron", "Timber", "Umbra", "Velvet",
    "Willow", "Zephyr",
)  # fmt: skip
STATES = (
    "is on schedule but short of staff",
    "lost two weeks to a late delivery",
    "passed its second review without remarks",
    "waits for an answer from the legal department",
    "has moved to the new building",
    "needs another round of tests",
)


class Question(NamedTuple):
    """What is asked, the right answer, a wrong one from the document, and other ways to write the right one."""

    text: str
    right: str | int
    wrong: str | int
    also: Sequence[str] = ()


Document = tuple[str, Sequence[Question]]


def people(rng: random.Random, number: int) -> list[str]:
    return rng.sample([f"{first} {last}" for first in FIRST for last in LAST], number)


def register(rng: random.Random) -> Document:
    """A store's register, one row for each shelf; two shelves hold the same goods."""
    size = rng.randint(38, 84)
    shelves = rng.sample([f"{letter}{number}" for letter in "ABCDEFGHKLM" for number in range(10, 100)], size)
    keepers, goods = people(rng, size), rng.sample(GOODS, 20)
    once, twice, *rest = goods
    held = [once, twice, twice, *(rng.choice(rest) for _ in range(size - 3))]
    rng.shuffle(held)
    amounts = [rng.randint(11, 980) for _ in held]
    rows = [
        f"Shelf {shelf}: {amount} units of {item}, last checked by {keeper}."
        for shelf, amount, item, keeper in zip(shelves, amounts, held, keepers, strict=True)
    ]
    i, j = rng.sample(range(size), 2)
    one, (a, b) = held.index(once), [k for k, item in enumerate(held) if item == twice]
    return "Register of the harbour store\n" + "\n".join(rows), [
        Question(f"Who last checked shelf {shelves[i]}? Answer with the full name only.", keepers[i], keepers[j]),
        Question(f"How many units are on shelf {shelves[j]}?", amounts[j], amounts[j - 1]),
        Question(f"Which shelf holds {once}? Answer with the shelf's code only.", shelves[one], shelves[one - 1]),
        Question(f"How many units of {twice} are there on all shelves together?", amounts[a] + amounts[b], amounts[a]),
    ]


def diary(rng: random.Random) -> Document:
    """An island station's diary, one entry a day; on some days something is found."""
    start, size = date(rng.randint(1880, 1935), rng.randint(1, 12), rng.randint(1, 28)), rng.randint(26, 44)
    days = [start + timedelta(k) for k in range(size)]
    said = [f"{day.day} {day:%B}" for day in days]
    found = dict(zip(sorted(rng.sample(range(size), 6)), rng.sample(FINDS, 6), strict=True))
    places, finders = rng.sample(PLACES, 6), people(rng, 6)
    entries = []
    for k, day in enumerate(said):
        text = f"{day}. {rng.choice(WEATHER)}, {rng.randint(2, 12)} degrees at dawn; {rng.choice(WORK)}."
        if k in found:
            place = list(found).index(k)
            text += f" {finders[place]} found a {found[k]} {places[place]}."
        entries.append(text)
    (k, thing), (m, other) = rng.sample(list(found.items()), 2)
    first, second = list(found).index(k), list(found).index(m)
    american = [f"{days[k]:%B} {days[k].day}"]
    order = "before" if k < m else "after"
    return f"Diary of the island station, {start.year}\n" + "\n".join(entries), [
        Question(f"On which date was the {thing} found? Answer with day and month only.", said[k], said[m], american),
        Question(f"Who found the {other}? Answer with the full name only.", finders[second], finders[first]),
        Question(
            f"What was found {places[first]}? Answer with the thing only.", thing, other, [f"a {thing}", f"the {thing}"]
        ),
        Question(f"How many days {order} the {other} was the {thing} found?", abs(k - m), abs(k - m) + 1),
    ]


def minutes(rng: random.Random) -> Document:
    """The minutes of a meeting: who reported on which project and how much money was asked for and granted."""
    size = rng.randint(18, 24)
    names, projects = people(rng, size), rng.sample(PROJECTS, size)
    asked = [100 * rng.randint(30, 400) for _ in names]
    granted = [amount - 100 * rng.randint(1, 25) for amount in asked]
    lines = [
        f"{name} reported that project {project} {rng.choice(STATES)} and asked for {want} euros. "
        f"After a short discussion {get} euros were granted."
        for name, project, want, get in zip(names, projects, asked, granted, strict=True)
    ]
    i, j = rng.sample(range(size), 2)
    return "Minutes of the yearly budget meeting\n" + "\n".join(lines), [
        Question(f"How many euros were granted to project {projects[i]}?", granted[i], asked[i]),
        Question(f"Who reported on project {projects[j]}? Answer with the full name only.", names[j], names[i]),
        Question(f"Which project did {names[i]} report on? Answer with its name only.", projects[i], projects[j]),
        Question(
            f"How many euros were granted to the projects {projects[i]} and {projects[j]} together?",
            granted[i] + granted[j],
            granted[i] + asked[j],
        ),
    ]


KINDS: tuple[Callable[[random.Random], Document], ...] = (register, diary, minutes)


def cases(rng: random.Random) -> Iterator[dict[str, Any]]:
    """Documents of each kind in turn, for ever; two questions to each, which share the document as their cluster."""
    for number in itertools.count():
        kind = KINDS[number % len(KINDS)]
        document, questions = kind(rng)
        for letter, (text, right, wrong, also) in zip("ab", rng.sample(questions, 2), strict=True):
            numeric = isinstance(right, int)
            yield {
                "id": f"{kind.__name__}-{number:03}{letter}",
                "prompt": f"{document}\n\n{text}{' Answer with the number only.' if numeric else ''}",
                "expect": [right, *also] if also else right,
                "score": NUMBER if numeric else TEXT,
                "cluster": f"document-{number:03}",
                "tags": [kind.__name__, "smoke"] if number < 2 else [kind.__name__],
                "reference": str(right),
                "distractor": str(wrong),
            }
