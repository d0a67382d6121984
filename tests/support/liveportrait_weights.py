# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait with the seeded weights of the recorded case: as networks, and as checkpoint folders on disk.

Run as a program, it writes one folder (half a gigabyte):

    python -m liveportrait_weights --output DIR --layout official
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import seeded_folders

if TYPE_CHECKING:
    import numpy as np

    from inference.engines.liveportrait.networks.loading import LivePortraitNetworks

BASE_MODELS = ("appearance_feature_extractor", "motion_extractor", "warping_module", "spade_generator")
RETARGETING = ("retarget_shoulder", "retarget_mouth", "retarget_eye")
STITCHING = "stitching_retargeting_module"

States = Mapping[str, Mapping[str, "np.ndarray"]]


@cache
def networks() -> LivePortraitNetworks:
    """The plain networks, made once a session: half a gigabyte."""
    from inference.engines.liveportrait.networks.loading import networks_from

    return networks_from(states())


def states() -> dict[str, dict[str, np.ndarray]]:
    """Part to tensor name to tensor, made anew by every call."""
    return seeded_folders.states("liveportrait")


def official_folder() -> Path:
    """As the official program has them: liveportrait/base_models/*.pth and liveportrait/retargeting_models/*.pth."""
    return seeded_folders.made("liveportrait", "official")


def safetensors_folder() -> Path:
    """As ComfyUI has them: models/liveportrait/*.safetensors."""
    return seeded_folders.made("liveportrait", "safetensors")


def official_paths(folder: Path) -> dict[str, Path]:
    """The five files of an official folder, by the names that ``load_networks`` takes."""
    top = folder / "liveportrait"
    paths = {name: top / "base_models" / f"{name}.pth" for name in BASE_MODELS}
    return {**paths, STITCHING: top / "retargeting_models" / f"{STITCHING}.pth"}


def safetensors_paths(folder: Path) -> dict[str, Path]:
    """The five files of a safetensors folder."""
    return {name: folder / "models" / "liveportrait" / f"{name}.safetensors" for name in (*BASE_MODELS, STITCHING)}


def write_official(folder: Path, weights: States) -> dict[str, Path]:
    """Save tensors as official .pth files; the last one holds more than the three networks, as the real one does."""
    import torch

    paths = official_paths(folder)
    for name in BASE_MODELS:
        paths[name].parent.mkdir(parents=True, exist_ok=True)
        torch.save({key: torch.as_tensor(value) for key, value in weights[name].items()}, paths[name])
    paths[STITCHING].parent.mkdir(parents=True, exist_ok=True)
    inner = {
        part: {f"module.{key}": torch.as_tensor(value) for key, value in weights[part].items()} for part in RETARGETING
    }
    torch.save({**inner, "epoch": 12, "optimizer": {"lr": [1e-4]}}, paths[STITCHING])
    return paths


def write_safetensors(folder: Path, weights: States) -> dict[str, Path]:
    """Save tensors as the safetensors conversion has them."""
    import torch
    from safetensors.torch import save_file

    paths = safetensors_paths(folder)
    for name, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        flat = {f"{part}_module.{key}": value for part in RETARGETING for key, value in weights[part].items()}
        tensors = flat if name == STITCHING else weights[name]
        save_file({key: torch.as_tensor(value) for key, value in tensors.items()}, path)
    return paths


def _write_official(folder: Path) -> None:
    write_official(folder, states())


def _write_safetensors(folder: Path) -> None:
    write_safetensors(folder, states())


if __name__ == "__main__":
    seeded_folders.main(__doc__, {"official": _write_official, "safetensors": _write_safetensors})
