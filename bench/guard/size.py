"""How large the library is on the disk."""

import re
import tempfile
from pathlib import Path

from bench.guard.peers import ROOT, library, run


def size_of_library() -> dict[str, int]:
    """Stripped: the shared library, and a static program."""
    with tempfile.TemporaryDirectory() as folder:
        program = static_program(Path(folder))
        return {
            "libanchor.so": stripped_size(library()),
            "static program": stripped_size(program),
        }


def stripped_size(file: Path) -> int:
    with tempfile.NamedTemporaryFile() as stripped:
        run(["strip", "-o", stripped.name, file])
        return Path(stripped.name).stat().st_size


def static_program(folder: Path) -> Path:
    """The README's first program, which loads nothing at run time."""
    native = (ROOT / "packaging/native-static-libs").read_text().split()
    source = re.search(r"```c\n(#include <anchor.h>.*?)```", (ROOT / "README.md").read_text(), re.S)[1]
    (folder / "hello.c").write_text(source)
    command = [
        "cc",
        "-O2",
        "-static-pie",
        f"-I{ROOT}/include",
        folder / "hello.c",
        library("libanchor.a"),
        *native,
    ]
    run([*command, "-Wl,--gc-sections", "-o", folder / "hello"])
    return folder / "hello"
