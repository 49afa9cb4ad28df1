"""Extraction: invoices, e-mails, bookings, signatures, log lines and the like, to be turned into JSON by a schema."""

import itertools
import json
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

description = "Everyday documents to be turned into JSON; every value must be right"
capability = "extraction"
params = {"temperature": 0, "max_tokens": 256}
count = 48


class Draft(NamedTuple):
    """A document, the keys that are asked for, what is right, and the values that a careless reader takes instead."""

    text: str
    keys: str
    record: dict[str, Any]
    slip: dict[str, Any]


FIRST = ("Aylin", "Bruno", "Carmen", "Deniz", "Elif", "Frida", "Goran", "Helle", "Imran", "Jelena", "Kwame", "Liv")
LAST = ("Andersen", "Becker", "Costa", "Dvorak", "Ekman", "Fontana", "Garcia", "Hoxha", "Ito", "Jansen", "Kovac")
COMPANIES = ("Nordlicht GmbH", "Blue Heron Ltd", "Atelier Colline", "Quarry & Sons", "Tamarind Foods", "Vela Logistics")
CITIES = ("Porto", "Tallinn", "Graz", "Lyon", "Malmö", "Kraków", "Bergen", "Izmir", "Ghent", "Cork", "Split", "Turku")
GOODS = (
    "desk lamp",
    "office chair",
    "label printer",
    "whiteboard",
    "paper shredder",
    "USB hub",
    "filing box",
    "monitor arm",
)
DISHES = ("margherita", "funghi", "diavola", "calzone", "marinara", "ortolana")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def some_day(rng: random.Random) -> date:
    return date(2026, 1, 1) + timedelta(rng.randint(0, 1000))


def written(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def some_time(rng: random.Random) -> str:
    return f"{rng.randint(7, 21):02}:{rng.choice([0, 5, 10, 15, 20, 30, 40, 45, 50]):02}"


def invoice(rng: random.Random) -> Draft:
    goods, day = rng.sample(GOODS, 2), some_day(rng)
    items: list[dict[str, Any]] = [
        {"name": name, "quantity": rng.randint(2, 12), "unit_price": 5 * rng.randint(3, 60)} for name in goods
    ]
    shipping, vendor = rng.randint(4, 25), rng.choice(COMPANIES)
    net = sum(item["quantity"] * item["unit_price"] for item in items)
    number = f"{rng.choice('ABKRX')}-{rng.randint(1000, 9999)}/{day.year % 100}"
    lines = "\n".join(f"{item['quantity']} x {item['name']} @ EUR {item['unit_price']}" for item in items)
    text = f"{vendor}\nInvoice {number}, {written(day)}\n{lines}\nSubtotal EUR {net}\nShipping EUR {shipping}\n"
    text += f"To pay EUR {net + shipping}"
    keys = "number, vendor, date (YYYY-MM-DD), items (list of {name, quantity, unit_price}), total (number, to be paid)"
    record = {"number": number, "vendor": vendor, "date": day.isoformat(), "items": items, "total": net + shipping}
    return Draft(text, keys, record, {"total": net})


def meeting(rng: random.Random) -> Draft:
    old, name = some_day(rng), rng.choice(FIRST)
    new = old + timedelta(rng.randint(1, 6))
    topic = rng.choice(["budget review", "sprint planning", "site visit", "hiring round", "safety training"])
    room, start = rng.choice(["Birch", "Cedar", "Maple", "Rowan", "Willow"]), some_time(rng)
    text = f"Hi all, the {topic} planned for {written(old)} has to move: it is now on {written(new)} at {start}, "
    text += f"in room {room}. {rng.choice(FIRST)} cannot join. Please confirm. Best, {name}"
    keys = "topic, date (YYYY-MM-DD), time (HH:MM), room (its name only), sender"
    record = {"topic": topic, "date": new.isoformat(), "time": start, "room": room, "sender": name}
    return Draft(text, keys, record, {"date": old.isoformat()})


def booking(rng: random.Random) -> Draft:
    arrival, nights, people = some_day(rng), rng.randint(2, 9), rng.randint(2, 5)
    name, room = f"{rng.choice(FIRST)} {rng.choice(LAST)}", rng.choice(["double", "family", "garden", "studio"])
    breakfast = rng.random() < 0.5
    text = f"Dear hotel, we would like a {room} room from {written(arrival)} for {NUMBERS[nights]} nights. "
    text += f"We are {people - 1} adults and a child, and would {'like' if breakfast else 'rather not have'} "
    text += f"breakfast. Kind regards, {name}"
    keys = (
        "guest (full name), room (one word), arrival and departure (YYYY-MM-DD), people (number), breakfast (boolean)"
    )
    record = {
        "guest": name,
        "room": room,
        "arrival": arrival.isoformat(),
        "departure": (arrival + timedelta(nights)).isoformat(),
        "people": people,
        "breakfast": breakfast,
    }
    return Draft(text, keys, record, {"people": people - 1})


def signature(rng: random.Random) -> Draft:
    first, last, company, city = rng.choice(FIRST), rng.choice(LAST), rng.choice(COMPANIES), rng.choice(CITIES)
    role = rng.choice(["Head of Sales", "Lab Manager", "Site Engineer", "Press Officer", "Account Manager"])
    phone, fax = (f"+{rng.randint(30, 99)} {rng.randint(100, 999)} {rng.randint(1000, 9999)}" for _ in range(2))
    mail = f"{first}.{last}@example.org".lower()
    web = rng.choice([None, f"www.example.org/{last.lower()}"])
    text = f"{first} {last} | {role}\n{company}, {city}\nfax {fax} / tel {phone}\n{mail}" + (f"\n{web}" if web else "")
    keys = "first_name, last_name, role, company, city, phone, email, website (null if there is none)"
    record = {
        "first_name": first,
        "last_name": last,
        "role": role,
        "company": company,
        "city": city,
        "phone": phone,
        "email": mail,
        "website": web,
    }
    return Draft(text, keys, record, {"phone": fax})


def log_line(rng: random.Random) -> Draft:
    moment = f"{some_day(rng).isoformat()}T{some_time(rng)}:{rng.randint(0, 59):02}Z"
    level, service = rng.choice(["INFO", "WARN", "ERROR"]), rng.choice(["payments", "search", "mailer", "auth"])
    message = rng.choice(["card declined", "index rebuilt", "queue full", "token expired", "retry scheduled"])
    user, took, limit = rng.randint(100, 9999), rng.randint(12, 4999), 500 * rng.randint(10, 20)
    text = (
        f"{moment} {level} [{service}] pid={rng.randint(10, 99)} uid={user} t={took}ms limit={limit}ms msg={message!r}"
    )
    keys = "timestamp (as written), level, service, user_id (number), duration_ms (number), message"
    record = {
        "timestamp": moment,
        "level": level,
        "service": service,
        "user_id": user,
        "duration_ms": took,
        "message": message,
    }
    return Draft(text, keys, record, {"duration_ms": limit})


def order(rng: random.Random) -> Draft:
    one, two = rng.sample(DISHES, 2)
    first, second, more = rng.randint(2, 4), rng.randint(2, 5), rng.randint(1, 2)
    size, pickup, name = rng.choice(["small", "large"]), some_time(rng), rng.choice(FIRST)
    text = f"Hello, {NUMBERS[first]} {size} {one} and {NUMBERS[second]} medium {two}, please. Sorry, one moment … "
    text += f"make that {NUMBERS[first + more]} {one}. I'll collect them at {pickup}. The name is {name}."
    items = [{"dish": one, "size": size, "quantity": first + more}, {"dish": two, "size": "medium", "quantity": second}]
    keys = "name, pickup (HH:MM), items (list of {dish, size, quantity}, in the order of the text)"
    wrong = [{**items[0], "quantity": first}, items[1]]
    return Draft(text, keys, {"name": name, "pickup": pickup, "items": items}, {"items": wrong})


def flight(rng: random.Random) -> Draft:
    start, end = rng.sample(CITIES, 2)
    code = f"{rng.choice(['QX', 'ZV', 'KJ', 'WY'])}{rng.randint(100, 999)}"
    early, late = sorted({some_time(rng), some_time(rng), "22:10", "06:35"})[1:3]
    old_gate, gate = (f"{letter}{rng.randint(1, 40)}" for letter in rng.sample("ABCDE", 2))
    text = f"Passengers to {end}: flight {code} from {start}, scheduled for {early}, will now depart at {late}. "
    text += f"Boarding has moved from gate {old_gate} to gate {gate}."
    keys = "flight, origin, destination, scheduled (HH:MM), departure (HH:MM, new), gate (new)"
    record = {"flight": code, "origin": start, "destination": end, "scheduled": early, "departure": late, "gate": gate}
    return Draft(text, keys, record, {"gate": old_gate})


def product(rng: random.Random) -> Draft:
    name = f"{rng.choice(['Fjord', 'Lumen', 'Pico', 'Terra'])} {rng.choice(['kettle', 'backpack', 'speaker', 'tent'])}"
    colours, grams = rng.sample(["red", "green", "black", "sand", "navy", "white"], 3), 50 * rng.randint(5, 60)
    price, off = rng.randint(20, 180), rng.choice([None, 10, 15, 20, 25])
    text = f"The {name} comes in {colours[0]}, {colours[1]} and {colours[2]} and weighs {grams} g. "
    text += f"It costs {price}.90 euros" + (f", {off}% off this week. " if off else ". ")
    text += f"{colours[2].capitalize()} is sold out until {written(some_day(rng))}."
    keys = "name, price (number, before any discount), discount_percent (number or null), weight_kg (number), "
    keys += "colours_available (list, only those that are not sold out, in the order of the text)"
    record = {
        "name": name,
        "price": price + 0.9,
        "discount_percent": off,
        "weight_kg": grams / 1000,
        "colours_available": colours[:2],
    }
    return Draft(text, keys, record, {"colours_available": colours})


TEMPLATES: tuple[Callable[[random.Random], Draft], ...] = (
    invoice, meeting, log_line, order, booking, signature, flight, product,
)  # fmt: skip


def schema_of(value: Any) -> dict[str, Any]:
    """The JSON Schema of values like this one: the same keys, the same types."""
    if isinstance(value, dict):
        properties = {key: schema_of(item) for key, item in value.items()}
        return {"type": "object", "properties": properties, "required": list(value), "additionalProperties": False}
    if isinstance(value, list):
        return {"type": "array", "items": schema_of(value[0])}
    names = {str: "string", bool: "boolean", int: "number", float: "number", type(None): "null"}
    return {"type": names[type(value)]}


def cases(rng: random.Random) -> Iterator[dict[str, Any]]:
    """The templates in turn, for ever; what was asked before is passed over by whoever draws."""
    for number in itertools.count():
        template = TEMPLATES[number % len(TEMPLATES)]
        draft = template(rng)
        yield {
            "id": f"{template.__name__}-{number:03}",
            "prompt": f"{draft.text}\n\nReply with one JSON object only, with the keys: {draft.keys}.",
            "expect": draft.record,
            "score": {"json": {"schema": schema_of(draft.record), "equals": True}},
            "tags": [template.__name__, "smoke"] if number < 4 else [template.__name__],
            "reference": json.dumps(draft.record, ensure_ascii=False),
            "distractor": json.dumps(draft.record | draft.slip, ensure_ascii=False),
        }
