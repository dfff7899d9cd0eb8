"""Client: calls that block, their ends, and their arguments."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest

from anchor_events import (
    AnchorError,
    Cancelled,
    CancelToken,
    Client,
    Event,
    EventTimeout,
    InvalidArgument,
    Options,
    Status,
)

from server import covers, until, waiting


@pytest.fixture
def threads() -> Any:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@covers("C01", "C41")
def test_a_blocked_wait_gets_the_event(client: Client, name: str, threads: ThreadPoolExecutor) -> None:
    end: Future[Event] = threads.submit(client.wait, name)
    until(lambda: waiting(name) == 1)
    client.signal(name, {"code": "123456"})
    assert end.result().data == {"code": "123456"}
    assert end.result().name == name


@covers("C02", "C10")
def test_a_signal_before_the_wait_is_kept(client: Client, name: str) -> None:
    client.signal(name)
    assert client.wait(name, 0).data == {}


@covers("C03")
def test_each_signal_ends_one_wait(client: Client, name: str, threads: ThreadPoolExecutor) -> None:
    ends = [threads.submit(client.wait, name) for _ in range(4)]
    until(lambda: waiting(name) == 4)
    for number in range(4):
        client.signal(name, {"number": number})
    assert sorted(end.result().data["number"] for end in ends) == [0, 1, 2, 3]


@covers("C04", "C05", "C21")
def test_a_wait_ends_at_its_timeout(client: Client, name: str) -> None:
    for timeout in (0, 0.2, timedelta(milliseconds=200)):
        began = time.monotonic()
        with pytest.raises(TimeoutError) as failure:
            client.wait(name, timeout)
        assert timeout == 0 or time.monotonic() - began >= 0.2
        assert isinstance(failure.value, EventTimeout)
        assert (failure.value.status, failure.value.code) == (Status.TIMEOUT, 408)
        assert failure.value.timed_out
        assert not failure.value.maybe_consumed


@covers("C06")
def test_a_wait_without_limit(client: Client, name: str, threads: ThreadPoolExecutor) -> None:
    end = threads.submit(client.wait, name, None)
    until(lambda: waiting(name) == 1)
    client.signal(name)
    assert end.result().data == {}


@covers("C07", "C08")
def test_data_arrives_as_it_was_sent(client: Client, name: str) -> None:
    data = {
        "null": None,
        "booleans": [True, False],
        "numbers": [0, -1, 2**53, 10**30, 0.1, 1e300, -0.0],
        "text": '\0 \u2713 \U0001f511 \\ " \n',
        "nested": {"": [[], {}, [{"a": [None]}]]},
    }
    client.signal(name, data)
    event = client.wait(name, 0)
    assert event.data == data
    assert event.raw.startswith('{"data":')


@covers("C09")
@pytest.mark.parametrize("event_name", ["a b/c", "100%", "%2F", "événement ✓ \U0001f511", "...", "a?b#c"])
def test_any_text_is_a_name(client: Client, event_name: str) -> None:
    client.signal(event_name, {"name": event_name})
    assert client.wait(event_name, 0).data == {"name": event_name}


@covers("C11")
def test_events_in_a_loop(client: Client, name: str) -> None:
    for number in range(3):
        client.signal(name, {"number": number})
    taken = [event.data["number"] for event in islice(client.events(name), 2)]
    assert taken == [0, 1]
    assert client.wait(name, 0).data == {"number": 2}


@covers("C12")
def test_a_drain_counts_what_it_drops(client: Client, name: str) -> None:
    for _ in range(3):
        client.signal(name)
    assert client.drain(name) == 3
    assert client.drain(name, timeout=0) == 0


@covers("C13", "C14", "C15")
def test_a_token_ends_calls(client: Client, name: str, threads: ThreadPoolExecutor) -> None:
    token = CancelToken()
    ends: list[Future[Any]] = [threads.submit(client.wait, name, cancel=token) for _ in range(2)]
    until(lambda: waiting(name) == 2)
    ends.append(threads.submit(client.signal, "hang", cancel=token))
    until(lambda: client.stats()["connections"]["waiting"] == 3)
    token.cancel()
    for end in ends:
        assert isinstance(end.exception(), Cancelled)
    until(lambda: waiting(name) == 0)

    assert token.cancelled
    for call in (client.wait, client.signal, client.drain):
        with pytest.raises(Cancelled):
            call(name, cancel=token)


@covers("C19")
def test_closing_ends_waits(name: str, threads: ThreadPoolExecutor) -> None:
    client = Client()
    end = threads.submit(client.wait, name)
    until(lambda: waiting(name) == 1)
    client.close()
    assert isinstance(end.exception(), Cancelled)
    until(lambda: waiting(name) == 0)
    client.close()
    for call in (client.wait, client.signal, client.drain, client.set_api_key):
        with pytest.raises(RuntimeError, match="closed"):
            call(name)
    with pytest.raises(RuntimeError, match="closed"):
        client.stats()


@covers("C26")
@pytest.mark.parametrize("wrong", [None, 1, b"bytes", ["name"]])
def test_a_name_of_another_type_is_refused(client: Client, wrong: Any) -> None:
    for call in (client.wait, client.signal, client.drain, client.events):
        with pytest.raises(TypeError, match="event name must be a str"):
            next(iter([call(wrong)])) if call != client.events else next(call(wrong))


@covers("C27")
@pytest.mark.parametrize("wrong", ["", ".", "..", "x" * 4097])
def test_a_name_that_is_none_is_refused(client: Client, wrong: str) -> None:
    for call in (client.wait, client.signal, client.drain):
        with pytest.raises(ValueError, match="event_name") as failure:
            call(wrong)
        assert isinstance(failure.value, InvalidArgument)


@covers("C28")
def test_nul_is_refused(client: Client) -> None:
    for call in (client.wait, client.signal, client.drain):
        with pytest.raises(ValueError, match=r"U\+0000"):
            call("cut\0off")
    with pytest.raises(ValueError, match=r"proxy contains U\+0000"):
        Client(proxy="http://127.0.0.1\0.example")
    with pytest.raises(ValueError, match="surrogates"):
        client.wait("\ud800")


@covers("C29")
@pytest.mark.parametrize(
    ("timeout", "refusal"),
    [
        (-1, ValueError),
        (-0.001, ValueError),
        (timedelta(seconds=-1), ValueError),
        (math.inf, ValueError),
        (math.nan, ValueError),
        (1e300, ValueError),
        ("1", TypeError),
        (True, TypeError),
    ],
)
def test_a_time_that_is_none_is_refused(client: Client, name: str, timeout: Any, refusal: type[Exception]) -> None:
    for call in (lambda: client.wait(name, timeout), lambda: client.signal(name, timeout=timeout)):
        with pytest.raises(refusal, match="timeout"):
            call()
    with pytest.raises(refusal, match="grace"):
        Client(grace=timeout)


@covers("C30")
@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        ([], TypeError),
        ("text", TypeError),
        (1, TypeError),
        ({"x": object()}, TypeError),
        ({"x": math.inf}, ValueError),
        ({"x": math.nan}, ValueError),
    ],
)
def test_data_that_is_no_object_is_refused(client: Client, name: str, data: Any, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        client.signal(name, data)
    assert client.drain(name) == 0


@covers("C32")
def test_options_count_for_one_call(client: Client, name: str) -> None:
    with pytest.raises(AnchorError) as failure:
        client.wait("status_400", options=Options(request_id="trace-1", headers={"x-one": "1"}))
    assert failure.value.details["requestId"] == "trace-1"
    with pytest.raises(AnchorError) as failure:
        client.wait("status_503", 30, options=Options(retries=0))
    assert failure.value.details["attempts"] == 1
    with pytest.raises(TypeError, match="options"):
        client.wait(name, options={"retries": 0})  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="header"):
        client.wait(name, options=Options(headers={"content-length": "1"}))


@covers("C41")
def test_threads_share_a_client(client: Client, name: str, threads: ThreadPoolExecutor) -> None:
    def both(job: int) -> Any:
        client.signal(f"{name}_{job}", {"job": job, "thread": threading.get_ident()})
        return client.wait(f"{name}_{job}", 30).data["job"]

    assert list(threads.map(both, range(200))) == list(range(200))
