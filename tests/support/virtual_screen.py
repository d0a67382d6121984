# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A screen that nobody sees: Xvfb, whose pixels are read from the file it keeps them in."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np

_HEADER = struct.Struct(">25I")
_COLOR_BYTES = 12


class VirtualScreen:
    """An Xvfb of its own; ``display`` is its name for DISPLAY."""

    def __init__(self, folder: Path, width: int, height: int) -> None:
        """Start it.

        Args:
            folder: an empty folder for its pixels.
            width: px.
            height: px.
        """
        read, write = os.pipe()
        self.folder = folder
        with (folder / "log.txt").open("wb") as log:
            size = f"{width}x{height}x24"
            command = [
                "Xvfb",
                "-displayfd",
                str(write),
                "-screen",
                "0",
                size,
                "-nolisten",
                "tcp",
                "-fbdir",
                str(folder),
            ]
            self.process = subprocess.Popen(command, pass_fds=[write], stdout=log, stderr=log)
        os.close(write)
        with os.fdopen(read) as answer:  # ends when Xvfb has told its number, or is gone
            number = answer.readline().strip()
        if not number:
            raise RuntimeError(f"Xvfb did not start: {(folder / 'log.txt').read_text(encoding='utf-8')}")
        self.display = f":{number}"

    @staticmethod
    def is_there() -> bool:
        """Whether Xvfb is on the PATH."""
        return shutil.which("Xvfb") is not None

    def pixels(self) -> np.ndarray:
        """(H, W, 3) uint8, BGR, origin top left: what the screen shows."""
        content = (self.folder / "Xvfb_screen0").read_bytes()
        header = _HEADER.unpack_from(content)  # the X Window Dump's: sizes, masks, number of colors
        start, width, height, stride, colors = header[0], header[4], header[5], header[12], header[19]
        rows = np.frombuffer(content, np.uint8, stride * height, start + colors * _COLOR_BYTES)
        return rows.reshape(height, stride // 4, 4)[:, :width, :3].copy()

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10)
