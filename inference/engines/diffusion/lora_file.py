# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads LoRA files: which layers they add to, and what.

The names may be those of kohya's trainers, of diffusers (three generations of them) or of peft.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from torch import Tensor

from ...errors import ErrorCode, TalkingHeadError
from ...weights.tensors import SAFETENSORS, read_tensors, tensor_names
from .families import FAMILY

_SIDE = re.compile(r"(?P<layer>.+?)[._](?:lora\.|lora_|lora_linear_layer\.)(?P<side>down|up|A|B)(?:\.default)?\.weight")
_SIDES = {"A": "down", "B": "up"}
_ALPHA = ".alpha"
_NESTED = "state_dict."
_OTHER_KINDS = ("hada_", "lokr_", "oft_", "lora_mid", "dora_scale", "lora_magnitude_vector", "glora", "ia3", ".diff")


@dataclass(frozen=True)
class Addition:
    """What is added to one layer.

    Attributes:
        name: of the layer in the file.
        up: (out, rank), or with two more axes for a convolution.
        down: (rank, in), or with the kernel's axes.
        scale: alpha / rank, or alpha / sqrt(rank) for files that say so.
    """

    name: str
    up: Tensor
    down: Tensor
    scale: float

    def fits(self, weight: Tensor) -> bool:
        """Whether the layer has the size it was made for."""
        return (
            self.up.shape[0] == weight.shape[0]
            and self.up.flatten(1).shape[1] == self.down.shape[0]
            and self.down.flatten(1).shape[1] == weight[0].numel()
        )

    def change(self, weight: Tensor) -> Tensor:
        """What is added with strength 1, shaped as the weight."""
        product = self.up.flatten(1).float() @ self.down.flatten(1).float()
        return (self.scale * product).reshape(weight.shape)


def read_lora(path: Path) -> list[Addition]:
    """What a file adds, in the order of its layers.

    Raises:
        TalkingHeadError: as ``read_tensors``; WEIGHTS_CORRUPT for a file of another kind.
    """
    _check_names(path)
    alphas: dict[str, float] = {}
    pairs: dict[str, dict[str, Tensor]] = {}
    for full_name, tensor in read_tensors(path).items():
        name = full_name.removeprefix(_NESTED)
        found = _SIDE.fullmatch(name)
        if found is not None and tensor.ndim in (2, 4):
            pairs.setdefault(found["layer"], {})[_SIDES.get(found["side"], found["side"])] = tensor
        elif found is None and tensor.numel() == 1:
            alphas[name.removesuffix(_ALPHA)] = float(tensor)
        else:
            raise _no_lora(path, name)
    return list(_additions(path, pairs, alphas))


def _check_names(path: Path) -> None:
    """Refuse other files by their names alone, since a whole checkpoint takes long to read."""
    for name in tensor_names(path):
        if any(sign in name for sign in _OTHER_KINDS):
            raise _other_kind(path, name)
        if not name.endswith(_ALPHA) and _SIDE.fullmatch(name) is None:
            raise _no_lora(path, name)


def _additions(path: Path, pairs: Mapping[str, Mapping[str, Tensor]], alphas: dict[str, float]) -> Iterator[Addition]:
    options = _options(path)
    for layer, pair in pairs.items():
        if pair.keys() != {"up", "down"}:
            raise _no_lora(path, layer)
        rank = pair["down"].shape[0]
        network = layer.partition(".")[0]
        alpha = alphas.get(layer, _alpha(options, network, layer, rank))
        root = 0.5 if options.get(f"{network}.use_rslora") else 1
        yield Addition(layer, pair["up"], pair["down"], alpha / rank**root)


def _alpha(options: Mapping[str, Any], network: str, layer: str, rank: int) -> float:
    """Of a layer whose alpha is no tensor of its own: as peft says it, or the rank."""
    for pattern, alpha in (options.get(f"{network}.alpha_pattern") or {}).items():
        if re.fullmatch(rf"(.*\.)?({pattern})", layer):
            return float(alpha)
    return float(options.get(f"{network}.lora_alpha", rank))


def _options(path: Path) -> Mapping[str, Any]:
    """What diffusers wrote of peft's options into the file, by "unet" or "text_encoder" and the option's name."""
    if not path.name.lower().endswith(SAFETENSORS):
        return {}
    with safe_open(path, framework="pt") as file:
        text = (file.metadata() or {}).get("lora_adapter_metadata", "{}")
    try:
        options = json.loads(text)
    except ValueError as error:
        raise _no_lora(path, f"lora_adapter_metadata: {error}") from error
    return options if isinstance(options, dict) else {}


def _other_kind(path: Path, name: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.WEIGHTS_CORRUPT,
        f"{path.name} is a kind of LoRA that cannot be added: it holds {name.rpartition('.')[2]}.",
        "Choose a plain LoRA or LoCon.",
        details=name,
    )


def _no_lora(path: Path, name: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.WEIGHTS_CORRUPT,
        f"{path.name} is not a LoRA.",
        f"Choose a LoRA that was made for {FAMILY}; a whole checkpoint goes into the field Checkpoint.",
        details=name,
    )
