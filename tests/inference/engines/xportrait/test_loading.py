# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
safetensors_torch = pytest.importorskip("safetensors.torch")

import xportrait_weights as seeded  # noqa: E402

from inference.engines.xportrait.layout import layout_of  # noqa: E402
from inference.engines.xportrait.loading import Networks, embedded_parts, load_networks, networks_from  # noqa: E402
from inference.errors import Action, ErrorCode, TalkingHeadError  # noqa: E402

DENOISER = "model.diffusion_model."


@pytest.fixture(scope="module")
def state() -> dict[str, np.ndarray]:
    return seeded.state()


@pytest.fixture(scope="module")
def small(state) -> dict[str, np.ndarray]:
    """A few tensors of each kind, quickly saved."""
    return dict(list(state.items())[:3])


def refusal(state: dict[str, np.ndarray]) -> TalkingHeadError:
    with pytest.raises(TalkingHeadError) as caught:
        networks_from(state, "model.th")
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
    assert caught.value.action is Action.GET_MODELS
    assert caught.value.hint and "model.th" in caught.value.message
    return caught.value


def all_of(networks: Networks) -> tuple[torch.nn.Module, ...]:
    return networks.appearance, networks.pose, networks.local, networks.denoiser


def test_the_official_file(state):
    networks = load_networks(seeded.official_paths(seeded.official_folder())["xportrait"])
    for network in all_of(networks):
        assert not network.training
        assert not any(parameter.requires_grad for parameter in network.parameters())
    first, last = f"{DENOISER}input_blocks.0.0.weight", f"{DENOISER}out.2.bias"
    assert np.array_equal(networks.denoiser.conv_in.weight.numpy(), state[first])
    assert np.array_equal(networks.denoiser.conv_out.bias.numpy(), state[last])


def test_its_conversion(state, tmp_path):
    path = tmp_path / "model.safetensors"
    safetensors_torch.save_file({name: torch.as_tensor(value) for name, value in state.items()}, path)
    networks = load_networks(path)
    weight = networks.pose.controlnet_cond_embedding.conv_out.weight
    assert np.array_equal(weight.detach().numpy(), state["pose_control_model.input_hint_block.14.weight"])


@pytest.mark.parametrize("network", ["appearance_control_model.", "pose_control_model.", DENOISER])
def test_a_missing_network_is_told(state, network):
    kept = {name: value for name, value in state.items() if not name.startswith(network)}
    assert network.removesuffix(".") in refusal(kept).message


@pytest.mark.parametrize(
    "name",
    [
        f"{DENOISER}output_blocks_motion_module.11.0.temporal_transformer.proj_out.bias",
        "local_pose_control_model.zero_convs.3.0.bias",
        "appearance_control_model.middle_block.1.transformer_blocks.0.attn1.to_q.weight",
    ],
)
def test_a_missing_tensor_is_told(state, name):
    assert "missing" in refusal({key: value for key, value in state.items() if key != name}).message


@pytest.mark.parametrize("name", [f"{DENOISER}extra.weight", "pose_control_model.input_blocks.2.0.extra"])
def test_a_tensor_too_many_is_told(state, name):
    assert "unexpected" in refusal({**state, name: np.zeros(3, np.float32)}).message


def test_a_tensor_of_another_shape_is_told(state):
    name = "pose_control_model.middle_block_out.0.bias"
    assert "shape" in refusal({**state, name: np.zeros(3, np.float32)}).message


def test_another_model_is_told(state):
    """Stable Diffusion 1.5 alone, whose denoiser has the same beginning of its names."""
    other = {name: value for name, value in state.items() if name.startswith(DENOISER) and "motion" not in name}
    assert "appearance" in refusal(other).message


def test_a_network_without_its_blocks_is_told(state):
    name = "appearance_control_model.time_embed.0.bias"
    kept = {key: value for key, value in state.items() if not key.startswith("appearance_control_model.")}
    assert "layers" in refusal({**kept, name: state[name]}).message


def test_sizes_come_from_the_tensors(state):
    found = layout_of({k.removeprefix(DENOISER): v for k, v in state.items() if k.startswith(DENOISER)})
    assert found.channels == (32, 64, 128, 128)
    assert found.attentive == (True, True, True, False)
    assert (found.layers, found.in_channels, found.text_width, found.positions) == (2, 4, 16, 24)
    prefix = "pose_control_model."
    assert layout_of({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}).hint_channels == (
        16,
        32,
        96,
        256,
    )


@pytest.mark.parametrize(("embedded", "expected"), [(False, set()), (True, {"vae", "text"})])
def test_networks_of_the_base_model_inside(small, tmp_path: Path, embedded, expected):
    path = seeded.write_official(tmp_path / "model_state-415001.th", small, embedded=embedded)
    assert embedded_parts(path) == expected


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(TalkingHeadError) as caught:
        load_networks(tmp_path / "model_state-415001.th")
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING
