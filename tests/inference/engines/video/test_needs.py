# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What networks need is told from their files' tables of contents, before anything is read."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("diffusers")

import torch
import wan_weights

from inference.engines.neural.device import Device
from inference.engines.video import needs
from inference.engines.video.fit import EIGHT, FULL, GGUF, HALF
from inference.engines.video.tensors_in import part_paths, read_files
from inference.errors import ErrorCode, TalkingHeadError


@pytest.fixture(scope="module")
def official():
    return wan_weights.official_paths(wan_weights.official_folder())


def comfyui(name=wan_weights.SINGLE):
    return wan_weights.comfyui_paths(wan_weights.comfyui_folder(), name)


def model_part(paths):
    return needs.transformer_part("model", part_paths(paths, "transformer"), 100)


def test_shards_are_one_network(official):
    files = part_paths(official, "transformer")
    part = model_part(official)
    read = read_files(files)
    assert part.numbers == sum(tensor.numel() for tensor in read.values())
    assert part.file_bytes == sum(path.stat().st_size for path in files)
    block = sum(tensor.numel() for name, tensor in read.items() if name.startswith("blocks.3."))
    assert block <= part.layer_numbers < part.numbers
    assert (part.form, part.large, part.visits, part.exact) == (FULL, True, False, False)
    assert part.working == 100 * (8 * 48 + 3 * 64) * 2


@pytest.mark.parametrize(
    ("name", "form"), [(wan_weights.SINGLE, HALF), (wan_weights.EIGHT, EIGHT), (wan_weights.Q8, GGUF)]
)
def test_forms_of_files_are_seen(name, form):
    assert model_part(comfyui(name)).form == form


def test_other_parts(official):
    text = needs.text_part("text", [official["umt5"]])
    assert (text.form, text.visits, text.large) == (HALF, True, True)
    vae = needs.vae_part("VAE", [official["vae"]], 1280, 720)
    assert (vae.form, vae.exact) == (FULL, True)
    assert vae.working_tiled == vae.working * 256**2 // (1280 * 720)


def test_quantized_numbers_are_counted_and_not_their_bytes():
    eight, four = (model_part(comfyui(name)) for name in (wan_weights.Q8, wan_weights.Q4))
    assert eight.numbers == four.numbers
    assert eight.file_bytes > four.file_bytes


@pytest.mark.parametrize(("half", "form"), [(torch.bfloat16, HALF), (torch.float16, FULL)])
def test_16_bit_is_bfloat16_or_none(official, monkeypatch, half, form):
    """Cards before Ampere are faster in float16 only, whose range is too small for these networks."""
    card = SimpleNamespace(kind="cuda", half=half)
    monkeypatch.setattr(needs, "free_bytes", lambda device: 10**9)
    assert needs.fitting([model_part(official)], card, "auto", "auto").forms == {"model": form}


def test_memory_of_this_computer_is_asked(official, monkeypatch):
    parts = [model_part(official)]
    assert needs.fitting(parts, Device("cpu"), "full", "auto").forms == {"model": FULL}
    monkeypatch.setattr(needs.psutil, "virtual_memory", lambda: type("", (), {"available": 1000}))
    with pytest.raises(TalkingHeadError) as caught:
        needs.fitting(parts, Device("cpu"), "auto", "auto")
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY
