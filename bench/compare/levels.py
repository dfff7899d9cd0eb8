"""What each choice in Cargo.toml's release profile is worth: the library is built without that choice, and compared.

    python3 -m bench.compare.levels

Each takes a build of a minute, so `make bench` leaves it out. Run it when the profile or a dependency changes. The
results are a table of results/README.md.
"""

import os
import time
import tomllib
from pathlib import Path

from bench.compare import report
from bench.compare.figures import keep
from bench.guard import counts, peers
from bench.guard.servers import EventServer
from bench.guard.size import stripped_size

FOLDER = peers.BUILD / "levels"


def choices() -> dict[str, str]:
    """The name of each choice, and the option of cargo that undoes it."""
    profile = tomllib.loads((peers.ROOT / "Cargo.toml").read_text())["profile"]["release"]
    default = profile["opt-level"]
    found = {
        f"`{package}` at {shown(choice['opt-level'])}, not {shown(default)}": f'package.{package}.opt-level="{default}"'
        for package, choice in profile["package"].items()
    }
    rest = {
        f"the rest at {shown(default)}, not 3": "opt-level=3",
        "fat LTO, not thin": 'lto="thin"',
        "fat LTO, not none": 'lto="off"',
        "one codegen unit, not 16": "codegen-units=16",
    }
    return found | rest


def shown(level: str | int) -> str:
    return f'"{level}"' if isinstance(level, str) else str(level)


def built(option: str | None) -> dict[str, int]:
    """Builds share a folder, so dependencies that the option does not touch are built once."""
    command = ["cargo", "rustc", "--release", "--package", "anchor-events", "--lib", "--crate-type", "cdylib"]
    if option:
        command += ["--config", f"profile.release.{option}"]
    library = peers.built(command, "libanchor.so", env={**os.environ, "CARGO_TARGET_DIR": str(FOLDER)})
    return {"bytes": stripped_size(library)} | {
        case: instructions(library, case) for case in ("plain", "tls")
    }


def instructions(library: Path, case: str) -> int:
    soname = library.with_name("libanchor.so.0")
    soname.unlink(missing_ok=True)
    soname.symlink_to(library)
    os.environ["LD_LIBRARY_PATH"] = str(library.parent)
    with EventServer(case == "tls") as server:
        return counts.instructions(peers.LIBANCHOR, server, 20, 80)


def main() -> None:
    peers.build_library()
    peers.build(peers.LIBANCHOR)
    chosen = built(None)
    found = {}
    for name, option in choices().items():
        print(time.strftime("%H:%M:%S"), name, flush=True)
        other = built(option)
        found[name] = {kind: chosen[kind] - other[kind] for kind in chosen}
    keep("levels", {"unit": "what the choice adds", "chosen": chosen, "choices": found})
    report.write()


if __name__ == "__main__":
    main()
