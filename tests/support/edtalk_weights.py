# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EDTalk with the seeded weights of the recorded case, as a checkpoint folder on disk.

The files hold what training leaves in the official ones besides the networks. Run as a program, it writes one (460 MB):

    python -m edtalk_weights --output DIR --layout official
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import seeded_folders

if TYPE_CHECKING:
    import numpy as np

# By the recorded part: where the official file has its tensors.
TOP_LEVEL = {"EDTalk": "gen", "EDTalk_lip_pose": "gen", "Audio2Lip": "audio2lip"}
_GENERATORS = {"full": "EDTalk", "lip_pose": "EDTalk_lip_pose"}

States = Mapping[str, Mapping[str, "np.ndarray"]]


def states() -> dict[str, dict[str, np.ndarray]]:
    """Recorded part ("EDTalk", "EDTalk_lip_pose", "Audio2Lip") to tensor name to tensor, made anew by every call."""
    return seeded_folders.states("edtalk")


def official_folder() -> Path:
    """As the official program has them: ckpts/EDTalk.pt, EDTalk_lip_pose.pt and Audio2Lip.pt."""
    return seeded_folders.made("edtalk", "official")


def official_paths(folder: Path, model: str = "full") -> dict[str, Path]:
    """The two files of a model ("full", "lip_pose") in an official folder, by the parts' names in the catalogue."""
    inside = folder / "ckpts"
    return {"edtalk": inside / f"{_GENERATORS[model]}.pt", "audio2lip": inside / "Audio2Lip.pt"}


def write_official(path: Path, part: str, weights: Mapping[str, np.ndarray]) -> Path:
    """Save a recorded part's tensors as an official file: with its discriminator, optimizers and options."""
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    networks = {TOP_LEVEL[part]: {name: torch.as_tensor(value) for name, value in weights.items()}}
    torch.save({**networks, **training_state()}, path)
    return path


def training_state() -> dict[str, object]:
    """What trainers save beside the networks: as small as may be, of the kinds that there are."""
    import torch

    discriminator = torch.nn.Linear(4, 1)
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=2e-3, betas=(0.0, 0.99))
    discriminator(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    options = argparse.Namespace(size=256, channel_multiplier=1, latent_dim_style=512, exp_path="exps/", betas=(0, 1))
    return {"dis": discriminator.state_dict(), "g_optim": state, "d_optim": state, "args": options, "epoch": 7}


def _write(folder: Path) -> None:
    weights = states()
    for part in TOP_LEVEL:
        write_official(folder / "ckpts" / f"{part}.pt", part, weights[part])


if __name__ == "__main__":
    seeded_folders.main(__doc__, {"official": _write})
