# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LoRA for the transformers of the Wan family, in whatever form these are held.

To a layer's output is added: strength * scale * up (down x). The layer's own numbers stay as they are, so that
quantized ones need not be restored, and what is added is not rounded away in 16 bit. Differences of biases and of norms
(``.diff_b``, ``.diff``), which LoRAs for few steps have besides, are added to those themselves.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from ...errors import ErrorCode, TalkingHeadError
from .names import PREFIXES, transformer_name
from .tensors_in import read_files

_LOG = logging.getLogger(__name__)
_MUSUBI = "lora_unet_"
_STARTS = (*PREFIXES, "base_model.model.", "transformer.")
_SIDES = re.compile(r"(.+?)\.(?:lora_)?(down|up|A|B)(?:\.default)?\.weight")
_SIDE = {"A": "down", "B": "up", "down": "down", "up": "up"}
_OTHERS = {".alpha": "alpha", ".diff": "diff", ".diff_b": "diff_b"}
# Its numbers go by what a model is shown besides the noisy picture.
_FIRST = "patch_embedding"
_BLOCKS = re.compile(r"blocks_(\d+)_(self_attn|cross_attn|ffn)_(\w+)")


@dataclass
class Addition:
    """What is added to a layer.

    Attributes:
        down: (rank, in) or None.
        up: (out, rank) or None.
        alpha: up and down count alpha / rank times; None for once.
        diff: added to the weight itself, of its shape; None for nothing.
        diff_b: added to the bias; None for nothing.
    """

    down: Tensor | None = None
    up: Tensor | None = None
    alpha: float | None = None
    diff: Tensor | None = None
    diff_b: Tensor | None = None

    @property
    def scale(self) -> float:
        """How often up and down count."""
        return 1.0 if self.alpha is None or self.down is None else self.alpha / self.down.shape[0]


_OTHER_MODEL = "Choose a LoRA that was made for this model: Wan 2.1 or 2.2 with 14B, or 1.3B for the small one."
_OTHER_FORM = "Use the model's files in 16 bit with Precision Half, or choose another LoRA."


@dataclass(frozen=True)
class _Fault:
    """Why a LoRA cannot be used, and what to do."""

    why: str
    details: str
    hint: str = _OTHER_MODEL


class LowRank(nn.Module):
    """One LoRA's part of a layer.

    Args:
        down: (rank, in).
        up: (out, rank).
    """

    def __init__(self, down: Tensor, up: Tensor, scale: float) -> None:
        super().__init__()
        self.register_buffer("down", down)
        self.register_buffer("up", up)
        self.down: Tensor
        self.up: Tensor
        self._scale = scale

    def forward(self, values: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        down, up = self.down.to(values.dtype), self.up.to(values.dtype)
        return functional.linear(functional.linear(values, down), up) * self._scale


def add_lora(network: nn.Module, path: Path, strength: float) -> None:
    """Add a file's LoRA to a transformer with diffusers' names; several may be added.

    Args:
        network: changed in place; not used on a device yet.
        path: .safetensors, .pt, .ckpt or .bin.
        strength: 1 as trained.

    Raises:
        TalkingHeadError: as ``read_files``; WEIGHTS_CORRUPT where nothing of it fits, it was made for another size, or
            for weights that are quantized in the network. What is for another first layer is left out.
    """
    add(network, additions_from(read_files([path])), strength, path.name)


def additions_from(tensors: Mapping[str, Tensor], alpha: float | None = None) -> dict[str, Addition]:
    """What LoRA tensors add, by the layers' names in diffusers.

    Args:
        tensors: with official names or diffusers', with any of the prefixes that people write, or musubi's.
        alpha: where the tensors do not say it.
    """
    found: dict[str, Addition] = {}
    for full_name, tensor in tensors.items():
        name, kind = _layer_and_kind(_bare(full_name.removeprefix("state_dict.")))
        addition = found.setdefault(name, Addition(alpha=alpha))
        setattr(addition, kind, float(tensor) if kind == "alpha" else tensor)
    return found


def add(network: nn.Module, additions: Mapping[str, Addition], strength: float, source: str) -> None:
    """Add what was read; see ``add_lora``.

    Args:
        source: what it comes from, for the errors.
    """
    layers = dict(network.named_modules())
    fitting = {name: each for name, each in additions.items() if name in layers and _is_whole(each)}
    if not fitting:
        raise _refused(source, _Fault("nothing of it fits to the model", ", ".join(list(additions)[:3])))
    faults = {name: fault for name, each in fitting.items() if (fault := _fault(layers[name], each))}
    if _FIRST in faults and len(fitting) > 1:
        # Models of one family differ in what their first layer sees; all others are the same.
        _LOG.warning("%s: its change of the first layer is left out: %s", source, faults.pop(_FIRST).details)
        del fitting[_FIRST]
    for name, fault in faults.items():
        raise _refused(source, replace(fault, details=f"{name}: {fault.details}"))
    for name, each in fitting.items():
        _add_to(layers[name], each, strength)
    if left := [name for name in additions if name not in layers or not _is_whole(additions[name])]:
        _LOG.warning("%s: %d of %d layers are not in the model, such as %s", source, len(left), len(additions), left[0])


def _bare(name: str) -> str:
    """Without what programs put before the official names."""
    if name.startswith(_MUSUBI):
        flat, dot, rest = name.removeprefix(_MUSUBI).partition(".")
        return _BLOCKS.sub(r"blocks.\1.\2.\3", flat) + dot + rest
    start = next((start for start in _STARTS if name.startswith(start)), "")
    return name.removeprefix(start)


def _layer_and_kind(name: str) -> tuple[str, str]:
    """A layer's name in diffusers and what is meant of it; the whole name and "diff" for what is no LoRA."""
    found = _SIDES.fullmatch(name)
    if found is not None:
        return _diffusers_name(found[1]), _SIDE[found[2]]
    end = next((end for end in _OTHERS if name.endswith(end)), None)
    return (_diffusers_name(name.removesuffix(end)), _OTHERS[end]) if end else (name, "diff")


def _diffusers_name(layer: str) -> str:
    if ".attn1." in layer or ".attn2." in layer or "condition_embedder" in layer:
        return layer
    return transformer_name(f"{layer}.weight").removesuffix(".weight")


def _is_whole(addition: Addition) -> bool:
    return (addition.down is None) == (addition.up is None)


def _fault(layer: nn.Module, addition: Addition) -> _Fault | None:
    """Why a layer cannot take an addition; None where it can."""
    linear = isinstance(layer, nn.Linear) or hasattr(layer, "in_features")
    if addition.down is not None and not linear:
        return _Fault("it adds to another kind of layers", type(layer).__name__)
    if linear:
        size_in, size_out = int(layer.in_features), int(layer.out_features)  # type: ignore[arg-type]
        rank = 0 if addition.down is None else addition.down.shape[0]
        wanted = [(addition.down, (rank, size_in)), (addition.up, (size_out, rank))]
        wanted += [(addition.diff, (size_out, size_in)), (addition.diff_b, (size_out,))]
    else:
        wanted = [(addition.diff, _shape(layer, "weight")), (addition.diff_b, _shape(layer, "bias"))]
    for tensor, shape in wanted:
        if tensor is not None and tuple(tensor.shape) != shape:
            return _Fault("it was made for a model of another size", f"{tuple(tensor.shape)}, not {shape}")
    if addition.diff is not None and _is_quantized(layer):
        return _Fault("it changes numbers that are quantized here", type(layer).__name__, _OTHER_FORM)
    return None


def _shape(layer: nn.Module, table: str) -> tuple[int, ...] | None:
    """Of a table; None where there is none."""
    tensor = getattr(layer, table, None)
    return tuple(tensor.shape) if isinstance(tensor, Tensor) else None


def _is_quantized(layer: nn.Module) -> bool:
    """Whether nothing can be added to the layer's own numbers."""
    weight = getattr(layer, "weight", None)
    return isinstance(weight, Tensor) and weight.dtype not in _ADDABLE


_ADDABLE = (torch.float32, torch.float16, torch.bfloat16)


def _add_to(layer: nn.Module, addition: Addition, strength: float) -> None:
    if addition.down is not None and addition.up is not None:
        number = sum(isinstance(part, LowRank) for part in layer.children())
        kept = _held_in(layer)
        part = LowRank(addition.down.to(kept), addition.up.to(kept), strength * addition.scale)
        layer.add_module(f"lora_{number}", part)
        layer.register_forward_hook(lambda _, given, made: made + part(given[0]))
    for table, difference in (("weight", addition.diff), ("bias", addition.diff_b)):
        if difference is None:
            continue
        own = getattr(layer, table)
        added = difference.float() * strength + (0 if own is None else own.detach().float())
        dtype = difference.dtype if own is None else own.dtype
        setattr(layer, table, nn.Parameter(added.to(dtype), requires_grad=False))


def _held_in(layer: nn.Module) -> torch.dtype:
    """16 bit for layers that are held so, or that have their bias so where they are quantized."""
    tables = [getattr(layer, name, None) for name in ("weight", "bias")]
    held = any(isinstance(tensor, Tensor) and tensor.dtype is torch.bfloat16 for tensor in tables)
    return torch.bfloat16 if held else torch.float32


def _refused(source: str, fault: _Fault) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.WEIGHTS_CORRUPT,
        f"The LoRA {source} cannot be used: {fault.why}.",
        fault.hint,
        details=fault.details,
    )
