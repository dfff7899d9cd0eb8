"""What a wait returns, and events that arrived when nobody waited any more."""

from __future__ import annotations

import json
import os
from collections import defaultdict, deque
from typing import Any


class Event:
    """An event that was signaled. Its representation does not show the data, so that no log has it."""

    __slots__ = ("_answer", "name", "raw")

    def __init__(self, name: str, raw: str) -> None:
        self.name = name
        self.raw = raw
        """The service's answer, as it was."""
        self._answer: dict[str, Any] | None = None

    @property
    def data(self) -> dict[str, Any]:
        """What was signaled."""
        if self._answer is None:
            self._answer = json.loads(self.raw)
        data: dict[str, Any] = self._answer.get("data", {})
        return data

    def __repr__(self) -> str:
        return f"Event(name={self.name!r})"


class Kept:
    """Events whose wait was cancelled at the moment at which they arrived. The next wait for their name gets them.

    A child of fork has copies, which are for its parent alone.
    """

    def __init__(self) -> None:
        self._events: defaultdict[str, deque[Event]] = defaultdict(deque)
        self._process = os.getpid()

    def keep(self, event: Event) -> None:
        self._events[event.name].append(event)

    def take(self, name: str) -> Event | None:
        if self._process != os.getpid():
            self._events.clear()
            self._process = os.getpid()
        events = self._events.get(name)
        if not events:
            return None
        # No call from here on: a signal handler could raise as it returns.
        event = events[0]
        del events[0]
        return event
