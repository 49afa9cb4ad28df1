"""Following instructions: several checkable constraints at once. A text that keeps them all is made first."""

import itertools
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

description = "Short texts and lists that must keep several checkable constraints at once"
capability = "instructions"
params = {"temperature": 0, "max_tokens": 256}
count = 48


class Topic(NamedTuple):
    """What to write about: sentences to make a text of, and things to list."""

    about: str
    things: str
    sentences: Sequence[str]
    items: Sequence[str]


class Demand(NamedTuple):
    """One constraint: how it is asked for, how it is checked, and how a text that keeps it comes to break it."""

    ask: str
    rule: dict[str, Any]
    slip: Callable[[str], str]


TOPICS = (
    Topic(
        "bees",
        "things found in a garden",
        (
            "Bees carry pollen from flower to flower.",
            "A hive stores honey for the cold months.",
            "Worker bees build their combs from wax.",
            "Scouts dance to show others the way to food.",
            "Without bees our orchards would bear little fruit.",
            "Beekeepers wear a veil to protect their face.",
        ),
        ("rose", "hedge", "spade", "pond", "bench", "gate", "path", "shed", "lawn"),
    ),
    Topic(
        "bread",
        "things found in a kitchen",
        (
            "Good bread needs flour, water, salt and time.",
            "Yeast makes the dough rise slowly.",
            "Strong hands knead the dough until it feels smooth.",
            "A hot oven gives the loaf a dark crust.",
            "Fresh bread fills the whole house with its smell.",
            "Old slices turn into toast or crumbs.",
        ),
        ("kettle", "whisk", "oven", "ladle", "fridge", "sieve", "toaster", "apron", "stove"),
    ),
    Topic(
        "the moon",
        "things that can be seen in the sky",
        (
            "The moon circles our planet once a month.",
            "Its pull moves the water of the seas.",
            "Craters cover most of its grey ground.",
            "We always see the same side of it.",
            "Twelve people have walked on its dust.",
            "Sunlight makes it shine at night.",
        ),
        ("star", "comet", "cloud", "kite", "planet", "rainbow", "bird", "aeroplane", "meteor"),
    ),
    Topic(
        "trains",
        "things found at a railway station",
        (
            "Trains bring people to work every morning.",
            "Steel wheels roll on steel tracks with little friction.",
            "A night train saves the price of a hotel.",
            "Long bridges carry the line across wide valleys.",
            "The driver watches each signal with care.",
            "Freight trains replace a long row of trucks.",
        ),
        ("platform", "ticket", "clock", "signal", "timetable", "luggage", "kiosk", "whistle", "tunnel"),
    ),
    Topic(
        "rivers",
        "animals that live near water",
        (
            "A river begins as a small spring in the hills.",
            "Rain and snow feed it along its way.",
            "Over centuries the current carves deep valleys.",
            "Fish rest in the calm water behind stones.",
            "Towns grew where boats could land.",
            "At its mouth the river meets the sea.",
        ),
        ("otter", "heron", "frog", "beaver", "trout", "newt", "duck", "swan", "eel"),
    ),
    Topic(
        "libraries",
        "things that can be read",
        (
            "A library lends books to everyone for free.",
            "Quiet rooms help students to think.",
            "Librarians know where every volume belongs.",
            "Children meet on Saturdays to hear stories.",
            "Old maps lie in wide flat drawers.",
            "Some branches also lend tools or games.",
        ),
        ("novel", "atlas", "letter", "poem", "diary", "menu", "recipe", "magazine", "sign"),
    ),
    Topic(
        "winter",
        "pieces of clothing",
        (
            "In winter the days grow short.",
            "Snow covers fields, roofs and fences.",
            "Animals sleep in burrows until spring.",
            "Children build figures of snow after school.",
            "Warm soup tastes best on frosty evenings.",
            "Ice draws patterns on the window.",
        ),
        ("scarf", "coat", "glove", "boot", "hat", "sock", "shirt", "belt", "jumper"),
    ),
    Topic(
        "music",
        "musical instruments",
        (
            "Music joins people who share no language.",
            "A drum gives the dancers their beat.",
            "Old songs keep the memory of a village alive.",
            "Practice turns slow scales into fast runs.",
            "Soft chords calm a tired listener.",
            "The singer takes a breath before each line.",
        ),
        ("violin", "flute", "drum", "harp", "cello", "trumpet", "piano", "oboe", "guitar"),
    ),
)
MORE = "There is much more to say about this."
FILLERS = ("very", "because", "however", "really", "also", "many", "always", "often", "perhaps", "just")


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def quoted(words: Sequence[str]) -> str:
    return " and ".join(f'"{word}"' for word in words)


def includes(rng: random.Random, text: str) -> Demand:
    words = rng.sample(sorted({word.lower() for word in words_of(text) if len(word) > 3}), 2)
    gone = re.compile(words[1], re.IGNORECASE)
    return Demand(f"Use the words {quoted(words)}.", {"includes": words}, lambda text: gone.sub("it", text))


def excludes(rng: random.Random, text: str) -> Demand:
    words = rng.sample([word for word in FILLERS if word not in text.lower()], 2)
    return Demand(
        f"Do not use the words {quoted(words)}.",
        {"excludes": words},
        lambda text: text.replace(" ", f" {words[0]} ", 1),
    )


def starts_with(_: random.Random, text: str) -> Demand:
    first = " ".join(text.split()[:2])
    return Demand(f'Begin with "{first}".', {"starts_with": first}, lambda text: f"Sure! {text}")


def ends_with(_: random.Random, text: str) -> Demand:
    last = text.rsplit(maxsplit=1)[-1]
    return Demand(f'End with "{last}".', {"ends_with": last}, lambda text: f"{text} That is all.")


def word_range(rng: random.Random, text: str) -> Demand:
    length = len(text.split())
    least, most = length - rng.randint(0, 4), length + rng.randint(0, 6)
    rule = {"words": {"min": least, "max": most}}
    return Demand(f"Use {least} to {most} words.", rule, lambda text: " ".join(text.split()[: least - 1]) + ".")


def max_chars(_: random.Random, text: str) -> Demand:
    most = (len(text) // 10 + 1) * 10
    return Demand(f"Use at most {most} characters.", {"max_chars": most}, lambda text: f"{text} {MORE}")


def word_count(rng: random.Random, text: str) -> Demand:
    words = [word.lower() for word in words_of(text)]
    word = rng.choice([word for word in words if len(word) > 3 or words.count(word) > 1])
    times = words.count(word)
    asked = f'Use the word "{word}" exactly {("once", "twice")[times - 1] if times < 3 else f"{times} times"}.'
    return Demand(asked, {"count": {"word": word, "times": times}}, lambda text: f"{text} {word.capitalize()}.")


def sentences(_: random.Random, text: str) -> Demand:
    number = text.count(".")
    asked = f"Write exactly {number} sentences." if number > 1 else "Write exactly one sentence."
    return Demand(asked, {"sentences": {"min": number, "max": number}}, lambda text: f"{text} That is why they matter.")


EXTRAS = (includes, excludes, starts_with, ends_with, word_range, max_chars, word_count)


def task(rng: random.Random, ask: str, text: str, demands: Sequence[Demand], closing: str = "") -> dict[str, Any]:
    """The case for a text that keeps all demands; the distractor breaks one of them."""
    return {
        "prompt": " ".join(filter(None, [ask, *(demand.ask for demand in demands), closing])),
        "score": {"constraints": {"rules": [demand.rule for demand in demands]}},
        "reference": text,
        "distractor": rng.choice(demands).slip(text),
    }


def prose(rng: random.Random) -> dict[str, Any]:
    topic = rng.choice(TOPICS)
    text = " ".join(rng.sample(topic.sentences, rng.randint(1, 3)))
    demands = [demand(rng, text) for demand in (sentences, *rng.sample(EXTRAS, 2))]
    return task(rng, f"Write about {topic.about}.", text, demands, "Reply with the text only.")


def small_letters(rng: random.Random) -> dict[str, Any]:
    topic = rng.choice(TOPICS)
    text = " ".join(rng.sample(topic.sentences, 2)).lower()
    case = Demand("Use lower-case letters only.", {"lowercase": True}, lambda text: text.capitalize())
    demands = [case, *(demand(rng, text) for demand in rng.sample((includes, excludes, ends_with, word_range), 2))]
    return task(rng, f"Write about {topic.about}.", text, demands, "Reply with the text only.")


def capitals(rng: random.Random) -> dict[str, Any]:
    topic = rng.choice(TOPICS)
    text = rng.choice(topic.sentences).upper()
    case = Demand("Use capital letters only.", {"uppercase": True}, lambda text: text.capitalize())
    demands = [case, *(demand(rng, text) for demand in rng.sample((sentences, word_range, max_chars), 2))]
    ask = f"Write a slogan about {topic.about} for a poster at {rng.choice(['a school', 'a fair', 'a museum'])}."
    return task(rng, ask, text, demands, "Reply with the slogan only.")


def paragraphs(rng: random.Random) -> dict[str, Any]:
    topic, number = rng.choice(TOPICS), rng.randint(2, 3)
    text = "\n\n".join(rng.sample(topic.sentences, number))
    split = Demand(
        f"Write exactly {number} paragraphs with an empty line between them.",
        {"paragraphs": number},
        lambda text: text.replace("\n\n", " "),
    )
    demands = [split, *(demand(rng, text) for demand in rng.sample((includes, starts_with, ends_with), 2))]
    return task(rng, f"Write about {topic.about}.", text, demands, "Reply with the text only.")


def named(rng: random.Random, items: Sequence[str], others: Sequence[str]) -> list[Demand]:
    """One item that must be in a list, one that must not."""
    wanted, unwanted = rng.choice(items), rng.choice([other for other in others if other not in items])
    return [
        Demand(f'"{wanted}" must be among them.', {"includes": [wanted]}, lambda text: text.replace(wanted, "other")),
        Demand(f'"{unwanted}" must not.', {"excludes": [unwanted]}, lambda text: text.replace(wanted, unwanted)),
    ]


def bullets(rng: random.Random) -> dict[str, Any]:
    topic = rng.choice(TOPICS)
    items = rng.sample(topic.items, rng.randint(3, 6))
    text = "\n".join(f"- {item}" for item in items)
    shape = Demand(
        'Write each on its own line after "- ", in lower case, and nothing else.',
        {"bullets": len(items)},
        lambda text: text.rpartition("\n")[0],
    )
    case = Demand("", {"lowercase": True}, lambda text: f"Here they are:\n{text}")
    demands = [shape, *named(rng, items, topic.items), case]
    return task(rng, f"List exactly {len(items)} {topic.things}.", text, demands)


def numbered(rng: random.Random) -> dict[str, Any]:
    topic = rng.choice(TOPICS)
    items = sorted(rng.sample(topic.items, rng.randint(3, 6)))
    text = "\n".join(f"{number}. {item}" for number, item in enumerate(items, 1))
    shape = Demand(
        f"Number them 1. to {len(items)}., one on each line.",
        {"numbered": len(items)},
        lambda text: text.rpartition("\n")[0],
    )
    ask = f"Name exactly {len(items)} {topic.things}, one word each."
    return task(rng, ask, text, [shape, *named(rng, items, topic.items)], "Reply with the list only.")


def json_only(rng: random.Random) -> dict[str, Any]:
    topic = rng.choice(TOPICS)
    items = rng.sample(topic.items, rng.randint(2, 5))
    key, other = rng.sample(["examples", "entries", "members", "values", "things"], 2)
    text = json.dumps({"title": topic.things, key: items})
    shape = Demand("Reply with one JSON object and nothing else.", {"json": True}, lambda text: text.replace('"', "'"))
    keys = Demand(
        f'Its keys are "title" (a text) and "{key}" (a list).',
        {"includes": ['"title"', f'"{key}"']},
        lambda text: text.replace(f'"{key}"', f'"{other}"'),
    )
    ask = f"Give a title and exactly {len(items)} {topic.things}."
    return task(rng, ask, text, [shape, keys, *named(rng, items, topic.items)])


TEMPLATES = (prose, bullets, json_only, paragraphs, small_letters, numbered, prose, capitals)


def cases(rng: random.Random) -> Iterator[dict[str, Any]]:
    """The templates in turn, for ever; what was asked before is passed over by whoever draws."""
    for number in itertools.count():
        template = TEMPLATES[number % len(TEMPLATES)]
        tags = [template.__name__, "smoke"] if number < 4 else [template.__name__]
        yield {"id": f"{template.__name__}-{number:03}", "tags": tags, **template(rng)}
