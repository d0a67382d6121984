# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What networks need of memory, told from their files' tables of contents and the size of what is drawn."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import gguf
import psutil
import torch
from safetensors import safe_open

from ...weights.tensors import pickled_sizes
from ..diffusion.placing import free_bytes
from ..neural.device import Device
from .fit import EIGHT, FULL, GGUF, HALF, Ask, Fit, Part, choose, usable
from .tensors_in import guarded

_FORMS = {"F32": FULL, "F8_E4M3": EIGHT, "F8_E5M2": EIGHT}
_LAYER = re.compile(r"(.*?blocks?\.\d+)\.")
# Numbers that a token needs besides the network's: copies of its own width, and of the width inside of a layer. A fifth
# more than benchmarks/video_figures.py counts for the official sizes.
_OF_WIDTH, _OF_INSIDE = 8, 3
# Numbers that the VAE needs a pixel for each of its first channels: four frames at a time, and what its causal layers
# remember of the two before them.
_VAE_A_PIXEL = 68
_VAE_TILE_PX = 256
# Bytes that the text encoder needs besides its numbers, for 512 tokens.
_TEXT_WORKING = 10**8


def contents(files: Sequence[Path]) -> dict[str, tuple[int, str]]:
    """How many numbers each tensor of some files has, and in which form (``fit``); nothing else is read.

    Raises:
        TalkingHeadError: as ``tensors_in.read_files``.
    """
    found: dict[str, tuple[int, str]] = {}
    for path in files:
        with guarded(path):
            found |= _contents(path)
    return found


def _contents(path: Path) -> dict[str, tuple[int, str]]:
    if path.suffix.lower() == ".gguf":
        return {entry.name: (int(entry.n_elements), GGUF) for entry in gguf.GGUFReader(path).tensors}
    if path.suffix.lower() == ".safetensors":
        with safe_open(path, framework="pt", device="cpu") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}
            return {n: (math.prod(s.get_shape()), _FORMS.get(s.get_dtype(), HALF)) for n, s in slices.items()}
    return {n: (count, FULL if kind is torch.float32 else HALF) for n, (count, kind) in pickled_sizes(path).items()}


def part_of(name: str, files: Sequence[Path], working: int, **options: bool | int | None) -> Part:
    """A network before it is read.

    Args:
        name, working: as of ``fit.Part``.
        options: others of ``fit.Part``.

    Raises:
        TalkingHeadError: as ``contents``.
    """
    return _part(name, files, contents(files), working, **options)


def transformer_part(name: str, files: Sequence[Path], tokens: int) -> Part:
    """A transformer of the Wan family before it is read.

    Args:
        tokens: of what is drawn at once: 16 x 16 px of 4 frames each.

    Raises:
        TalkingHeadError: as ``contents``.
    """
    found = contents(files)
    width = _numbers(found, "patch_embedding.bias")
    inside = _numbers(found, "blocks.0.ffn.0.bias", "blocks.0.ffn.net.0.proj.bias")
    working = tokens * (_OF_WIDTH * width + _OF_INSIDE * inside) * 2
    return _part(name, files, found, working, large=True)


def text_part(name: str, files: Sequence[Path]) -> Part:
    """The text encoder before it is read.

    Raises:
        TalkingHeadError: as ``contents``.
    """
    return part_of(name, files, _TEXT_WORKING, large=True, visits=True)


def vae_part(name: str, files: Sequence[Path], height: int, width: int) -> Part:
    """Wan's VAE before it is read.

    Args:
        height, width: of the video, px.

    Raises:
        TalkingHeadError: as ``contents``.
    """
    found = contents(files)
    a_pixel = _numbers(found, "encoder.conv1.bias", "encoder.conv_in.bias") * _VAE_A_PIXEL * 4
    tiled = min(height * width, _VAE_TILE_PX**2) * a_pixel
    return _part(name, files, found, height * width * a_pixel, working_tiled=tiled, exact=True)


def _part(
    name: str, files: Sequence[Path], found: Mapping[str, tuple[int, str]], working: int, **options: bool | int | None
) -> Part:
    numbers: dict[str, int] = defaultdict(int)
    forms: dict[str, int] = defaultdict(int)
    for tensor, (count, form) in found.items():
        layer = _LAYER.match(tensor)
        numbers[layer[1] if layer else ""] += count
        forms[form] += count
    # A network whose matrices are quantized is a quantized one, whatever its small tensors are.
    form = max(forms, key=lambda each: forms[each])
    size = sum(path.stat().st_size for path in files)
    return Part(name, sum(numbers.values()), form, size, max(numbers.values()), working, **options)  # type: ignore[arg-type]


def _numbers(found: Mapping[str, tuple[int, str]], *names: str) -> int:
    """Of the first tensor whose name ends like one of these; 0 where there is none: reading the file will tell."""
    return next((count for name, (count, _) in found.items() if name.endswith(names)), 0)


def has_room(needed: int) -> bool:
    """Whether main memory has room for so many bytes more."""
    return needed <= usable(psutil.virtual_memory().available)


def fitting(parts: Sequence[Part], device: Device, precision: str, memory: str, held: int = 0) -> Fit:
    """How networks are held on this computer, as it is now.

    Args:
        held: bytes of main memory that these very networks take already.

    Raises:
        TalkingHeadError: OUT_OF_MEMORY, UNSUPPORTED_INPUT, before anything is read.
    """
    free = psutil.virtual_memory().available + held
    return choose(
        Ask(device.kind, free_bytes(device), free, parts, precision, memory, swift_half=device.half is torch.bfloat16)
    )
