"""Samples become figures, and figures are kept in files."""

import json
import re
import statistics
from collections.abc import Iterable
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[1] / "results"

# The quantiles of a curve, denser in the tail.
CURVE = (
    [n / 100 for n in range(2, 90, 2)]
    + [n / 1000 for n in range(900, 990, 5)]
    + [n / 10000 for n in range(9900, 9995, 5)]
)


def quantile(samples: Iterable[float], q: float) -> float:
    ordered = sorted(samples)
    return ordered[min(int(len(ordered) * q), len(ordered) - 1)]


def median(samples: Iterable[float]) -> float:
    return statistics.median(samples)


def significant(value: float) -> float:
    """Four digits: more is noise."""
    return float(f"{value:.4g}")


def rounds(values: list[float]) -> dict:
    """A figure that was taken in several rounds: its median and its spread."""
    return {
        "median": significant(median(values)),
        "lowest": significant(min(values)),
        "highest": significant(max(values)),
        "rounds": [significant(value) for value in values],
    }


def ratio(mine: dict, other: dict) -> dict:
    """Round by round: rounds are interleaved, so a disturbance hits both."""
    return rounds([a / b for a, b in zip(mine["rounds"], other["rounds"])])


def keep(name: str, content: dict) -> None:
    """Lists of numbers are written on one line."""
    text = re.sub(
        r"\[\s+([-\d.,e\s]+?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", json.dumps(content, indent=1)
    )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(text + "\n")


def kept(name: str, case: str | None = None) -> dict:
    content = json.loads((RESULTS / f"{name}.json").read_text())
    return content["cases"][case] if case else content
