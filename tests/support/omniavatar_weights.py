# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OmniAvatar with the seeded weights of the recorded case, as checkpoint folders on disk, and a tiny wav2vec 2.0.

The small and the large model are the same here; the large one's base lies in shards. Run as a program, it writes a
folder (15 MB):

    python -m omniavatar_weights --output DIR --layout official
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import sd15_weights
import seeded_folders
import wan_forms
import wan_layout
import wan_weights

if TYPE_CHECKING:
    import numpy as np

SIZES = {"small": "1.3B", "large": "14B"}
"""By the choice of the setting ``model``."""
SHARDS = 6
WAV2VEC = Path("wav2vec2-base-960h") / "model.safetensors"
WAV2VEC_WIDTH = 24
"""Of its states; 768 in the official one, which has 12 layers of 12 heads as this one."""
SEED = 17
_NETWORK = "diffusion_pytorch_model"
_ALSO = ("wan_forms", "wan_layout", "wan_weights", "wan_masks_weights", "wan_tracking_weights", "sd15_weights")


def official_folder() -> Path:
    """As the official program has it: Wan2.1-T2V-*/, OmniAvatar-*/ and wav2vec2-base-960h/ beside each other."""
    return seeded_folders.made("omniavatar", "official", also=_ALSO)


def official_paths(folder: Path, model: str = "small") -> dict[str, Path]:
    """All files of the set omniavatar_small or omniavatar_large, by the parts' names in the catalogue."""
    base, adapter = _folders(folder, model)
    if model == "small":
        network = {"base": base / f"{_NETWORK}.safetensors"}
    else:
        numbers = range(1, SHARDS + 1)
        network = {f"base_{number}": base / wan_forms.shard_name(_NETWORK, number, SHARDS) for number in numbers}
    return {
        **network,
        "adapter": adapter / "pytorch_model.pt",
        "vae": base / wan_weights.VAE,
        "umt5": base / wan_weights.T5,
        "tokenizer": base / wan_weights.TOKENIZER,
        "wav2vec": folder / WAV2VEC,
    }


def states() -> dict[str, dict[str, np.ndarray]]:
    """Recorded part ("dit", "adapter", "vae"), "umt5" of Wan-Animate's and "wav2vec" to the tensors of its file."""
    return {**seeded_folders.states("omniavatar"), "umt5": wan_layout.states()["umt5"], "wav2vec": wav2vec()}


def wav2vec() -> dict[str, np.ndarray]:
    """Tensors of model.safetensors, as published: the network's names prefixed, its head for letters, old names."""
    from seeded_weights import seeded_state_dict

    full = wan_layout.recorded("keys_full", "omniavatar")["wav2vec2_transformers"]
    shapes = {_published(name): ([_NARROW.get(n, n) for n in shape], kind) for name, (shape, kind) in full.items()}
    shapes |= {"lm_head.weight": ((32, WAV2VEC_WIDTH), "float32"), "lm_head.bias": ((32,), "float32")}
    return seeded_state_dict(shapes, SEED, [["weight_g$", "uniform", 0.7, 1.3]])


# Official width to that of the tiny one: states, features, inside of the layers, states of one group of 16.
_NARROW = {768: WAV2VEC_WIDTH, 512: 8, 3072: 32, 48: 6}
_OLD_NAMES = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}


def _published(name: str) -> str:
    for new, old in _OLD_NAMES.items():
        name = name.replace(new, old)
    return f"wav2vec2.{name}"


def _folders(folder: Path, model: str) -> tuple[Path, Path]:
    size = SIZES[model]
    return folder / f"Wan2.1-T2V-{size}", folder / f"OmniAvatar-{size}"


def write_official(folder: Path, weights: Mapping[str, Mapping[str, np.ndarray]], model: str) -> None:
    """Save parts as the official folders of a model have them."""
    base, adapter = _folders(folder, model)
    if model == "small":
        sd15_weights.write_tensors(base / f"{_NETWORK}.safetensors", weights["dit"])
    else:
        wan_forms.write_shards(base, _NETWORK, weights["dit"], SHARDS)
    wan_weights.write_encoders(base, weights)
    wan_forms.write_pytorch(adapter / "pytorch_model.pt", weights["adapter"])
    (adapter / "config.json").write_text(json.dumps(_CONFIG, indent=2), encoding="utf-8")
    sd15_weights.write_tensors(folder / WAV2VEC, weights["wav2vec"])


# What of the official file matters; its rank and factor are 128 and 64.
_CONFIG = {
    "lora_rank": 8,
    "lora_alpha": 4,
    "lora_target_modules": "q,k,v,o,ffn.0,ffn.2",
    "init_lora_weights": "kaiming",
    "train_architecture": "lora",
    "use_audio": True,
    "i2v": True,
    "random_prefix_frames": True,
    "model_config": {"in_dim": 33, "audio_hidden_size": 32},
}


def _write(folder: Path) -> None:
    weights = states()
    for model in SIZES:
        write_official(folder, weights, model)


if __name__ == "__main__":
    seeded_folders.main(__doc__, {"official": _write})
