"""Python's values as the library takes them. What is wrong with one is a TypeError or a ValueError that names it."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeAlias

from ._library import NO_TIMEOUT

Seconds: TypeAlias = "float | timedelta"

_LONGEST_MS = 2**63 - 1


def text(what: str, value: Any) -> bytes:
    """A str as UTF-8. C would cut it off at U+0000."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    if "\0" in value:
        raise ValueError(f"{what} contains U+0000")
    return value.encode()


def path(what: str, value: Any) -> bytes:
    """A path as UTF-8."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{what} must be a path, not {type(value).__name__}")
    return text(what, os.fsdecode(value))


def flag(what: str, value: Any) -> int:
    """A bool."""
    if not isinstance(value, bool):
        raise TypeError(f"{what} must be a bool, not {type(value).__name__}")
    return int(value)


def count(what: str, value: Any, most: int) -> int:
    """An int from 0 to `most`. ctypes would cut off what does not fit."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} must be an int, not {type(value).__name__}")
    if not 0 <= value <= most:
        raise ValueError(f"{what} is not between 0 and {most}")
    return value


def milliseconds(what: str, value: Any) -> int:
    """Seconds, or a timedelta, as whole milliseconds, rounded up. A little time is not none."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{what} must be a number of seconds or a timedelta, not {type(value).__name__}")
    if not math.isfinite(value):
        raise ValueError(f"{what} is not finite; None sets no limit")
    if value < 0:
        raise ValueError(f"{what} is negative")
    millis = math.ceil(round(value * 1000, 3))
    if millis > _LONGEST_MS:
        raise ValueError(f"{what} is too long; None sets no limit")
    return millis


def limit(value: Any) -> int:
    """The timeout of a call, where None sets no limit."""
    return NO_TIMEOUT if value is None else milliseconds("timeout", value)


def json_object(data: Any) -> bytes:
    """The data of a signal."""
    if not isinstance(data, Mapping):
        raise TypeError(f"data must be a mapping, not {type(data).__name__}")
    return json.dumps(dict(data), allow_nan=False).encode()
