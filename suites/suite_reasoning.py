"""Logical reasoning: ordering, liars, syllogisms, sets, calendars, truth tables. Answers are found by brute force."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

description = "Logic puzzles with exactly one answer"
capability = "reasoning"
params = {"temperature": 0, "max_tokens": 256}
score = {"exact": {"ignore_case": True, "strip_punctuation": True}}
count = 48

Puzzle = dict[str, Any]
Test = Callable[[Sequence[str]], bool]
NUMBER: dict[str, Any] = {"number": {"tolerance": 0}}
CHOICE: dict[str, Any] = {"choice": {"choices": ["A", "B", "C", "D"]}}
NAMES = ("Amir", "Bea", "Carlos", "Dana", "Emil", "Fumi", "Gita", "Hugo", "Ines", "Jonas")
NONE = "None of these"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PLACES = ("first", "second", "third", "fourth", "fifth")


def puzzle(prompt: str, right: object, wrong: object, score: dict[str, Any] | None = None) -> Puzzle:
    made: Puzzle = {"prompt": prompt, "expect": right, "reference": str(right), "distractor": str(wrong)}
    return made | ({"score": score} if score else {})


def lettered(rng: random.Random, question: str, right: str, others: Sequence[str]) -> Puzzle:
    """A multiple-choice puzzle: `right` and three of `others`, in any order."""
    options = [right, *rng.sample(list(others), 3)]
    rng.shuffle(options)
    options.sort(key=lambda option: option == NONE)  # stays last
    lines = "\n".join(f"{letter}) {option}" for letter, option in zip("ABCD", options, strict=True))
    answer = "ABCD"[options.index(right)]
    wrong = rng.choice([letter for letter in "ABCD" if letter != answer])
    return puzzle(f"{question}\n{lines}\nAnswer with the letter only.", answer, wrong, CHOICE)


def before(one: str, other: str) -> Test:
    return lambda order: order.index(one) < order.index(other)


def right_before(one: str, other: str) -> Test:
    return lambda order: order.index(one) + 1 == order.index(other)


def not_at(one: str, place: int) -> Test:
    return lambda order: order.index(one) != place


def race_clues(order: Sequence[str]) -> Iterator[tuple[str, Test]]:
    """All that can truly be said about `order`: a sentence, and the test of another order against it."""
    for one, other in itertools.combinations(order, 2):
        yield f"{one} finished before {other}.", before(one, other)
    for one, other in itertools.pairwise(order):
        yield f"{other} came right behind {one}.", right_before(one, other)
    for one, (place, word) in itertools.product(order, enumerate(PLACES)):
        if order[place] != one:
            yield f"{one} was not {word}.", not_at(one, place)


def race(rng: random.Random) -> Puzzle:
    order = rng.sample(NAMES, 5)
    clues = list(race_clues(order))
    rng.shuffle(clues)
    kept, left = [], list(itertools.permutations(order))
    while len(left) > 1:
        text, holds = clues.pop()
        fewer = [other for other in left if holds(other)]
        if len(fewer) < len(left):
            kept.append(text)
            left = fewer
    place = rng.randrange(5)
    text = f"{', '.join(sorted(order))} ran a race without ties. {' '.join(kept)} Who came {PLACES[place]}?"
    return puzzle(f"{text} Answer with the name only.", order[place], order[place - 1])


def said(rng: random.Random, speaker: int, names: Sequence[str]) -> tuple[str, Callable[[Sequence[bool]], bool]]:
    """A claim about who is a knight, and its test on an assignment."""
    one, other = rng.sample([i for i in range(len(names)) if i != speaker], 2)
    return rng.choice(
        [
            (f"{names[one]} is a knave", lambda k: not k[one]),
            (f"{names[one]} is a knight", lambda k: k[one]),
            (f"{names[one]} and {names[other]} are of the same kind", lambda k: k[one] == k[other]),
            (f"exactly one of {names[one]} and {names[other]} is a knight", lambda k: k[one] != k[other]),
            ("exactly one of the three of us is a knight", lambda k: sum(k) == 1),
            (f"{names[one]} or I am a knave, or both", lambda k: not (k[one] and k[speaker])),
        ]
    )


def knights(rng: random.Random) -> Puzzle:
    names = sorted(rng.sample(NAMES, 3))
    worlds = list(itertools.product([True, False], repeat=3))
    solutions: list[tuple[bool, ...]] = []
    claims: list[tuple[str, Callable[[Sequence[bool]], bool]]] = []
    while len(solutions) != 1:
        claims = [said(rng, speaker, names) for speaker in range(3)]
        solutions = [k for k in worlds if all(k[i] == holds(k) for i, (_, holds) in enumerate(claims))]

    def of(world: Sequence[bool]) -> str:
        return " and ".join(name for name, knight in zip(names, world, strict=True) if knight) or "nobody"

    says = " ".join(
        f'{name} says: "{text[0].upper()}{text[1:]}."' for name, (text, _) in zip(names, claims, strict=True)
    )
    question = f"Knights always tell the truth, knaves always lie. {says} Who are the knights?"
    return lettered(rng, question, of(solutions[0]), [of(world) for world in worlds if world != solutions[0]])


QUANTIFIERS: dict[str, Callable[[set[int], set[int]], bool]] = {
    "All {} are {}": lambda a, b: a <= b,
    "No {} are {}": lambda a, b: not a & b,
    "Some {} are {}": lambda a, b: bool(a & b),
    "Some {} are not {}": lambda a, b: bool(a - b),
}
Statement = tuple[str, int, int]


def entailed(premises: Sequence[Statement], conclusion: Statement, *, none_empty: bool) -> bool:
    """Whether no way of filling the eight regions of three circles makes the premises true and the conclusion false."""
    for filled in range(256):
        regions = [region for region in range(8) if filled >> region & 1]
        circles = [{region for region in regions if region >> circle & 1} for circle in range(3)]
        if none_empty and not all(circles):
            continue
        if all(QUANTIFIERS[q](circles[a], circles[b]) for q, a, b in premises):
            form, a, b = conclusion
            if not QUANTIFIERS[form](circles[a], circles[b]):
                return False
    return True


def syllogism(rng: random.Random) -> Puzzle:
    kinds = rng.sample(["bolts", "drims", "fleps", "glons", "krits", "mevs", "plons", "sarns", "tovs", "wugs"], 3)
    forms = list(QUANTIFIERS)
    premises: list[Statement] = [
        (rng.choice(forms), *rng.choice([(0, 1), (1, 0)])),
        (rng.choice(forms), *rng.choice([(1, 2), (2, 1)])),
    ]
    follows: list[Statement] = []
    does_not: list[Statement] = []
    for conclusion in [(form, a, b) for form in forms for a, b in [(0, 2), (2, 0)]]:
        loose, strict = (entailed(premises, conclusion, none_empty=none_empty) for none_empty in (True, False))
        if strict == loose:  # the rest follows only for those who read "all" as "there are some, and all"
            (follows if strict else does_not).append(conclusion)

    def text(statement: Statement) -> str:
        form, a, b = statement
        return form.format(kinds[a], kinds[b])

    if len(does_not) < 3:
        return syllogism(rng)
    question = f"{text(premises[0])}. {text(premises[1])}. Which conclusion must be true?"
    right, none = (text(rng.choice(follows)), [NONE]) if follows else (NONE, [])
    wrong = [text(statement) for statement in rng.sample(does_not, 3 - len(none))]
    return lettered(rng, question, right, wrong + none)


def overlap(rng: random.Random) -> Puzzle:
    only_a, only_b, both, neither = (rng.randint(2, 30) for _ in range(4))
    club_a, club_b = rng.sample(["chess", "choir", "judo", "drama", "robotics", "sailing"], 2)
    total = only_a + only_b + both + neither
    text = f"Of {total} pupils, {only_a + both} are in {club_a}, {only_b + both} in {club_b} and {neither} in neither. "
    asked, right, wrong = rng.choice(
        [
            ("both", both, only_a + only_b + both),
            (f"{club_a} but not {club_b}", only_a, only_a + both),
            ("exactly one of the two", only_a + only_b, only_a + only_b + both),
        ]
    )
    return puzzle(f"{text}How many are in {asked}? Answer with the number only.", right, wrong, NUMBER)


def weekday(rng: random.Random) -> Puzzle:
    start = date(rng.randint(2020, 2035), 1, 1) + timedelta(rng.randint(0, 364))
    days = rng.randint(20, 200)
    end = start + timedelta(days)
    text = f"{start.day} {start:%B} {start.year} is a {start:%A}. What day of the week is it {days} days later?"
    return puzzle(f"{text} Answer with the day only.", DAYS[end.weekday()], DAYS[(end.weekday() + 1) % 7])


def nth_weekday(rng: random.Random) -> Puzzle:
    first, nth, day = date(rng.randint(2020, 2035), rng.randint(1, 12), 1), rng.randint(2, 4), rng.randrange(7)
    right = 1 + (day - first.weekday()) % 7 + 7 * (nth - 1)
    text = (
        f"1 {first:%B} {first.year} is a {first:%A}. On which day of that month is the {PLACES[nth - 1]} {DAYS[day]}?"
    )
    return puzzle(f"{text} Answer with the number of the day only.", right, right - 7, NUMBER)


def truth_table(rng: random.Random) -> Puzzle:
    joins: dict[str, Callable[[bool, bool], bool]] = {
        "and": lambda a, b: a and b,
        "or": lambda a, b: a or b,
        "implies": lambda a, b: not a or b,
        "xor": lambda a, b: a != b,
    }
    left, middle, right = (rng.choice(sorted(joins)) for _ in range(3))
    letters = (*"pqr", rng.choice("pq"))
    signs = [rng.random() < 0.4 for _ in letters]
    one, two, three, four = (f"not {x}" if negated else x for x, negated in zip(letters, signs, strict=True))
    true = 0
    for p, q, r in itertools.product([True, False], repeat=3):
        world = {"p": p, "q": q, "r": r}
        a, b, c, d = (world[x] != negated for x, negated in zip(letters, signs, strict=True))
        true += joins[middle](joins[left](a, b), joins[right](c, d))
    text = "For how many of the eight assignments of true and false to p, q and r is this true: "
    text += f"({one} {left} {two}) {middle} ({three} {right} {four})?"
    return puzzle(f"{text} Answer with the number only.", true, 8 - true if true != 4 else 3, NUMBER)


def turns(rng: random.Random) -> Puzzle:
    compass, start, name = ("north", "east", "south", "west"), rng.randrange(4), rng.choice(NAMES)
    steps = [rng.choice([("turns right", 1), ("turns left", 3), ("turns around", 2)]) for _ in range(rng.randint(4, 7))]
    end = (start + sum(quarter for _, quarter in steps)) % 4
    text = (
        f"{name} faces {compass[start]}, then {', '.join(words for words, _ in steps)}. Which way does {name} face now?"
    )
    return puzzle(f"{text} Answer north, east, south or west.", compass[end], compass[end - 2])


def drinks(rng: random.Random) -> Puzzle:
    names, cups = sorted(rng.sample(NAMES, 4)), rng.sample(["tea", "coffee", "water", "juice", "milk", "cocoa"], 4)
    true = dict(zip(names, cups, strict=True))
    left = [dict(zip(names, order, strict=True)) for order in itertools.permutations(cups)]
    pairs = [(name, cup) for name in names for cup in cups if true[name] != cup]
    rng.shuffle(pairs)
    clues = []
    while len(left) > 1:
        name, cup = pairs.pop()
        fewer = [world for world in left if world[name] != cup]
        if len(fewer) < len(left):
            clues.append(f"{name} does not have {cup}.")
            left = fewer
    asked, other = rng.sample(names, 2)
    text = f"{', '.join(names)} each have a different drink: {', '.join(sorted(cups))}. {' '.join(clues)} "
    text += f"What does {asked} have?"
    return puzzle(f"{text} Answer with the drink only.", true[asked], true[other])


def boxes(rng: random.Random) -> Puzzle:
    colours = rng.sample(["red", "blue", "green", "white", "black", "yellow"], 3)
    labels: list[tuple[str, Callable[[int], bool]]] = []
    solutions: list[int] = []
    truths = 1
    while len(solutions) != 1:
        truths = rng.choice([1, 2])
        labels = []
        for _ in colours:
            box = rng.randrange(3)
            labels.append(
                rng.choice(
                    [
                        (f"the coin is in the {colours[box]} box", lambda coin, b=box: coin == b),
                        (f"the coin is not in the {colours[box]} box", lambda coin, b=box: coin != b),
                    ]
                )
            )
        solutions = [coin for coin in range(3) if sum(holds(coin) for _, holds in labels) == truths]
    says = "; ".join(f"{colour}: {text}" for colour, (text, _) in zip(colours, labels, strict=True))
    number = "Exactly one label is" if truths == 1 else "Exactly two labels are"
    text = f"A coin is in one of three boxes with these labels. {says}. {number} true. Which box has the coin?"
    return puzzle(f"{text} Answer with the colour only.", colours[solutions[0]], colours[solutions[0] - 1])


def free_day(rng: random.Random) -> Puzzle:
    names, right = rng.sample(NAMES, 3), rng.randrange(7)
    busy: list[list[int]] = [[], [], []]
    for day in range(7):
        if day != right:
            for person in rng.sample(range(3), rng.choice([1, 1, 2])):
                busy[person].append(day)
    says = " ".join(f"{n} is busy on {', '.join(DAYS[d] for d in b)}." for n, b in zip(names, busy, strict=True) if b)
    text = f"{says} Otherwise they are free. On which day of the week are all three free?"
    return puzzle(f"{text} Answer with the day only.", DAYS[right], DAYS[right - 1])


def drawer(rng: random.Random) -> Puzzle:
    counts = [rng.randint(3, 14) for _ in range(3)]
    reds, blues, greys = counts
    text = f"A dark drawer holds {reds} red, {blues} blue and {greys} grey socks. How many must be drawn to be sure of "
    same = rng.randint(2, 5)
    asked, right, wrong = rng.choice(
        [
            (f"{same} of the same colour", sum(min(n, same - 1) for n in counts) + 1, 2 * (same - 1) + 1),
            ("one of each colour", sum(counts) - min(counts) + 1, 3),
            ("a red one", blues + greys + 1, blues + greys),
        ]
    )
    if same > max(counts):
        return drawer(rng)
    return puzzle(f"{text}{asked}? Answer with the number only.", right, wrong, NUMBER)


TEMPLATES: tuple[Callable[[random.Random], Puzzle], ...] = (
    race, weekday, knights, overlap, syllogism, drinks, truth_table, boxes, nth_weekday, free_day, turns, drawer,
)  # fmt: skip


def cases(rng: random.Random) -> Iterator[dict[str, Any]]:
    """The templates in turn, for ever; what was asked before is passed over by whoever draws."""
    for number in itertools.count():
        template = TEMPLATES[number % len(TEMPLATES)]
        tags = [template.__name__, "smoke"] if number < 4 else [template.__name__]
        yield {"id": f"{template.__name__}-{number:03}", "tags": tags, **template(rng)}
