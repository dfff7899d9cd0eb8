"""Client: calls that block the thread that makes them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Unpack

from . import _calls
from ._arguments import Seconds, json_object, limit, milliseconds, text
from ._errors import AnchorError
from ._event import Event, Kept
from ._library import REQUEST_TIMEOUT
from ._settings import Options, Settings

DEFAULT_TIMEOUT = 60.0


class CancelToken:
    """Ends calls of a Client from another thread. Any number of calls may share one."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._is_cancelled = False
        self._stops: dict[object, Callable[[], None]] = {}

    def cancel(self) -> None:
        """Ends every call that was given the token, and every later one, with Cancelled."""
        with self._lock:
            self._is_cancelled = True
            for stop in list(self._stops.values()):
                stop()

    @property
    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._is_cancelled

    @contextmanager
    def _ends(self, stop: Callable[[], None]) -> Iterator[None]:
        key = object()
        with self._lock:
            self._stops[key] = stop
            if self._is_cancelled:
                stop()
        try:
            yield
        finally:
            with self._lock:
                del self._stops[key]


class Client:
    """Waits for events and signals them. Any number of threads may use one client at once.

    Settings are keyword arguments. Those that are absent are from the environment: the key from ANCHORBROWSER_API_KEY.
    """

    def __init__(self, **settings: Unpack[Settings]) -> None:
        self._handle = _calls.Handle(dict(settings))
        self._kept = Kept()

    def wait(
        self,
        name: str,
        timeout: Seconds | None = DEFAULT_TIMEOUT,
        *,
        options: Options | None = None,
        cancel: CancelToken | None = None,
    ) -> Event:
        """Blocks until the event is signaled, and returns it.

        An event that was signaled before is taken at once. If Ctrl-C or a signal handler ends the wait as the event arrives,
        the next wait of this client for the name returns it.

        Args:
            name: 1 to 4,096 bytes of UTF-8, not "." or ".."; events belong to the account
            timeout: in seconds; 0 asks once; None sets no limit
            options: what is otherwise than in the client's settings
            cancel: ends the wait with Cancelled

        Raises:
            EventTimeout: the event was not signaled within the time. It is a TimeoutError.
            AnchorError: any other failure
        """
        millis = limit(timeout)
        text("event name", name)
        kept = self._kept.take(name)
        if kept:
            return kept
        queue, event = _calls.QueueOfOne(), None
        try:
            self._handle.start(queue, name, millis, options)
            with _cancelling(cancel, queue.cancel):
                queue.block()
            event = queue.result(name)
            queue.free()
        except BaseException:
            queue.cancel()
            self._keep(queue, name, event)
            queue.free()
            raise
        return event

    def events(self, name: str, *, options: Options | None = None, cancel: CancelToken | None = None) -> Iterator[Event]:
        """Each event of the name, without end. No event is asked for while the program handles one."""
        while True:
            yield self.wait(name, None, options=options, cancel=cancel)

    def signal(
        self,
        name: str,
        data: Mapping[str, Any] | None = None,
        *,
        timeout: Seconds | None = None,
        options: Options | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        """Hands the data to a wait for the event, now or later. A request that was written is never sent again.

        Args:
            data: becomes a JSON object
            timeout: in seconds; None is the request timeout of the settings
            options, cancel: as in `wait`

        Raises:
            NotSent: it is certain that the signal was not delivered
            AnchorError: any other failure; `maybe_consumed` says whether the signal may have been delivered
        """
        event_name, millis = text("event name", name), within(timeout)
        text_of_data = json_object({} if data is None else data)

        def call(stop: _calls.Stop) -> None:
            with _cancelling(cancel, stop):
                _calls.signal(self._handle, event_name, text_of_data, millis, options, stop.token)

        _calls.interruptible(call)

    def drain(
        self,
        name: str,
        *,
        timeout: Seconds | None = None,
        options: Options | None = None,
        cancel: CancelToken | None = None,
    ) -> int:
        """Drops the signals of an event that nobody has waited for, and returns their number.

        The arguments are as in `signal`.
        """
        event_name, millis = text("event name", name), within(timeout)

        def call(stop: _calls.Stop) -> int:
            with _cancelling(cancel, stop):
                return _calls.drain(self._handle, event_name, millis, options, stop.token)

        return _calls.interruptible(call)

    def set_api_key(self, api_key: str) -> None:
        """Replaces the key for what is sent from now on."""
        self._handle.set_api_key(api_key)

    def stats(self) -> dict[str, Any]:
        """Counts of what the client has done and does, as anchor_client_stats returns them."""
        return self._handle.stats()

    def close(self) -> None:
        """Ends the calls that run, with Cancelled. Later ones raise RuntimeError."""
        self._handle.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _keep(self, queue: _calls.QueueOfOne, name: str, event: Event | None) -> None:
        """The wait was cut short, perhaps as its event had arrived."""
        try:
            if event is None and queue.is_started():
                event = queue.result(name)
        except AnchorError:
            pass
        if event is not None:
            self._kept.keep(event)


@contextmanager
def _cancelling(cancel: CancelToken | None, stop: Callable[[], None]) -> Iterator[None]:
    if cancel is None:
        yield
        return
    if not isinstance(cancel, CancelToken):
        raise TypeError(f"cancel must be a CancelToken, not {type(cancel).__name__}")
    with cancel._ends(stop):
        yield


def within(timeout: Seconds | None) -> int:
    return REQUEST_TIMEOUT if timeout is None else milliseconds("timeout", timeout)
