"""Puts the library into the wheel, whose name then has the platform and no version of Python: only ctypes loads it.

ANCHOR_LIBRARY is the file of the library. ANCHOR_WHEEL_PLATFORM is the platform, such as manylinux_2_17_x86_64; by default that
of this machine.
"""

import os
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LICENCES = ("LICENSE-MIT", "LICENSE-APACHE")


class LibraryHook(BuildHookInterface[Any]):
    """Called by hatchling."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the files and the tag."""
        if version == "editable":
            return
        library = Path(os.environ["ANCHOR_LIBRARY"])
        platform = os.environ.get("ANCHOR_WHEEL_PLATFORM") or sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        build_data["force_include"][str(library.resolve())] = f"anchor_events/{library.name}"
        for licence in LICENCES:
            build_data["force_include"][str(Path(self.root, "../..", licence).resolve())] = f"anchor_events/{licence}"
