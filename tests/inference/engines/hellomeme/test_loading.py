# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HelloMeme's networks from files: sizes are read from the tensors, and every tensor must be there."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("diffusers")

import torch
from hellomeme_tiny import tiny_networks
from safetensors.torch import save_file
from torch import Tensor

from inference.engines.hellomeme.loading import LABELS, load_networks, networks_from
from inference.errors import ErrorCode, TalkingHeadError


def tensors(version: str = "v5") -> dict[str, dict[str, Tensor]]:
    networks = tiny_networks(version)
    return {part: dict(getattr(networks, part).state_dict()) for part in LABELS}


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    found = {part: tmp_path / f"{part}.safetensors" for part in LABELS}
    for part, state in tensors().items():
        save_file(state, found[part])
    return found


def test_files_give_the_tensors_they_hold(paths):
    networks = load_networks(paths, "v5")
    for part in LABELS:
        network = getattr(networks, part)
        assert not network.training
        assert {name: value.shape for name, value in network.state_dict().items()} == {
            name: value.shape for name, value in tensors()[part].items()
        }


def test_half_precision_files_become_32_bit():
    states = {part: {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
              for part, state in tensors().items()}  # fmt: skip
    assert networks_from(states, "v5").motion.motion_up[0].attn1.proj_in.weight.dtype is torch.float32


@pytest.mark.parametrize("part", LABELS)
def test_a_missing_file_is_told(paths, part):
    del paths[part]
    with pytest.raises(TalkingHeadError, match="missing") as caught:
        load_networks(paths, "v5")
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING


@pytest.mark.parametrize(("version", "chosen"), [("v5", "v5b"), ("v5b", "v5")])
def test_the_other_version_is_told(version, chosen):
    with pytest.raises(TalkingHeadError, match=f"version {version[1:]}, but {chosen[1:]} is chosen"):
        networks_from(tensors(version), chosen)


@pytest.mark.parametrize("part", LABELS)
@pytest.mark.parametrize("harm", ["missing", "unexpected", "shape", "nothing"])
def test_every_tensor_must_be_as_it_should(part, harm):
    states = tensors()
    name = next(reversed(states[part]))
    if harm == "missing":
        del states[part][name]
    elif harm == "unexpected":
        states[part]["more"] = torch.zeros(1)
    elif harm == "shape":
        states[part][name] = torch.zeros(5, 5)
    else:
        states[part] = {}
    with pytest.raises(TalkingHeadError) as caught:
        networks_from(states, "v5")
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
    assert LABELS[part] in caught.value.message
