"""Each program of the README runs as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from server import PATIENCE

README = (Path(__file__).parents[1] / "README.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
PRINTED = ["123456", "{'number': 1}", "cancelled", "not signaled in time"]


@pytest.mark.parametrize(("program", "printed"), list(zip(PROGRAMS, PRINTED, strict=True)))
def test_it_runs(program: str, printed: str) -> None:
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (outcome.stdout.strip(), outcome.stderr) == (printed, "")
