"""The local server, as servers.py started it, and what a test waits for."""

from __future__ import annotations

import asyncio
import json
import os
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

PATIENCE = 60


def covers(*numbers: str) -> pytest.MarkDecorator:
    """The behaviours of conformance.md that a test covers."""
    return pytest.mark.covers(*numbers)


def waiting(event: str | None = None) -> int:
    """How many waits the server holds, for one event or for all."""
    request = urllib.request.Request(
        os.environ["ANCHORBROWSER_BASE_URL"] + "/admin/state",
        headers={"anchor-admin-token": os.environ["ANCHOR_TEST_ADMIN_TOKEN"]},
    )
    with urllib.request.urlopen(request) as answer:
        state: dict[str, Any] = json.load(answer)
    count: int = state["waitingCount"]
    return count if event is None else sum(wait["event"] == event for wait in state["waiting"])


def until(condition: Callable[[], bool]) -> None:
    """Returns when it holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.01)


async def until_waiting(count: int, event: str | None = None) -> None:
    """The same, for a number of waits, while the event loop goes on."""
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(waiting, event) != count:
            await asyncio.sleep(0.01)
