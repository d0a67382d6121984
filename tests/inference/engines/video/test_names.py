# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Official names of Wan's tensors, and what becomes of tensors on the way."""

from __future__ import annotations

import pytest

pytest.importorskip("diffusers")

import torch

from inference.engines.video.names import transformer_name, transformer_names, vae_names, without_prefix


@pytest.mark.parametrize(
    ("official", "diffusers"),
    [
        ("blocks.7.norm3.weight", "blocks.7.norm2.weight"),
        ("blocks.7.self_attn.norm_q.weight", "blocks.7.attn1.norm_q.weight"),
        ("blocks.7.self_attn.q.lora_A.weight", "blocks.7.attn1.to_q.lora_A.weight"),
        ("blocks.7.cross_attn.norm_k_img.weight", "blocks.7.attn2.norm_added_k.weight"),
        ("blocks.7.modulation", "blocks.7.scale_shift_table"),
        ("head.modulation", "scale_shift_table"),
        ("head.head.bias", "proj_out.bias"),
        ("face_adapter.fuser_blocks.2.linear2.weight", "face_adapter.2.to_out.weight"),
        ("face_encoder.conv2.conv.weight", "face_encoder.conv2.weight"),
        ("motion_encoder.enc.fc.4.bias", "motion_encoder.motion_network.4.bias"),
        ("motion_encoder.enc.net_app.convs.0.1.bias", "motion_encoder.conv_in.act_fn.bias"),
        ("motion_encoder.enc.net_app.convs.3.skip.1.weight", "motion_encoder.res_blocks.2.conv_skip.weight"),
        ("blocks.7.unknown.weight", "blocks.7.unknown.weight"),
    ],
)
def test_names_of_transformers(official, diffusers):
    assert transformer_name(official) == diffusers


def test_prefixes():
    given = {"model.diffusion_model.a": torch.zeros(1), "diffusion_model.b": torch.ones(1), "c": torch.ones(1)}
    assert list(without_prefix(given)) == ["a", "b", "c"]


def test_keys_and_values_of_faces():
    stem = "face_adapter.fuser_blocks.0.linear1_kv"
    found = transformer_names(
        {
            f"{stem}.weight": torch.arange(8.0).reshape(4, 2),
            f"{stem}.bias": torch.arange(4.0),
            f"{stem}.scale_weight": torch.tensor(0.5),
        }
    )
    assert found["face_adapter.0.to_k.weight"].tolist() == [[0, 1], [2, 3]]
    assert found["face_adapter.0.to_v.bias"].tolist() == [2, 3]
    assert [float(found[f"face_adapter.0.{part}.scale_weight"]) for part in ("to_k", "to_v")] == [0.5, 0.5]


def test_blur_kernels_are_left_out():
    stem = "motion_encoder.enc.net_app.convs.1"
    given = {f"{stem}.conv2.0.kernel": torch.zeros(4, 4), f"{stem}.conv2.2.bias": torch.zeros(1, 4, 1, 1)}
    found = transformer_names(given)
    assert {name: tuple(value.shape) for name, value in found.items()} == {
        "motion_encoder.res_blocks.0.conv2.act_fn.bias": (4,)
    }


def test_levels_of_the_decoder():
    """How many blocks a level has is seen in the names."""
    names = ["0.residual.2.weight", "1.residual.2.weight", "2.resample.1.weight", "3.shortcut.weight"]
    found = vae_names({f"decoder.upsamples.{name}": torch.zeros(1) for name in names})
    assert list(found) == [
        "decoder.up_blocks.0.resnets.0.conv1.weight",
        "decoder.up_blocks.0.resnets.1.conv1.weight",
        "decoder.up_blocks.0.upsamplers.0.resample.1.weight",
        "decoder.up_blocks.1.resnets.0.conv_shortcut.weight",
    ]
