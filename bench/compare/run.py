"""Measures libanchor beside what a user would take instead, and writes the results.

    python3 -m bench.compare.run [--quick] [MEASUREMENT]...

Raw results go to results/*.json; results/README.md, its charts and docs/cost.md are made from them.
With names, only those measurements are taken, and the others keep their results. --quick takes few samples, for a
trial.
"""

import argparse
import time

from bench.compare import alternatives, machine, measurements, report
from bench.compare.figures import keep


def main() -> None:
    names = {measurement.__name__: measurement for measurement in measurements.ALL}
    parser = argparse.ArgumentParser(description="Measures libanchor beside what a user would take instead.")
    parser.add_argument("--quick", action="store_true", help="few samples, to try things out")
    parser.add_argument("measurement", nargs="*", choices=[[], *names], help="these alone")
    arguments = parser.parse_args()
    begin = time.monotonic()
    step("build")
    alternatives.build_all()
    keep("machine", machine.description())
    for name, measurement in names.items():
        if not arguments.measurement or name in arguments.measurement:
            step(name)
            keep(name, measurement(arguments.quick))
    report.write()
    print(f"{time.monotonic() - begin:.0f} s; see bench/results/README.md")


def step(name: str) -> None:
    print(time.strftime("%H:%M:%S"), name, flush=True)


if __name__ == "__main__":
    main()
