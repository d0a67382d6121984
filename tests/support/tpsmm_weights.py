# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Thin-Plate Spline Motion Model with the seeded weights of the recorded case, as checkpoint folders on disk.

Run as a program, it writes one (350 MB):

    python -m tpsmm_weights --output DIR --layout official
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import seeded_folders

if TYPE_CHECKING:
    import numpy as np

PARTS = ("inpainting_network", "dense_motion_network", "kp_detector", "bg_predictor", "avd_network")
# These have the same tensors, so that here they are one file under several names; "mgif" has no background predictor.
ALIKE = ("vox", "taichi", "ted")
EPOCH = 99

States = Mapping[str, Mapping[str, "np.ndarray"]]


def states() -> dict[str, dict[str, np.ndarray]]:
    """Network to tensor name to tensor, made anew by every call."""
    return seeded_folders.states("tpsmm")


def official_folder(model: str = "vox") -> Path:
    """As the official program has them: checkpoints/vox.pth.tar, taichi.pth.tar and ted.pth.tar, or mgif.pth.tar."""
    return seeded_folders.made("tpsmm", "mgif" if model == "mgif" else "official")


def official_paths(folder: Path, model: str = "vox") -> dict[str, Path]:
    """The one file of a model in an official folder, by the part's name in the catalogue."""
    return {"tpsmm": folder / "checkpoints" / f"{model}.pth.tar"}


def write_official(path: Path, weights: States, without: tuple[str, ...] = ()) -> Path:
    """Save tensors as an official file: networks side by side, and the number of the last epoch.

    Args:
        without: networks to leave out.
    """
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    networks = {
        part: {name: torch.as_tensor(value) for name, value in weights[part].items()}
        for part in PARTS
        if part not in without
    }
    torch.save({**networks, "epoch": EPOCH}, path)
    return path


def _write_alike(folder: Path) -> None:
    first, *others = (official_paths(folder, model)["tpsmm"] for model in ALIKE)
    write_official(first, states())
    for path in others:
        try:
            os.link(first, path)
        except OSError:  # file systems without hard links
            shutil.copyfile(first, path)


def _write_mgif(folder: Path) -> None:
    write_official(official_paths(folder, "mgif")["tpsmm"], states(), without=("bg_predictor",))


if __name__ == "__main__":
    seeded_folders.main(__doc__, {"official": _write_alike, "mgif": _write_mgif})
