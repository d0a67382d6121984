# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""X-Portrait with the seeded weights of the recorded case, as checkpoint folders on disk.

Run as a program, it writes a folder (170 MB):

    python -m xportrait_weights --output DIR --layout official
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import sd15_weights
import seeded_folders

if TYPE_CHECKING:
    import numpy as np

OFFICIAL = Path("checkpoint") / "model_state-415001.th"
_ALSO = ("sd15_weights", "sd15_layout")


def state() -> dict[str, np.ndarray]:
    """Official tensor name to tensor, made anew by every call."""
    return seeded_folders.states("xportrait")["model"]


def official_folder() -> Path:
    """As the official program has it: checkpoint/model_state-415001.th, and stable-diffusion-v1-5/ beside it."""
    return seeded_folders.made("xportrait", "official", also=_ALSO)


def official_paths(folder: Path) -> dict[str, Path]:
    """All files in an official folder, by the parts' names in the catalogue."""
    base = sd15_weights.diffusers_paths(folder)
    return {"xportrait": folder / OFFICIAL, **{part: path for part, path in base.items() if part != "sd15_unet"}}


def write_official(path: Path, weights: Mapping[str, np.ndarray], embedded: bool = False) -> Path:
    """Save tensors as the official file: a checkpoint of PyTorch with the tables of its training's noise.

    Args:
        embedded: with decoder of latents and text encoder inside.
    """
    import torch

    names = ("betas", "alphas_cumprod")
    tables = {name: value for name, value in sd15_weights.single_state().items() if name in names}
    inside = sd15_weights.embedded_state() if embedded else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: torch.as_tensor(value) for name, value in {**tables, **weights, **inside}.items()}
    torch.save({"state_dict": tensors}, path)
    return path


def _write(folder: Path) -> None:
    write_official(folder / OFFICIAL, state())
    sd15_weights.write_diffusers(folder)


if __name__ == "__main__":
    seeded_folders.main(__doc__, {"official": _write})
