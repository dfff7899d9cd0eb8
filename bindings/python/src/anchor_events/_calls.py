"""The handles of the library, with an owner each, and the calls that block a thread.

No lock is held during a call, and a handle is freed when nobody refers to it any more. So a child of fork can go on, and
nothing is freed under a call that runs.
"""

from __future__ import annotations

import json
import select
import threading
import weakref
from collections.abc import Callable, Iterator
from ctypes import byref, c_uint32, c_void_p
from typing import Any, TypeVar

from ._arguments import text
from ._errors import Status, error, error_of
from ._event import Event
from ._library import NO_TIMEOUT, last_error, lib, take_text
from ._settings import Options, c_options, new_client

T = TypeVar("T")
_LOOK_AGAIN_MS = 100


class Handle:
    """A client of the library, until the last call on it has returned."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._client = new_client(settings)
        # At exit a thread may still be in a call, so nothing is freed then.
        weakref.finalize(self, lib.anchor_client_free, self._client).atexit = False
        self._is_closed = False

    def close(self) -> None:
        self._is_closed = True
        lib.anchor_client_cancel_all(self._client)

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def open(self) -> c_void_p:
        """The client, if it was not closed."""
        if self._is_closed:
            raise RuntimeError("the client is closed")
        return self._client

    def set_api_key(self, api_key: str) -> None:
        _check(lib.anchor_client_set_api_key(self.open(), text("api_key", api_key)))

    def stats(self) -> dict[str, Any]:
        out = c_void_p()
        _check(lib.anchor_client_stats(self.open(), byref(out)))
        stats: dict[str, Any] = json.loads(take_text(out))
        return stats

    def start(
        self, queue: Queue, name: str, millis: int, options: Options | None, tag: int = 0, wait: c_void_p | None = None
    ) -> None:
        """Starts a wait whose outcome goes to the queue. The handle of the wait is only needed to cancel it alone."""
        event_name = text("event name", name)
        out = None if wait is None else byref(wait)
        with c_options(options) as given:
            _check(lib.anchor_wait_start_on(self.open(), queue.handle, event_name, millis, tag, given, out))
        # Another thread may have closed the client meanwhile.
        if self._is_closed:
            lib.anchor_client_cancel_all(self._client)


class Wait:
    """The handle of a wait on a queue."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.handle = c_void_p()
        weakref.finalize(self, lib.anchor_wait_free, self.handle).atexit = False

    def cancel(self) -> None:
        lib.anchor_wait_cancel(self.handle)


class Queue:
    """Collects the outcomes of any number of waits."""

    def __init__(self) -> None:
        self.handle = c_void_p()
        _check(lib.anchor_queue_new(byref(self.handle)))
        self._free = weakref.finalize(self, lib.anchor_queue_free, self.handle)
        self._free.atexit = False

    def fileno(self) -> int:
        """Readable while the queue is not empty."""
        descriptor: int = lib.anchor_queue_fd(self.handle)
        return descriptor

    def take_all(self) -> Iterator[tuple[int, int, str]]:
        """The tag, the status and the text of each wait that has ended."""
        done = c_void_p()
        while lib.anchor_queue_next(self.handle, 0, None, byref(done)) == Status.OK:
            yield lib.anchor_completion_tag(done), lib.anchor_completion_status(done), _text_of(done)
            lib.anchor_completion_free(done)


class QueueOfOne(Queue):
    """A queue for a single wait, of a thread that blocks.

    A handler of Python may raise at any call that returns. So nothing depends on what a call returns: the library writes the
    completion to where it is found again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._done = c_void_p()
        self._free_done = weakref.finalize(self, lib.anchor_completion_free, self._done)
        self._free_done.atexit = False

    def block(self) -> None:
        """Returns when the wait has ended. Python's signal handlers run meanwhile, and what they raise is raised."""
        if not hasattr(select, "poll"):
            while lib.anchor_queue_next(self.handle, _LOOK_AGAIN_MS, None, byref(self._done)) == Status.PENDING:
                pass
            return
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        poll.poll()

    def cancel(self) -> None:
        if self._free.alive:
            lib.anchor_queue_cancel_all(self.handle)

    def is_started(self) -> bool:
        return bool(self._done) or lib.anchor_queue_running(self.handle) > 0

    def result(self, name: str) -> Event:
        """What the wait ended with."""
        if not self._done:
            lib.anchor_queue_next(self.handle, NO_TIMEOUT, None, byref(self._done))
        return outcome(name, lib.anchor_completion_status(self._done), _text_of(self._done))

    def free(self) -> None:
        """What a handler raises while Python collects an object is lost. So this is not left to Python."""
        self._free_done()
        self._free()


class Stop:
    """Ends a blocking call from another thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.token = lib.anchor_cancel_token_new()
        if not self.token:
            raise error(Status.OUT_OF_MEMORY, {"message": last_error()})

    def __call__(self) -> None:
        with self._lock:
            if self.token:
                lib.anchor_cancel_token_cancel(self.token)

    def run(self, call: Callable[[Stop], T]) -> T:
        """Makes the one call. Afterwards there is nothing to stop."""
        try:
            return call(self)
        finally:
            with self._lock:
                token, self.token = self.token, None
            lib.anchor_cancel_token_free(token)


def signal(handle: Handle, name: bytes, data: bytes, millis: int, options: Options | None, token: int) -> None:
    """Signals an event, in this thread."""
    out = c_void_p()
    with c_options(options) as given:
        status = lib.anchor_signal_event_with(handle.open(), name, data, millis, given, token, byref(out))
    answer = take_text(out)
    if status != Status.OK:
        raise error_of(status, answer)


def drain(handle: Handle, name: bytes, millis: int, options: Options | None, token: int) -> int:
    """Drops the signals of an event, in this thread."""
    drained = c_uint32()
    with c_options(options) as given:
        _check(lib.anchor_drain_event_with(handle.open(), name, millis, given, token, byref(drained)))
    return drained.value


def beside(call: Callable[[], T], ended: Callable[[Callable[[], T]], None]) -> threading.Thread:
    """Makes a call in a thread of its own, which then reports its end: a function that returns what it returned, or raises
    what it raised."""

    def run() -> None:
        try:
            value = call()
        except BaseException as failure:
            ended(_raises(failure))
        else:
            ended(lambda: value)

    thread = threading.Thread(target=run, name="anchor-call", daemon=True)
    thread.start()
    return thread


def interruptible(call: Callable[[Stop], T]) -> T:
    """Makes a call that blocks. In the main thread it can be interrupted, as Python's own calls can.

    Python runs signal handlers in the main thread only, and only between its own instructions. So the call is made in a thread
    beside it.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        return stop.run(call)
    ends: list[Callable[[], T]] = []
    thread = beside(lambda: stop.run(call), ends.append)
    try:
        thread.join()
    except BaseException:
        stop()
        thread.join()
        raise
    return ends[0]()


def _text_of(completion: c_void_p) -> str:
    return (lib.anchor_completion_json(completion) or b"").decode()


def outcome(name: str, status: int, answer: str) -> Event:
    """The event, or its error."""
    if status == Status.OK:
        return Event(name, answer)
    raise error_of(status, answer)


def _raises(failure: BaseException) -> Callable[[], Any]:
    def end() -> Any:
        raise failure

    return end


def _check(status: int) -> None:
    if status != Status.OK:
        raise error(status, {"message": last_error()})
