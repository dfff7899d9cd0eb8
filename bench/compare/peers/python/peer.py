"""The official Python SDK as it comes, with the commands of driver/main.c that make sense for it.

peer.py name | first | waits COUNT | deadline COUNT MS | blocked COUNT
"""

import asyncio
import json
import sys
import time

import anchorbrowser
import httpx

COMMANDS = {}


def command(function):
    COMMANDS[function.__name__] = function
    return function


def now_us():
    return time.monotonic_ns() / 1000


def wait_for(client, event):
    assert client.events.wait_for_event(event, timeout_ms=60000).data["code"] == "123456"


@command
def name():
    return {"name": f"anchorbrowser {anchorbrowser.__version__}, Python {sys.version.split()[0]}"}


@command
def first():
    wait_for(anchorbrowser.Anchorbrowser(), "bench")
    return {"answered": [now_us()]}


@command
def waits(count):
    client = anchorbrowser.Anchorbrowser()
    began, answered = [], []
    for _ in range(2):
        wait_for(client, "bench")
    for _ in range(int(count)):
        began.append(now_us())
        wait_for(client, "bench")
        answered.append(now_us())
    return {"began": began, "answered": answered}


@command
def deadline(count, timeout_ms):
    client = anchorbrowser.Anchorbrowser(max_retries=0)
    late = []
    for _ in range(int(count)):
        start = now_us()
        try:
            client.events.wait_for_event("silent", timeout_ms=int(timeout_ms), timeout=int(timeout_ms) / 1000)
        except anchorbrowser.APITimeoutError:
            late.append(now_us() - start - int(timeout_ms) * 1000)
    return {"late": late}


@command
def blocked(count):
    async def crowd():
        client = anchorbrowser.AsyncAnchorbrowser(timeout=httpx.Timeout(600))
        waits = (client.events.wait_for_event(f"crowd-{i}", timeout_ms=600000) for i in range(int(count)))
        assert all(answer.data["code"] == "123456" for answer in await asyncio.gather(*waits))

    wait_for(anchorbrowser.Anchorbrowser(), "bench")
    print("ready", flush=True)
    sys.stdin.readline()
    asyncio.run(crowd())
    return {}


print(json.dumps(COMMANDS[sys.argv[1]](*sys.argv[2:])))
