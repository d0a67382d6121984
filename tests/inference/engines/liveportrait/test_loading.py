# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")

import liveportrait_weights as seeded  # noqa: E402

from inference.engines.liveportrait.networks.loading import (  # noqa: E402
    FILES,
    LivePortraitNetworks,
    load_networks,
    networks_from,
)
from inference.errors import Action, ErrorCode, TalkingHeadError  # noqa: E402

STITCHING = seeded.STITCHING


@pytest.fixture(scope="module")
def official() -> dict[str, Path]:
    return seeded.official_paths(seeded.official_folder())


@pytest.fixture(scope="module")
def small() -> dict[str, dict[str, torch.Tensor]]:
    """The tensors of the smallest networks, by part."""
    states = seeded.states()
    parts = ("appearance_feature_extractor", *seeded.RETARGETING)
    return {part: {name: torch.as_tensor(value) for name, value in states[part].items()} for part in parts}


def refusal(paths: dict[str, Path]) -> TalkingHeadError:
    with pytest.raises(TalkingHeadError) as caught:
        load_networks(paths)
    assert caught.value.action is Action.GET_MODELS
    assert caught.value.hint
    return caught.value


def equal(first: LivePortraitNetworks, second: LivePortraitNetworks) -> bool:
    for field in fields(first):
        ours, theirs = (getattr(networks, field.name).state_dict() for networks in (first, second))
        if ours.keys() != theirs.keys() or not all(torch.equal(ours[name], theirs[name]) for name in ours):
            return False
    return True


def test_both_layouts_give_the_same_networks(official):
    flat = seeded.safetensors_paths(seeded.safetensors_folder())
    networks = load_networks(official)
    assert equal(networks, load_networks(flat))
    assert equal(networks, seeded.networks())


def test_networks_are_ready_for_use():
    for field in fields(LivePortraitNetworks):
        network = getattr(seeded.networks(), field.name)
        assert not network.training
        assert not any(parameter.requires_grad for parameter in network.parameters())
        assert {value.dtype for value in network.state_dict().values()} <= {torch.float32, torch.int64}
        assert not any(name.endswith(("_orig", "_u", "_v")) for name in network.state_dict())


def test_half_floats_are_read_as_full_ones(official, small, tmp_path):
    path = tmp_path / "appearance_feature_extractor.safetensors"
    state = small["appearance_feature_extractor"]
    safetensors_torch.save_file({n: v.half() if v.is_floating_point() else v for n, v in state.items()}, path)
    network = load_networks({**official, "appearance_feature_extractor": path}).appearance
    expected = state["first.conv.weight"].half().float()
    assert torch.equal(network.state_dict()["first.conv.weight"], expected)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_not_named_is_missed(official, name):
    error = refusal({key: path for key, path in official.items() if key != name})
    assert error.code is ErrorCode.WEIGHTS_MISSING and name in error.message


def changed(state: dict, change: str) -> dict:
    state = dict(state)
    if change == "missing":
        del state["first.conv.weight"]
    elif change == "unexpected":
        state["extra.weight"] = torch.zeros(2)
    elif change == "renamed":
        state["module.first.conv.weight"] = state.pop("first.conv.weight")
    else:
        state["first.conv.weight"] = state["first.conv.weight"][:, :, :, :2]
    return state


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("missing", "first.conv.weight is missing"),
        ("unexpected", "extra.weight is unexpected"),
        ("renamed", "first.conv.weight is missing; module.first.conv.weight is unexpected"),
        ("reshaped", "first.conv.weight has shape (64, 3, 3, 2) instead of (64, 3, 3, 3)"),
    ],
)
@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_other_tensors_are_told(official, small, tmp_path, ending, change, told):
    path = tmp_path / f"changed.{ending}"
    state = {name: value.contiguous() for name, value in changed(small["appearance_feature_extractor"], change).items()}
    torch.save(state, path) if ending == "pth" else safetensors_torch.save_file(state, path)
    error = refusal({**official, "appearance_feature_extractor": path})
    assert error.code is ErrorCode.WEIGHTS_CORRUPT
    assert error.message == f"{path.name} cannot be LivePortrait's appearance feature extractor: {told}."


def test_another_networks_file_is_told(official):
    error = refusal({**official, "appearance_feature_extractor": official["motion_extractor"]})
    assert "cannot be LivePortrait's appearance feature extractor" in error.message
    assert "104 more are missing" in error.message and "209 more are unexpected" in error.message


def test_the_stitching_file_needs_all_three_networks(official, small, tmp_path):
    path = tmp_path / "stitching.pth"
    torch.save({part: small[part] for part in ("retarget_shoulder", "retarget_mouth")}, path)
    error = refusal({**official, STITCHING: path})
    assert "cannot be LivePortrait's eye network" in error.message


def test_each_network_of_the_stitching_file_is_strict(official, small, tmp_path):
    path = tmp_path / "stitching.pth"
    content = {part: dict(small[part]) for part in seeded.RETARGETING}
    content["retarget_mouth"]["mlp.8.weight"] = torch.zeros(3, 3)
    torch.save(content, path)
    error = refusal({**official, STITCHING: path})
    assert "LivePortrait's lip network: mlp.8.weight is unexpected" in error.message


def test_the_flat_stitching_file_takes_no_other_names(official, small, tmp_path):
    path = tmp_path / "stitching.safetensors"
    flat = {f"{part}_module.{name}": value for part in seeded.RETARGETING for name, value in small[part].items()}
    safetensors_torch.save_file({**flat, "retarget_nose_module.mlp.0.weight": torch.zeros(2)}, path)
    assert "'retarget_nose_module.mlp.0.weight' is unexpected" in refusal({**official, STITCHING: path}).message


def test_tensors_in_memory_need_all_parts(small):
    with pytest.raises(TalkingHeadError, match="motion extractor is missing"):
        networks_from(small)


def test_the_callers_tensors_stay_as_they_were():
    states = seeded.states()
    before = states["spade_generator"]["up_1.conv_s.weight_orig"].copy()
    networks = networks_from(states)
    after = states["spade_generator"]["up_1.conv_s.weight_orig"]
    assert (before == after).all()
    assert not torch.equal(networks.decoder.up_1.conv_s.weight, torch.as_tensor(after))
