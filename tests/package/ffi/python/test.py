"""The Python module against a running event server. Each line that is printed is a case that holds."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import anchor

client = anchor.Client()

# Longer than a busy machine takes for anything here, in seconds.
PATIENCE = 120


def waits_at_the_server():
    address = os.environ["ANCHORBROWSER_BASE_URL"] + "/admin/state"
    request = urllib.request.Request(address, headers={"anchor-admin-token": os.environ["ANCHOR_TEST_ADMIN_TOKEN"]})
    return json.load(urllib.request.urlopen(request))["waitingCount"]


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.01)


def in_thread(function):
    """Starts it; what it gives or raises is the other's `outcome` once joined."""

    def run():
        try:
            thread.outcome = function()
        except anchor.Error as error:
            thread.outcome = error

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def signals_and_waits():
    waiting = in_thread(lambda: client.wait("python", timeout=PATIENCE))
    # It is seen to wait while this thread runs: the GIL is free.
    until(lambda: waits_at_the_server() == 1)
    client.signal("python", {"code": "123456 ✓"})
    waiting.join()
    assert waiting.outcome["data"] == {"code": "123456 ✓"}, waiting.outcome


def times_out():
    began = time.monotonic()
    try:
        # On a busy machine the request may not be sent within a shorter time.
        client.wait("quiet", timeout=2)
        raise AssertionError("nobody signaled it")
    except TimeoutError as error:
        assert error.status == "ANCHOR_TIMEOUT" and error.details["code"] == 408, error.details
    # In seconds, and not in another unit; whole milliseconds are left of them when the call begins.
    assert 1.99 <= time.monotonic() - began < PATIENCE


def cancels_from_another_thread():
    token = anchor.CancelToken()
    waiting = in_thread(lambda: client.wait("quiet", timeout=PATIENCE, cancel=token))
    until(lambda: waits_at_the_server() == 1)
    token.cancel()
    waiting.join()
    assert isinstance(waiting.outcome, anchor.Cancelled), waiting.outcome
    until(lambda: waits_at_the_server() == 0)


def ctrl_c_ends_a_wait():
    program = 'import anchor; anchor.Client().wait("quiet", timeout=120)'
    # A test that a shell runs in the background inherits that SIGINT is ignored; a terminal's program does not.
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=os.path.dirname(__file__),
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until(lambda: waits_at_the_server() == 1)
    until(lambda: open(f"/proc/{child.pid}/stat").read().rpartition(")")[2].split()[0] == "S")
    child.send_signal(signal.SIGINT)
    _, stderr = child.communicate(timeout=PATIENCE)
    assert stderr.rstrip().endswith(b"KeyboardInterrupt"), stderr


def awaits_many_events_in_asyncio():
    async def program():
        queue = anchor.Queue()
        try:
            waits = [asyncio.create_task(queue.wait(client, f"job_{job}")) for job in range(100)]
            # The loop goes on meanwhile.
            while waits_at_the_server() < 100:
                await asyncio.sleep(0.01)
            for job in range(100):
                client.signal(f"job_{job}", {"job": job})
            assert [answer["data"]["job"] for answer in await asyncio.gather(*waits)] == list(range(100))

            for quiet in [queue.wait(client, "quiet", timeout=2), asyncio.wait_for(queue.wait(client, "quiet"), 0.2)]:
                try:
                    await quiet
                    raise AssertionError("nobody signaled it")
                except (TimeoutError, asyncio.TimeoutError):
                    pass
            while waits_at_the_server() > 0:
                await asyncio.sleep(0.01)
            try:
                await queue.wait(client, "..")
                raise AssertionError("it is not a name")
            except anchor.Error as error:
                assert error.status == "ANCHOR_INVALID_ARGUMENT" and "event_name" in str(error), error.details
        finally:
            queue.close()

    asyncio.run(asyncio.wait_for(program(), PATIENCE))


def signals_end_in_time_or_when_they_are_cancelled():
    token = anchor.CancelToken()
    client.signal("python", {"n": 1}, timeout=30, cancel=token)
    assert client.wait("python", timeout=30)["data"] == {"n": 1}
    token.cancel()
    for arguments, status in [({"timeout": 0}, "ANCHOR_INVALID_ARGUMENT"), ({"cancel": token}, "ANCHOR_CANCELLED")]:
        try:
            client.signal("python", **arguments)
            raise AssertionError("it was sent")
        except anchor.Error as error:
            assert error.status == status, error.details


def names_what_is_wrong():
    try:
        client.wait("..")
        raise AssertionError("it is not a name")
    except anchor.Error as error:
        assert error.status == "ANCHOR_INVALID_ARGUMENT" and "event_name" in str(error), error.details


def leaks_nothing():
    def calls(count):
        for _ in range(count // 2):
            client.signal("many", {"filler": "x" * 8192})
            client.wait("many", timeout=PATIENCE, cancel=anchor.CancelToken())

    calls(2000)
    before = footprint()
    calls(10000)
    after = footprint()
    print(f"memory {before[0]} -> {after[0]} KiB, descriptors {before[1]} -> {after[1]}")
    # An answer that was not freed would make it 40,000 KiB. Idle connections may be closed, or another made, meanwhile.
    assert after[0] - before[0] < 10000 and after[1] - before[1] < 100


def footprint():
    status = open("/proc/self/status").read()
    return int(status.split("VmRSS:")[1].split()[0]), len(os.listdir("/proc/self/fd"))


for case in [signals_and_waits, times_out, cancels_from_another_thread, ctrl_c_ends_a_wait,
             awaits_many_events_in_asyncio, signals_end_in_time_or_when_they_are_cancelled, names_what_is_wrong, leaks_nothing]:
    case()
    print("ok", case.__name__, flush=True)
