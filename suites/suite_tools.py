"""Tool calls: the right tool among several, arguments from the text, several calls at once, and no call at all."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

description = "The right tool calls with the right arguments, or none where none is called for"
capability = "tools"
system = (
    "Use a tool only if the request needs one and gives every value; otherwise reply in words. Make all calls at once. "
    "Dates are YYYY-MM-DD, times HH:MM."
)
params = {"temperature": 0, "max_tokens": 256}
score = "tool_calls"
count = 48


def tool(name: str, about: str, /, **properties: str | Sequence[str]) -> dict[str, Any]:
    """A tool whose arguments are all required; each is a JSON type, or the list of what is allowed."""
    shapes = {
        key: {"type": kind} if isinstance(kind, str) else {"type": "string", "enum": list(kind)}
        for key, kind in properties.items()
    }
    parameters = {"type": "object", "properties": shapes, "required": list(shapes)}
    return {"name": name, "description": about, "parameters": parameters}


ROOMS = ("kitchen", "bedroom", "bathroom", "hallway", "office", "attic", "cellar", "nursery")
DOORS = ("front", "back", "garage", "garden")
CITIES = (
    "Oslo", "Lisbon", "Vienna", "Dublin", "Athens", "Prague", "Naples", "Seville", "Riga", "Gdansk", "Lyon", "Basel",
)  # fmt: skip
MONEY = ("EUR", "USD", "JPY", "CHF", "NOK", "PLN", "INR", "BRL")
PEOPLE = ("Aisha", "Benoit", "Chen", "Dora", "Enzo", "Freya", "Gil", "Hamid", "Ida", "Juan", "Keiko", "Lars")
TITLES = ("Design review", "Budget call", "Team lunch", "Fire drill", "Code walk-through", "Press briefing")

HOME = (
    tool("set_light", "Set the brightness of a room's light", room=ROOMS, percent="integer"),
    tool("set_heating", "Set a room's target temperature", room=ROOMS, celsius="number"),
    tool("lock_door", "Lock a door", door=DOORS),
    tool("unlock_door", "Unlock a door", door=DOORS),
)
TRAVEL = (
    tool("find_flights", "Find flights", origin="string", destination="string", date="string"),
    tool("find_trains", "Find trains", origin="string", destination="string", date="string"),
    tool("book_hotel", "Book a hotel room", city="string", arrival="string", nights="integer"),
    tool("get_forecast", "Weather forecast for a day", city="string", date="string"),
    tool("convert_money", "Convert money at today's rate", amount="number", source=MONEY, target=MONEY),
)
SHOP = (
    tool("order_status", "Where an order is", order_id="string"),
    tool("cancel_order", "Cancel an order that is not sent yet", order_id="string"),
    tool("refund", "Pay money back for an order", order_id="string", euros="number"),
)
OFFICE = (
    tool(
        "create_event",
        "Put an event into the calendar",
        title="string",
        date="string",
        start="string",
        minutes="integer",
    ),
    tool("cancel_event", "Remove the event at this time", date="string", start="string"),
    tool("list_events", "List the events of a day", date="string"),
    tool("find_phone", "Look up a colleague's phone number", name="string"),
    tool("set_reminder", "Remind the user of something", title="string", date="string", start="string"),
    tool("book_desk", "Reserve a desk for a day", desk="string", date="string"),
)

Call = dict[str, Any]


class Draft(NamedTuple):
    """A request, the tools at hand, the right calls, and the near misses; where no call is right, what to say."""

    request: str
    tools: Sequence[dict[str, Any]]
    right: Sequence[Call]
    wrong: Sequence[Call]
    words: str = ""


def call(name: str, /, **arguments: Any) -> Call:
    return {"name": name, "arguments": arguments}


def some_day(rng: random.Random) -> tuple[str, str]:
    """A day as a person writes it, and as YYYY-MM-DD."""
    day = date(2027, 1, 1) + timedelta(rng.randint(0, 700))
    return f"{day.day} {day:%B} {day.year}", day.isoformat()


def some_time(rng: random.Random) -> str:
    return f"{rng.randint(8, 18):02}:{rng.choice(['00', '15', '30', '45'])}"


def order_id(rng: random.Random) -> str:
    return f"{rng.choice('ABCDEFGH')}{rng.randint(10_000, 99_999)}"


def light(rng: random.Random) -> Draft:
    room, percent = rng.choice(ROOMS), rng.randint(5, 45)
    text = f"It is too bright in here, please dim the light in the {room} to {percent} percent."
    right = call("set_light", room=room, percent=percent)
    return Draft(text, HOME, [right], [call("set_light", room=room, percent=100 - percent)])


def night(rng: random.Random) -> Draft:
    door, room, celsius = rng.choice(DOORS), rng.choice(ROOMS), rng.randint(14, 23)
    text = f"Good night! Please lock the {door} door and heat the {room} to {celsius} degrees."
    right = [call("lock_door", door=door), call("set_heating", room=room, celsius=celsius)]
    return Draft(text, HOME, right, right[:1])


def two_lights(rng: random.Random) -> Draft:
    (one, two), percent = rng.sample(ROOMS, 2), rng.randint(5, 95)
    text = f"Set the light in the {one} to {percent}% and switch the one in the {two} off completely."
    right = [call("set_light", room=one, percent=percent), call("set_light", room=two, percent=0)]
    return Draft(text, HOME, right, [right[0], call("set_light", room=two, percent=percent)])


def journey(rng: random.Random) -> Draft:
    (start, end), (said, day) = rng.sample(CITIES, 2), some_day(rng)
    name, other, way = rng.choice(
        [("find_trains", "find_flights", "I don't fly"), ("find_flights", "find_trains", "By plane, please")]
    )
    text = f"How can I get from {start} to {end} on {said}? {way}."
    right = call(name, origin=start, destination=end, date=day)
    return Draft(text, TRAVEL, [right], [right | {"name": other}])


def hotel(rng: random.Random) -> Draft:
    city, nights, (said, day) = rng.choice(CITIES), rng.randint(2, 9), some_day(rng)
    text = f"{rng.choice(PEOPLE)} and I arrive in {city} on {said} and stay for {nights} nights. Book us a room."
    right = call("book_hotel", city=city, arrival=day, nights=nights)
    return Draft(text, TRAVEL, [right], [call("book_hotel", city=city, arrival=day, nights=nights + 1)])


def forecasts(rng: random.Random) -> Draft:
    cities, (said, day) = rng.sample(CITIES, rng.choice([2, 3])), some_day(rng)
    text = f"Where will the weather be best on {said}: {' or '.join(cities)}?"
    right = [call("get_forecast", city=city, date=day) for city in cities]
    return Draft(text, TRAVEL, right, right[:-1])


def money(rng: random.Random) -> Draft:
    amount, (source, target) = 5 * rng.randint(3, 400), rng.sample(MONEY, 2)
    text = f"I need {target} for my trip. What do I get for {amount} {source}?"
    right = call("convert_money", amount=amount, source=source, target=target)
    return Draft(text, TRAVEL, [right], [call("convert_money", amount=amount, source=target, target=source)])


def where_is_it(rng: random.Random) -> Draft:
    old, new = order_id(rng), order_id(rng)
    text = f"Order {old} came yesterday, thanks. But where is {new}?"
    return Draft(text, SHOP, [call("order_status", order_id=new)], [call("order_status", order_id=old)])


def refund(rng: random.Random) -> Draft:
    order, paid = order_id(rng), rng.randint(30, 200)
    back = rng.randint(5, paid - 5)
    text = f"The customer paid {paid} euros for order {order}. One part was broken; pay {back} euros back."
    return Draft(text, SHOP, [call("refund", order_id=order, euros=back)], [call("refund", order_id=order, euros=paid)])


def cancel_two(rng: random.Random) -> Draft:
    keep, *away = (order_id(rng) for _ in range(3))
    text = f"I have three open orders: {away[0]}, {keep} and {away[1]}. I only want to keep {keep}; cancel the others."
    right = [call("cancel_order", order_id=order) for order in away]
    return Draft(text, SHOP, right, [right[0], call("cancel_order", order_id=keep)])


def event(rng: random.Random) -> Draft:
    title, start, (said, day), hours = rng.choice(TITLES), some_time(rng), some_day(rng), rng.randint(1, 3)
    text = f'Put "{title}" into my calendar: {said}, {start}, for {hours} and a half hours.'
    right = call("create_event", title=title, date=day, start=start, minutes=60 * hours + 30)
    return Draft(text, OFFICE, [right], [call("create_event", title=title, date=day, start=start, minutes=60 * hours)])


def move_event(rng: random.Random) -> Draft:
    title, start, (said, day) = rng.choice(TITLES), some_time(rng), some_day(rng)
    text = f"Nobody can come to the {start} meeting on {said}. Remove it, "
    text += f'and remind me of "{title}" at that time instead.'
    right = [call("cancel_event", date=day, start=start), call("set_reminder", title=title, date=day, start=start)]
    return Draft(text, OFFICE, right, [right[1]])


def phone(rng: random.Random) -> Draft:
    one, two = rng.sample(PEOPLE, 2)
    text = f"{one} asked me to ring {two} at {some_time(rng)}. Which number do I dial?"
    return Draft(text, OFFICE, [call("find_phone", name=two)], [call("find_phone", name=one)])


def general_question(rng: random.Random) -> Draft:
    a, b = rng.randint(11, 99), rng.randint(11, 99)
    words = f"{a} plus {b} is {a + b}."
    wrong = call("convert_money", amount=a + b, source="EUR", target="USD")
    return Draft(f"Quick question before we plan the trip: what is {a} plus {b}?", TRAVEL, [], [wrong], words)


def value_missing(rng: random.Random) -> Draft:
    city, name, nights = rng.choice(CITIES), rng.choice(PEOPLE), rng.randint(2, 9)
    text = f"Book {nights} nights in a hotel in {city} for {name} and me. I don't know yet when we arrive."
    wrong = call("book_hotel", city=city, arrival="2027-01-01", nights=nights)
    return Draft(text, TRAVEL, [], [wrong], "When do you arrive? I need the date to book the room.")


def no_tool_fits(rng: random.Random) -> Draft:
    room, (said, _), name = rng.choice(ROOMS), some_day(rng), rng.choice(PEOPLE)
    job = rng.choice(["paint the walls of", "mop the floor of", "hang a picture in", "bring flowers to"])
    words = "I have no tool for that. I can set lights and heating and lock doors."
    text = f"{name} visits on {said}. Please {job} the {room} before that."
    return Draft(text, HOME, [], [call("set_light", room=room, percent=100)], words)


TEMPLATES: tuple[Callable[[random.Random], Draft], ...] = (
    light, forecasts, general_question, event, where_is_it, night, journey, value_missing, cancel_two, phone, hotel,
    money, no_tool_fits, two_lights, refund, move_event,
)  # fmt: skip


def cases(rng: random.Random) -> Iterator[dict[str, Any]]:
    """The templates in turn, for ever; what was asked before is passed over by whoever draws."""
    for number in itertools.count():
        template = TEMPLATES[number % len(TEMPLATES)]
        draft = template(rng)
        kind = ("none", "single")[len(draft.right)] if len(draft.right) < 2 else "parallel"
        yield {
            "id": f"{template.__name__}-{number:03}",
            "prompt": draft.request,
            "tools": rng.sample(list(draft.tools), len(draft.tools)),
            "expect": draft.right,
            "tags": [kind, "smoke"] if number < 4 else [kind],
            "reference": {"tool_calls": draft.right} if draft.right else draft.words,
            "distractor": {"tool_calls": draft.wrong},
        }
