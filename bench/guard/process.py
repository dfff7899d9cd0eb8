"""What Linux shows of a process."""

import os
import re
from pathlib import Path


def footprint(pid: int) -> dict[str, int]:
    """Memory in KiB, and counts. Resident memory is summed over the pages, because the kernel's counters are estimates."""
    status = Path(f"/proc/{pid}/status").read_text()
    fields = {"page_tables": "VmPTE", "threads": "Threads"}
    figures = {name: int(re.search(rf"^{field}:\s+(\d+)", status, re.M)[1]) for name, field in fields.items()}
    pages = Path(f"/proc/{pid}/smaps_rollup").read_text()
    # Of the whole machine, because the kernel does not count this by process. Both ends of the connections are in it.
    kernel = re.findall(r"^(?:Slab|KernelStack):\s+(\d+)", Path("/proc/meminfo").read_text(), re.M)
    return (
        {"resident": int(re.search(r"^Rss:\s+(\d+)", pages, re.M)[1])}
        | figures
        | {
            "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
            "kernel_of_machine": sum(map(int, kernel)),
        }
    )


def switches(pid: int) -> int:
    """How often its threads have left a processor."""
    tasks = Path(f"/proc/{pid}/task").glob("*/status")
    return sum(int(n) for task in tasks for n in re.findall(r"ctxt_switches:\s+(\d+)", task.read_text()))


def cpu_us(pid: int) -> float:
    """The time that its threads have run, in the kernel too."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1000
