"""What concerns the whole process: Ctrl-C, signal handlers, exit, fork, memory."""

from __future__ import annotations

import gc
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType

import pytest

from anchor_events import Client, Event, EventTimeout

from server import PATIENCE, covers, until, waiting


def child(program: str) -> subprocess.Popen[str]:
    """A program of its own, to which Ctrl-C means what it means on a terminal."""
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


CALLS = {
    "wait": "Client().wait({name!r}, None)",
    "events": "next(Client().events({name!r}))",
    "asyncio": "asyncio.run(AsyncClient().wait({name!r}, None))",
}


@covers("C17")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_ctrl_c_ends_a_wait(name: str, call: str) -> None:
    program = child("import asyncio\nfrom anchor_events import *\n" + call.format(name=name))
    until(lambda: waiting(name) == 1)
    until(lambda: state_of(program.pid) == "S")
    program.send_signal(signal.SIGINT)
    _, stderr = program.communicate(timeout=PATIENCE)
    assert stderr.rstrip().endswith("KeyboardInterrupt"), stderr
    until(lambda: waiting(name) == 0)


@covers("C17", "C15")
def test_ctrl_c_ends_a_signal() -> None:
    program = child("from anchor_events import *\nclient = Client()\nprint(flush=True)\nclient.signal('hang', timeout=3600)")
    assert program.stdout
    program.stdout.readline()
    while program.poll() is None:
        # One that comes before the call blocks is not its, but ends the program as well.
        program.send_signal(signal.SIGINT)
        time.sleep(0.05)
    assert "KeyboardInterrupt" in program.communicate()[1]


def state_of(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


@covers("C18")
def test_a_signal_handler_does_not_end_a_wait(client: Client, name: str) -> None:
    handled = []

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        handled.append(number)
        if len(handled) == 5:
            signal.setitimer(signal.ITIMER_REAL, 0)
            threading.Thread(target=client.signal, args=(name, {"after": 5})).start()

    before = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        assert client.wait(name, PATIENCE).data == {"after": 5}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert client.stats()["waits"] == 1


@covers("C13", "C16")
def test_what_a_handler_raises_ends_a_wait_and_loses_no_event(client: Client, name: str) -> None:
    class Stopped(Exception):
        pass

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise Stopped

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        for number in range(20):
            # The event and the signal come at nearly the same time.
            def both(number: int = number) -> None:
                until(lambda: waiting(name) == 1)
                client.signal(name, {"number": number})
                os.kill(os.getpid(), signal.SIGUSR1)

            thread = threading.Thread(target=both)
            event = None
            try:
                thread.start()
                event = client.wait(name, PATIENCE)
                thread.join()
                select.select([], [], [], PATIENCE)
            except Stopped:
                thread.join()
            assert (event or client.wait(name, PATIENCE)).data == {"number": number}
    finally:
        signal.signal(signal.SIGUSR1, before)


EXITS = {
    "a thread": "threading.Thread(target=Client().wait, args=({name!r}, None), daemon=True).start()",
    "a signal in a thread": (
        "threading.Thread(target=Client().signal, args=('hang',), daemon=True).start();"
        "threading.Thread(target=Client().wait, args=({name!r}, None), daemon=True).start()"
    ),
    "asyncio": (
        "loop = asyncio.new_event_loop(); client = AsyncClient();"
        "task = loop.create_task(client.wait({name!r}, None)); loop.run_until_complete(asyncio.sleep(0))"
    ),
}


@covers("C43")
@pytest.mark.parametrize("start", EXITS.values(), ids=EXITS)
def test_a_process_exits_with_waits_open(name: str, start: str) -> None:
    text = "import asyncio, sys, threading\nfrom anchor_events import *\n" + start.format(name=name)
    program = subprocess.Popen(
        [sys.executable, "-c", text + "\ninput()\nsys.exit(7)"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until(lambda: waiting(name) == 1)
    _, stderr = program.communicate("\n", timeout=PATIENCE)
    assert program.returncode == 7, stderr
    until(lambda: waiting(name) == 0)


@covers("C44")
def test_a_child_of_fork_uses_a_client_of_its_parent(client: Client, name: str) -> None:
    client.signal(name, {"for": "the child"})
    client.drain("nothing")
    process = os.fork()
    if process == 0:
        try:
            os._exit(0 if client.wait(name, PATIENCE).data == {"for": "the child"} else 1)
        except BaseException:
            os._exit(2)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    client.signal(name)
    assert client.wait(name, 0).data == {}


@covers("C44")
def test_an_event_that_was_kept_stays_with_the_parent_of_a_fork(client: Client, name: str) -> None:
    client._kept.keep(Event(name, '{"data":{"for":"the parent"}}'))
    process = os.fork()
    if process == 0:
        try:
            client.wait(name, 0)
        except EventTimeout:
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert client.wait(name, 0).data == {"for": "the parent"}


@covers("C44")
def test_a_child_uses_an_async_client_of_its_parent(name: str) -> None:
    text = f"""
import asyncio, os
from anchor_events import *
client = AsyncClient()
loop = asyncio.new_event_loop()
task = loop.create_task(client.wait("{name}_parent", None))
loop.run_until_complete(asyncio.sleep(0))
input()
async def child():
    await client.signal("{name}")
    return (await client.wait("{name}", 30)).data
process = os.fork()
if process == 0:
    asyncio.events._set_running_loop(None)
    os._exit(0 if asyncio.run(child()) == {{}} else 1)
code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
async def rest():
    await client.signal("{name}_parent", {{"to": "the parent"}})
    assert (await task).data == {{"to": "the parent"}}
loop.run_until_complete(rest())
os._exit(code)
"""
    program = subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, text=True)
    until(lambda: waiting(f"{name}_parent") == 1)
    program.communicate("\n", timeout=2 * PATIENCE)
    assert program.returncode == 0


@covers("C45")
def test_thousands_of_calls_leave_nothing_behind(client: Client, name: str) -> None:
    def calls(count: int) -> tuple[int, int]:
        for _ in range(count):
            client.signal(name, {"filler": "x" * 8192})
            client.wait(name, 0)
        gc.collect()
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]), len(os.listdir("/proc/self/fd"))

    calls(200)
    before = calls(300)
    after = calls(1000)
    # Answers that were not freed would be 8,000 KiB.
    assert after[0] - before[0] < 4000
    assert after[1] == before[1]
