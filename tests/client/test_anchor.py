"""The processes of a run date their attempts from one moment, so that what they say of time fits together."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from harness.client import Client
from tests.client.server import provider

LONG_AGO = datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)


def test_attempts_are_dated_from_the_anchor_by_the_monotonic_clock():
    async def story():
        client = Client()
        client.anchor(LONG_AGO, time.monotonic() - 3600.0)
        return await client.ask(provider("http://127.0.0.1:9"), "hi")

    began = time.monotonic()
    attempt = asyncio.run(story())
    since = attempt.started_at - LONG_AGO - timedelta(hours=1)
    assert timedelta() <= since <= timedelta(seconds=time.monotonic() - began)
