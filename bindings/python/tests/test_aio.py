"""AsyncClient: calls that asyncio awaits."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any

import pytest

from anchor_events import AsyncClient, Cancelled, Client, EventTimeout, InvalidArgument

from server import PATIENCE, covers, until, until_waiting, waiting

MANY = 500


def run(program: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(2 * PATIENCE):
            await program

    asyncio.run(bounded())


@covers("C01", "C02", "C10", "C12")
def test_waits_signals_and_drains(name: str) -> None:
    async def program() -> None:
        async with AsyncClient() as client:
            wait = asyncio.create_task(client.wait(name))
            await until_waiting(1, name)
            await client.signal(name, {"code": "123456"})
            assert (await wait).data == {"code": "123456"}
            await client.signal(name)
            await client.signal(name)
            assert (await client.wait(name, 0)).data == {}
            assert await client.drain(name) == 1

    run(program())


@covers("C04", "C05", "C13")
def test_a_wait_ends_at_its_timeout_or_that_of_asyncio(name: str) -> None:
    async def program() -> None:
        async with AsyncClient() as client:
            for timeout in (0, 0.2):
                began = time.monotonic()
                with pytest.raises(TimeoutError) as failure:
                    await client.wait(name, timeout)
                assert isinstance(failure.value, EventTimeout)
                assert time.monotonic() - began >= timeout
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await client.wait(name)
            await until_waiting(0, name)

    run(program())


@covers("C13", "C14", "C15")
def test_a_task_that_is_cancelled(name: str) -> None:
    async def program() -> None:
        async with AsyncClient() as client:
            calls = [asyncio.create_task(client.wait(name)), asyncio.create_task(client.signal("hang"))]
            await until_waiting(1, name)
            async with asyncio.timeout(PATIENCE):
                while client.stats()["connections"]["waiting"] < 2:
                    await asyncio.sleep(0.01)
            for call in calls:
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
            await until_waiting(0, name)
            never = asyncio.create_task(client.wait(name))
            never.cancel()
            with pytest.raises(asyncio.CancelledError):
                await never
            assert client.stats()["waits"] == 1

    run(program())


@covers("C16")
def test_an_event_that_arrived_as_its_task_was_cancelled(name: str) -> None:
    async def program(hold: float) -> None:
        async with AsyncClient() as client:
            wait = asyncio.create_task(client.wait(name))
            await until_waiting(1, name)
            with Client() as other:
                other.signal(name, {"hold": hold})
            # The event loop did not run meanwhile, or only until the answer was read: the event is there, and was not taken.
            until(lambda: client.stats()["answers"] == 1)
            await asyncio.sleep(hold)
            wait.cancel()
            try:
                event = await wait
            except asyncio.CancelledError:
                event = await client.wait(name, 0)
            assert event.data == {"hold": hold}

    for hold in (0, 0.05):
        run(program(hold))


@covers("C16")
def test_a_kept_event_goes_to_a_wait_that_runs(name: str) -> None:
    async def program() -> None:
        async with AsyncClient() as client:
            first, second = (asyncio.create_task(client.wait(name)) for _ in range(2))
            await until_waiting(2, name)
            with Client() as other:
                other.signal(name, {"of": "one of them"})
            until(lambda: client.stats()["answers"] == 1)
            # Whichever has it is cancelled first.
            first.cancel()
            ends = await asyncio.wait_for(asyncio.gather(first, return_exceptions=True), PATIENCE)
            assert isinstance(ends[0], asyncio.CancelledError)
            assert (await second).data == {"of": "one of them"}

    run(program())


@covers("C39", "C40")
def test_many_waits_take_no_thread_and_leave_the_loop_alone(name: str) -> None:
    async def program() -> None:
        async with AsyncClient() as client:
            threads = threading.active_count()
            waits = [asyncio.create_task(client.wait(f"{name}_{job}", 120)) for job in range(MANY)]
            await until_waiting(MANY)
            with open("/proc/self/status") as status:
                in_all = int(next(line for line in status if line.startswith("Threads:")).split()[1])
            # Those of this test's pool, and the one of the library.
            assert in_all <= threads + 40, in_all
            assert await asyncio.to_thread(lambda: "the pool is free") == "the pool is free"
            for job in range(MANY):
                await client.signal(f"{name}_{job}", {"job": job})
            assert [event.data["job"] for event in await asyncio.gather(*waits)] == list(range(MANY))

    run(program())


@covers("C11")
def test_events_in_a_loop(name: str) -> None:
    async def program() -> None:
        async with AsyncClient() as client:
            for number in range(3):
                await client.signal(name, {"number": number})
            taken = []
            async with aclosing(client.events(name)) as events:  # type: ignore[type-var]
                async for event in events:
                    taken.append(event.data["number"])
                    if len(taken) == 2:
                        break
            assert taken == [0, 1]
            assert (await client.wait(name, 0)).data == {"number": 2}

    run(program())


@covers("C19")
def test_closing_ends_waits(name: str) -> None:
    async def program() -> None:
        async with AsyncClient() as client:
            wait = asyncio.create_task(client.wait(name))
            await until_waiting(1, name)
        with pytest.raises(Cancelled):
            await wait
        await until_waiting(0, name)
        for call in (client.wait(name), client.signal(name), client.drain(name)):
            with pytest.raises(RuntimeError, match="closed"):
                await call

    run(program())


@covers("C26", "C27", "C28", "C29", "C30")
def test_what_is_wrong_is_refused() -> None:
    async def program() -> None:
        async with AsyncClient() as client:
            with pytest.raises(InvalidArgument, match="event_name"):
                await client.wait("..")
            with pytest.raises(ValueError, match=r"U\+0000"):
                await client.wait("cut\0off")
            with pytest.raises(ValueError, match="finite"):
                await client.wait("x", float("inf"))
            for call in (client.wait(None), client.signal("x", []), client.drain(1)):  # type: ignore[arg-type]
                with pytest.raises(TypeError):
                    await call

    run(program())


@covers("C41")
def test_tasks_share_a_client_and_one_loop_at_a_time(name: str) -> None:
    client = AsyncClient()

    async def program() -> None:
        async def both(job: int) -> Any:
            await client.signal(f"{name}_{job}", {"job": job})
            return (await client.wait(f"{name}_{job}", 30)).data["job"]

        assert await asyncio.gather(*map(both, range(100))) == list(range(100))

    run(program())
    run(program())

    async def in_two_loops() -> None:
        wait = asyncio.create_task(client.wait(name))
        await until_waiting(1, name)
        with pytest.raises(RuntimeError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, client.wait(name))
        await client.aclose()
        with pytest.raises(Cancelled):
            await wait

    run(in_two_loops())


@covers("C42")
def test_garbage_is_collected_during_a_wait(name: str) -> None:
    async def program() -> None:
        client: AsyncClient | None = AsyncClient()
        assert client
        wait = asyncio.create_task(client.wait(name))
        await until_waiting(1, name)
        is_there = weakref.ref(client)
        client = None
        gc.collect()
        with Client() as other:
            other.signal(name, {"still": "there"})
        assert (await wait).data == {"still": "there"}
        del wait
        gc.collect()
        assert is_there() is None

    run(program())
    assert waiting(name) == 0
