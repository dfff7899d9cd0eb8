"""What the README and docs/ say in numbers: the table of docs/cost.md is made of the results, and sentences are compared
with them."""

import re

from bench.compare.figures import kept
from bench.compare.svg import number
from bench.guard.peers import ROOT

PAGES = [ROOT / "README.md", ROOT / "docs/install.md"]


def table() -> str:
    warm, warm_tls, work, cold = kept("warm", "plain"), kept("warm", "tls"), kept("work", "plain"), kept("cold", "tls")
    memory, size = kept("memory", "plain 1000"), kept("size")
    columns = {
        "floor": "bare socket",
        "anchor": "libanchor",
        "curl": "libcurl + cJSON",
        "python": "Python SDK",
        "node": "TypeScript SDK",
    }

    def row(what: str, found: dict, show) -> str:
        return f"| {what} | {' | '.join(show(found[key]) if key in found else '' for key in columns)} |"

    many = kept("many", "plain 10000")
    started = {"floor": many["epoll"], "anchor": many["anchor-queue"], "curl": many["curl-multi"]}
    loaded = {"anchor": size["libanchor.so"], "curl": sum(size["libcurl and cJSON need"].values())}
    lines = [
        f"| | {' | '.join(columns.values())} |",
        f"| --- |{' ---: |' * len(columns)}",
        row("a warm wait", warm, lambda one: f"{number(one['median'])} µs"),
        row("the same over TLS", warm_tls, lambda one: f"{number(one['median'])} µs"),
        row("its instructions", work, lambda one: f"{one['instructions']:,}"),
        row("its system calls", work, lambda one: f"{one['system_calls']:.0f}"),
        row("cold start over TLS", cold, lambda one: f"{number(one['median'] / 1000)} ms"),
        row("memory of a blocked wait, of 1,000", memory, lambda one: f"{one['each']['resident']:.0f} KiB"),
        row("one of 10,000 on one thread", started, lambda one: f"{one['each']['resident']:.2f} KiB"),
        row("library on the disk, with what it loads", loaded, lambda bytes: f"{bytes / 1e6:.1f} MB"),
    ]
    return "\n".join(lines)


def claims() -> list[tuple[str, bool]]:
    """Sentences of these pages, and whether the results support them. Claims about time are targets, in targets.py."""
    size, work = kept("size"), kept("work", "plain")["anchor"]
    memory = {
        case: kept("memory", case)["anchor"]["each"]["resident"] for case in ("plain 1000", "plain 5000", "tls 500")
    }
    started = {case: kept("many", f"{case} 10000")["anchor-queue"]["each"] for case in ("plain", "tls")}
    calls = {name: round(count) for name, count in work["calls"].items()}
    text = " ".join(word for page in PAGES for word in page.read_text().split())
    stripped = re.search(r"([\d.]+) MB stripped", text)
    blocked = re.search(r"at most (\d+) KiB \(plain HTTP\) or (\d+) KiB \(TLS\)", text)
    parked = re.search(
        r"started wait takes at most ([\d.]+) KiB \(plain HTTP\) or ([\d.]+) KiB \(TLS\), one descriptor", text
    )
    return [
        (
            "memory and descriptors of a started wait",
            bool(parked)
            and started["plain"]["resident"] <= float(parked[1])
            and started["tls"]["resident"] <= float(parked[2])
            and round(started["plain"]["descriptors"], 2) <= 1,
        ),
        ("its size stripped", bool(stripped) and abs(float(stripped[1]) - size["libanchor.so"] / 1e6) <= 0.05),
        (
            "memory of a blocked wait",
            bool(blocked)
            and max(memory["plain 1000"], memory["plain 5000"]) <= int(blocked[1])
            and memory["tls 500"] <= int(blocked[2]),
        ),
        ("system calls of a warm wait", system_calls_claimed(text) == calls),
    ]


def system_calls_claimed(text: str) -> dict[str, int]:
    """ "one `send`, one `ppoll`, one `recv` and two peeks": a peek is a recv too."""
    words = {"no": 0, "one": 1, "two": 2, "three": 3}
    claimed = {"sendto": 0, "ppoll": 0, "recvfrom": 0}
    sentence = re.search(r"\*\*A wait costs\*\* (.*?) on a warm connection", text)
    for count, name in re.findall(r"(no|one|two|three) `?(send|ppoll|recv|peek)", sentence[1] if sentence else ""):
        claimed[{"send": "sendto", "ppoll": "ppoll", "recv": "recvfrom", "peek": "recvfrom"}[name]] += words[count]
    return {name: count for name, count in claimed.items() if count}


def is_true() -> bool:
    wrong = [what for what, holds in claims() if not holds]
    for what in wrong:
        print(f"README.md or docs/install.md disagrees with bench/results about {what}")
    return not wrong
