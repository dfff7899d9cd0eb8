"""AsyncClient: calls that asyncio awaits. All waits of a client share one descriptor, which the event loop watches."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar, Unpack

from . import _calls
from ._arguments import Seconds, json_object, limit, text
from ._client import DEFAULT_TIMEOUT, within
from ._errors import AnchorError
from ._event import Event, Kept
from ._settings import Options, Settings

T = TypeVar("T")

# Signals and drains that run at once; each has a thread while it runs.
_MOST_THREADS = 16


@dataclass
class _Pending:
    wait: _calls.Wait
    future: asyncio.Future[Event]


class AsyncClient:
    """Waits for events and signals them, in asyncio. One event loop at a time may use it.

    Settings are as in Client. A wait takes no thread: cancel its task, or give it a time limit, as with any other coroutine.
    """

    def __init__(self, **settings: Unpack[Settings]) -> None:
        self._handle = _calls.Handle(dict(settings))
        self._queue = _calls.Queue()
        self._kept = Kept()
        self._tags = itertools.count()
        self._pending: dict[int, _Pending] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._emptied: asyncio.Future[None] | None = None
        self._threads = asyncio.Semaphore(_MOST_THREADS)
        self._process = os.getpid()

    async def wait(self, name: str, timeout: Seconds | None = DEFAULT_TIMEOUT, *, options: Options | None = None) -> Event:
        """Returns the event when it is signaled.

        An event that was signaled before is taken at once. If the task is cancelled as the event arrives, the next wait of this
        client for the name returns it.

        Args:
            name: 1 to 4,096 bytes of UTF-8, not "." or ".."; events belong to the account
            timeout: in seconds; 0 asks once; None sets no limit
            options: what is otherwise than in the client's settings

        Raises:
            EventTimeout: the event was not signaled within the time. It is a TimeoutError.
            AnchorError: any other failure
        """
        millis = limit(timeout)
        text("event name", name)
        kept = self._kept.take(name)
        if kept:
            return kept
        pending = self._start(name, millis, options)
        try:
            return await pending.future
        except asyncio.CancelledError:
            self._give_up(pending)
            raise

    async def events(self, name: str, *, options: Options | None = None) -> AsyncIterator[Event]:
        """Each event of the name, without end. No event is asked for while the program handles one."""
        while True:
            yield await self.wait(name, None, options=options)

    async def signal(
        self,
        name: str,
        data: Mapping[str, Any] | None = None,
        *,
        timeout: Seconds | None = None,
        options: Options | None = None,
    ) -> None:
        """Hands the data to a wait for the event, now or later. A request that was written is never sent again.

        Args:
            data: becomes a JSON object
            timeout: in seconds; None is the request timeout of the settings
            options: as in `wait`

        Raises:
            NotSent: it is certain that the signal was not delivered
            AnchorError: any other failure; `maybe_consumed` says whether the signal may have been delivered
        """
        event_name, millis = text("event name", name), within(timeout)
        text_of_data = json_object({} if data is None else data)
        handle = self._handle
        await self._beside(lambda stop: _calls.signal(handle, event_name, text_of_data, millis, options, stop.token))

    async def drain(self, name: str, *, timeout: Seconds | None = None, options: Options | None = None) -> int:
        """Drops the signals of an event that nobody has waited for, and returns their number.

        The arguments are as in `signal`.
        """
        event_name, millis, handle = text("event name", name), within(timeout), self._handle
        return await self._beside(lambda stop: _calls.drain(handle, event_name, millis, options, stop.token))

    def set_api_key(self, api_key: str) -> None:
        """Replaces the key for what is sent from now on."""
        self._handle.set_api_key(api_key)

    def stats(self) -> dict[str, Any]:
        """Counts of what the client has done and does, as anchor_client_stats returns them."""
        return self._handle.stats()

    async def aclose(self) -> None:
        """Ends the calls that run, with Cancelled, and returns when they have ended. Later ones raise RuntimeError."""
        self._handle.close()
        if self._pending and self._is_bound():
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _start(self, name: str, millis: int, options: Options | None) -> _Pending:
        loop, tag = asyncio.get_running_loop(), next(self._tags)
        self._bind(loop)
        wait = _calls.Wait(name)
        self._handle.start(self._queue, name, millis, options, tag, wait.handle)
        pending = _Pending(wait, loop.create_future())
        if not self._pending:
            loop.add_reader(self._queue.fileno(), self._take)
        self._pending[tag] = pending
        return pending

    def _bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belongs to this loop, unless waits of another still run. A child of fork has none of its parent's."""
        if loop is self._loop:
            return
        is_a_child = os.getpid() != self._process
        if is_a_child or (self._loop is not None and self._loop.is_closed()):
            self._pending.clear()
        if self._pending:
            raise RuntimeError("waits of the client run in another event loop")
        self._loop, self._process = loop, os.getpid()
        self._threads = asyncio.Semaphore(_MOST_THREADS)

    def _is_bound(self) -> bool:
        return self._loop is asyncio.get_running_loop() and self._process == os.getpid()

    def _take(self) -> None:
        for tag, status, answer in self._queue.take_all():
            pending = self._pending.pop(tag, None)
            if pending is None:
                continue
            self._settle(pending, status, answer)
        if not self._pending and self._loop is not None:
            self._loop.remove_reader(self._queue.fileno())
            if self._emptied is not None and not self._emptied.done():
                self._emptied.set_result(None)

    def _settle(self, pending: _Pending, status: int, answer: str) -> None:
        try:
            event = _calls.outcome(pending.wait.name, status, answer)
        except AnchorError as failure:
            if not pending.future.done():
                pending.future.set_exception(failure)
            return
        if pending.future.done():
            self._keep(event)
        else:
            pending.future.set_result(event)

    def _give_up(self, pending: _Pending) -> None:
        """The task of the wait was cancelled, perhaps as its event had arrived."""
        future = pending.future
        if not future.cancelled() and future.done():
            if future.exception() is None:
                self._keep(future.result())
        elif pending in self._pending.values():
            pending.wait.cancel()

    def _keep(self, event: Event) -> None:
        """For a wait that runs, which is then not needed any more, or else for the next."""
        for pending in self._pending.values():
            if pending.wait.name == event.name and not pending.future.done():
                pending.future.set_result(event)
                pending.wait.cancel()
                return
        self._kept.keep(event)

    async def _beside(self, call: Callable[[_calls.Stop], T]) -> T:
        """Makes a call that blocks in a thread of its own, and ends it if the task is cancelled."""
        loop = asyncio.get_running_loop()
        self._bind(loop)
        async with self._threads:
            self._handle.open()
            stop, future = _calls.Stop(), loop.create_future()

            def settle(end: Callable[[], T]) -> None:
                if not future.done():
                    future.set_result(end)

            def ended(end: Callable[[], T]) -> None:
                try:
                    loop.call_soon_threadsafe(settle, end)
                except RuntimeError:
                    pass  # the loop is closed

            _calls.beside(lambda: stop.run(call), ended)
            try:
                end: Callable[[], T] = await future
            except asyncio.CancelledError:
                stop()
                raise
            return end()
