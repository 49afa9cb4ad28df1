"""Arithmetic: sums, products, percentages, conversions and word problems of two to four steps."""

import itertools
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

description = "Calculations and word problems with one number as the answer"
capability = "arithmetic"
params = {"temperature": 0, "max_tokens": 256}
score = {"number": {"tolerance": 0.005}}
count = 48

Draft = tuple[str, float, float]
"""What a template makes: the question, the right number, and the number that a common slip gives."""

NAMES = ("Ada", "Bilal", "Chiara", "Dmitri", "Esi", "Farid", "Greta", "Hana", "Ivo", "Jun", "Kofi", "Lena")
GOODS = ("notebooks", "lamps", "mugs", "cables", "chairs", "tiles", "seed packets", "candles")


def sums(rng: random.Random) -> Draft:
    a, b, c = (rng.randint(1_000, 99_999) for _ in range(3))
    return f"What is {a} + {b} - {c}?", a + b - c, a + b - c + rng.choice([-100, -10, 10, 100])


def products(rng: random.Random) -> Draft:
    a, b = rng.randint(23, 989), rng.randint(12, 98)
    return f"What is {a} × {b}?", a * b, a * b + rng.choice([-10 * a, -100, 100, 10 * a])


def precedence(rng: random.Random) -> Draft:
    a, b, c, d = rng.randint(10, 90), rng.randint(3, 19), rng.randint(3, 19), rng.randint(2, 9)
    return f"What is {a} + {b} × ({c} - {d})?", a + b * (c - d), (a + b) * (c - d)


def remainders(rng: random.Random) -> Draft:
    divisor, quotient = rng.randint(7, 29), rng.randint(11, 120)
    rest = rng.randint(1, divisor - 1)
    return f"What is the remainder when {divisor * quotient + rest} is divided by {divisor}?", rest, divisor - rest


def percentages(rng: random.Random) -> Draft:
    percent, base = rng.choice([4, 6, 8, 12, 15, 18, 24, 35, 45, 65]), 50 * rng.randint(3, 90)
    return f"What is {percent}% of {base}?", base * percent / 100, base * percent / 1000


def discounts(rng: random.Random) -> Draft:
    price, first, second = 20 * rng.randint(5, 60), rng.choice([10, 20, 30, 40]), rng.choice([5, 15, 25])
    text = f"A {price} euro bicycle is reduced by {first}%, then the new price by a further {second}%. "
    right = price * (100 - first) * (100 - second) / 10_000
    return text + "What does it cost now, in euros?", right, price * (100 - first - second) / 100


def percent_change(rng: random.Random) -> Draft:
    old, percent = 20 * rng.randint(3, 60), 5 * rng.randint(1, 15)
    new = old * (100 + percent) // 100
    return f"The rent rose from {old} to {new} euros. By how many percent did it rise?", percent, new - old


def lengths(rng: random.Random) -> Draft:
    km, metres = rng.randint(2, 40), 5 * rng.randint(5, 199)
    return f"How many metres are {km} km and {metres} m together?", km * 1000 + metres, km * 100 + metres


def speeds(rng: random.Random) -> Draft:
    metres = 5 * rng.randint(1, 16)
    seconds = rng.randint(3, 50)
    text = f"A train covers {metres * seconds} metres in {seconds} seconds. What is its speed in km/h?"
    return text, metres * 3.6, metres


def durations(rng: random.Random) -> Draft:
    hours, minutes, seconds = rng.randint(1, 9), rng.randint(1, 59), rng.randint(1, 59)
    right = hours * 3600 + minutes * 60 + seconds
    text = f"How many seconds are {hours} h {minutes} min {seconds} s?"
    return text, right, hours * 360 + minutes * 60 + seconds


def timetable(rng: random.Random) -> Draft:
    start = datetime(2024, 1, 1, rng.randint(5, 18), rng.randint(0, 59))  # noqa: DTZ001  # a clock face, no zone
    minutes = rng.randint(61, 299)
    end = start + timedelta(minutes=minutes)
    text = f"A ferry leaves at {start:%H:%M} and lands at {end:%H:%M} the same day. How many minutes does it sail?"
    return text, minutes, minutes + rng.choice([-60, -40, 40, 60])


def shopping(rng: random.Random) -> Draft:
    name, (first, second) = rng.choice(NAMES), rng.sample(GOODS, 2)
    n, m, p, q = rng.randint(2, 9), rng.randint(2, 9), rng.randint(2, 12), rng.randint(2, 12)
    paid = 50 * (1 + (n * p + m * q) // 50)
    text = f"{name} buys {n} {first} at {p} euros each and {m} {second} at {q} euros each and pays with {paid} euros. "
    return text + "How many euros are given back?", paid - n * p - m * q, n * p + m * q


def packing(rng: random.Random) -> Draft:
    size, full, rest = rng.randint(6, 24), rng.randint(8, 60), rng.randint(1, 5)
    broken = rng.randint(3, 30)
    text = f"Of {size * full + rest + broken} {rng.choice(GOODS)}, {broken} break. A box holds {size}. "
    return text + "How many boxes are needed for the rest?", full + 1, full


def averages(rng: random.Random) -> Draft:
    n, old = rng.randint(3, 8), rng.randint(52, 80)
    new = old + rng.randint(1, 4)
    text = f"{rng.choice(NAMES)} has an average of {old} points over {n} tests. "
    text += f"How many points in the next test raise the average to {new}?"
    return text, new * (n + 1) - old * n, 2 * new - old


def ratios(rng: random.Random) -> Draft:
    a, b = rng.sample(range(2, 10), 2)
    part = rng.randint(6, 80)
    one, two = rng.sample(NAMES, 2)
    text = f"{one} and {two} share {part * (a + b)} euros in the ratio {a}:{b}. How many euros does {two} get?"
    return text, part * b, part * a


def work(rng: random.Random) -> Draft:
    machines, hours, per_hour = rng.randint(3, 9), rng.randint(3, 9), rng.randint(4, 30)
    fewer = rng.randint(1, machines - 2)
    text = f"{machines} machines make {machines * hours * per_hour} parts in {hours} hours. "
    text += f"With {fewer} of them switched off, how many parts are made in {hours + 2} hours?"
    return text, (machines - fewer) * per_hour * (hours + 2), machines * per_hour * (hours + 2)


def savings(rng: random.Random) -> Draft:
    start, weekly, spent, weeks = rng.randint(40, 200), rng.randint(15, 60), rng.randint(5, 14), rng.randint(4, 20)
    text = f"{rng.choice(NAMES)} has {start} euros, earns {weekly} euros a week and spends {spent} euros a week. "
    text += f"How many euros are there after {weeks} weeks?"
    return text, start + weeks * (weekly - spent), start + weeks * weekly - spent


def interest(rng: random.Random) -> Draft:
    base, rate = 1_000 * rng.randint(2, 40), rng.choice([2, 3, 4, 5, 6, 8])
    text = f"{base} euros earn {rate}% interest a year, compounded yearly. "
    right = round(base * (100 + rate) ** 2 / 10_000, 2)
    return text + "What is the balance after 2 years, in euros?", right, base * (100 + 2 * rate) / 100


def rectangles(rng: random.Random) -> Draft:
    width, extra = rng.randint(4, 40), rng.randint(2, 20)
    text = f"A garden is {width} m wide and {extra} m longer than it is wide. "
    if rng.random() < 0.5:
        return text + "What is its area in square metres?", width * (width + extra), width * extra
    return text + "How many metres of fence go round it?", 4 * width + 2 * extra, 2 * width + extra


def fractions(rng: random.Random) -> Draft:
    (a, b), (c, d) = rng.sample([(1, 2), (1, 3), (2, 3), (1, 4), (3, 4), (2, 5), (3, 5)], 2)
    whole = b * d * rng.randint(3, 30)
    name, goods = rng.choice(NAMES), rng.choice(GOODS)
    text = f"{name} sells {a}/{b} of {whole} {goods} in the morning and {c}/{d} of the rest in the afternoon. "
    left = whole * (b - a) * (d - c) // (b * d)
    return text + "How many are left?", left, whole * (b - a) * c // (b * d)


TEMPLATES: tuple[Callable[[random.Random], Draft], ...] = (
    sums, discounts, lengths, shopping, products, percentages, speeds, averages, precedence, percent_change, durations,
    packing, remainders, interest, timetable, ratios, work, rectangles, savings, fractions,
)  # fmt: skip


def plain(number: float) -> str:
    """The number as a person writes it: 84, 12.5, 1040.4."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def cases(rng: random.Random) -> Iterator[dict[str, Any]]:
    """The templates in turn, for ever; what was asked before is passed over by whoever draws."""
    for number in itertools.count():
        template = TEMPLATES[number % len(TEMPLATES)]
        question, right, wrong = template(rng)
        if right == wrong:
            continue
        yield {
            "id": f"{template.__name__}-{number:03}",
            "prompt": f"{question} Answer with the number only.",
            "expect": right,
            "tags": [template.__name__, "smoke"] if number < 4 else [template.__name__],
            "reference": plain(right),
            "distractor": plain(wrong),
        }
