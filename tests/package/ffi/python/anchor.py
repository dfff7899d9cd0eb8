"""libanchor for Python, with ctypes alone: wait until a named event is signaled, and signal one.

ctypes lets go of the GIL during a call, so other threads run while one waits. Settings come from the environment.
"""

import asyncio
import ctypes
import itertools
import json
import time
from ctypes import POINTER, byref, c_char_p, c_int, c_int32, c_int64, c_uint64, c_void_p

OK, TIMEOUT, CANCELLED, INTERRUPTED = 0, 1, 2, 4
REQUEST_TIMEOUT = -2

_library = ctypes.CDLL("libanchor.so.0")


def _function(name, result, *arguments):
    function = getattr(_library, name)
    function.restype, function.argtypes = result, arguments
    return function


_status_name = _function("anchor_status_name", c_char_p, c_int32)
# An answer is declared as void *, not as char *: ctypes would copy the text and lose the pointer that is to be freed.
_string_free = _function("anchor_string_free", None, c_void_p)
_config_new = _function("anchor_config_new", c_void_p)
_config_free = _function("anchor_config_free", None, c_void_p)
_config_error = _function("anchor_config_error", c_char_p, c_void_p)
_config_set_interruptible = _function("anchor_config_set_interruptible", c_int32, c_void_p, c_int)
_client_new = _function("anchor_client_new", c_int32, c_void_p, POINTER(c_void_p))
_client_free = _function("anchor_client_free", None, c_void_p)
_wait = _function("anchor_wait_for_event", c_int32, c_void_p, c_char_p, c_int64, c_void_p, POINTER(c_void_p))
_signal = _function("anchor_signal_event", c_int32, c_void_p, c_char_p, c_char_p, c_int64, c_void_p, POINTER(c_void_p))
_token_new = _function("anchor_cancel_token_new", c_void_p)
_token_cancel = _function("anchor_cancel_token_cancel", None, c_void_p)
_token_free = _function("anchor_cancel_token_free", None, c_void_p)
_last_error = _function("anchor_last_error", c_char_p)
_queue_new = _function("anchor_queue_new", c_int32, POINTER(c_void_p))
_queue_fd = _function("anchor_queue_fd", c_int, c_void_p)
_queue_next = _function("anchor_queue_next", c_int32, c_void_p, c_int64, c_void_p, POINTER(c_void_p))
_queue_free = _function("anchor_queue_free", None, c_void_p)
_wait_start_on = _function(
    "anchor_wait_start_on", c_int32, c_void_p, c_void_p, c_char_p, c_int64, c_uint64, c_void_p, POINTER(c_void_p)
)
_wait_cancel = _function("anchor_wait_cancel", None, c_void_p)
_wait_free = _function("anchor_wait_free", None, c_void_p)
_completion_tag = _function("anchor_completion_tag", c_uint64, c_void_p)
_completion_status = _function("anchor_completion_status", c_int32, c_void_p)
_completion_json = _function("anchor_completion_json", c_char_p, c_void_p)
_completion_free = _function("anchor_completion_free", None, c_void_p)


class Error(Exception):
    """What went wrong: `status` such as "ANCHOR_UNAUTHORIZED", and `details`, the library's error object."""

    def __init__(self, status, details):
        super().__init__(details.get("message", status))
        self.status, self.details = status, details


class Timeout(Error, TimeoutError):
    """The event was not signaled within the time."""


class Cancelled(Error):
    """The call was cancelled from elsewhere."""


class CancelToken:
    """Brings calls back, from any thread."""

    def __init__(self):
        self._handle = _token_new()
        if not self._handle:
            raise MemoryError("no memory or file descriptor left")

    def cancel(self):
        _token_cancel(self._handle)

    def __del__(self):
        _token_free(self._handle)


class Client:
    """One for the whole program: any number of threads may use it at once."""

    def __init__(self):
        config, handle = _config_new(), c_void_p()
        try:
            # Python's own handler only sets a flag; the call has to return for Ctrl-C to be seen.
            _config_set_interruptible(config, 1)
            status = _client_new(config, byref(handle))
            if status != OK:
                raise Error(_name(status), {"message": (_config_error(config) or b"").decode()})
        finally:
            _config_free(config)
        self._handle = handle

    def wait(self, event, timeout=60.0, cancel=None):
        """Blocks until the event is signaled; gives the answer, such as {"data": {...}}. `timeout` is in seconds."""
        deadline = time.monotonic() + timeout
        while True:
            left = max(0, round((deadline - time.monotonic()) * 1000))
            status, answer = self._call(_wait, event.encode(), left, cancel and cancel._handle)
            # Python has run its signal handlers by now: Ctrl-C has raised, anything else goes on waiting.
            if status != INTERRUPTED:
                return _answer(status, answer)

    def signal(self, event, data=None, timeout=None, cancel=None):
        """Hands data to whoever waits for the event, now or later. `timeout` is in seconds; None is that of the settings."""
        millis = REQUEST_TIMEOUT if timeout is None else max(0, round(timeout * 1000))
        text = json.dumps(data or {}).encode()
        return _answer(*self._call(_signal, event.encode(), text, millis, cancel and cancel._handle))

    def _call(self, function, *arguments):
        out = c_void_p()
        status = function(self._handle, *arguments, byref(out))
        try:
            return status, json.loads(ctypes.string_at(out.value)) if out.value else {}
        finally:
            _string_free(out)

    def __del__(self):
        if hasattr(self, "_handle"):
            _client_free(self._handle)


class Queue:
    """Any number of waits on the event loop of asyncio that runs when it is made. Close it in the end."""

    def __init__(self):
        self._handle, self._tags, self._ends = c_void_p(), itertools.count(), {}
        if _queue_new(byref(self._handle)) != OK:
            raise MemoryError("no memory or file descriptor left")
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(_queue_fd(self._handle), self._take)

    async def wait(self, client, event, timeout=60.0):
        """As Client.wait. If the task is cancelled, an event that has arrived is still returned."""
        wait, tag, millis = c_void_p(), next(self._tags), round(timeout * 1000)
        status = _wait_start_on(client._handle, self._handle, event.encode(), millis, tag, None, byref(wait))
        if status != OK:
            raise Error(_name(status), {"message": (_last_error() or b"").decode()})
        end = self._ends[tag] = self._loop.create_future()
        try:
            return _answer(*await asyncio.shield(end))
        except asyncio.CancelledError:
            _wait_cancel(wait)
            status, answer = await end
            if status != OK:
                raise
            return answer
        finally:
            _wait_free(wait)

    def close(self):
        """Cancels the waits that still run."""
        self._loop.remove_reader(_queue_fd(self._handle))
        _queue_free(self._handle)
        for end in self._ends.values():
            end.cancel()

    def _take(self):
        done = c_void_p()
        while _queue_next(self._handle, 0, None, byref(done)) == OK:
            end = self._ends.pop(_completion_tag(done))
            if not end.done():
                end.set_result((_completion_status(done), json.loads(_completion_json(done) or b"{}")))
            _completion_free(done)


def _name(status):
    return _status_name(status).decode()


def _answer(status, answer):
    if status == OK:
        return answer
    kind = {TIMEOUT: Timeout, CANCELLED: Cancelled}.get(status, Error)
    raise kind(_name(status), answer.get("error", {}))
