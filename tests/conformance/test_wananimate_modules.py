# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate's networks: transformer with its motion and face encoders, VAE, text encoder, CLIP; full layouts."""

from __future__ import annotations

import json
import math

import pytest
import torch
from conformance import RECORDED
from torch import Tensor, nn
from wananimate_recorded import enlarged

from inference.engines.video.clip_vision import load_clip
from inference.engines.video.names import transformer_name
from inference.engines.video.text import load_umt5, states
from inference.engines.video.transformers_from import animate_from
from inference.engines.video.vae import load_vae
from inference.engines.wananimate.model import Model, pixels_of

TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def faces(wananimate, wananimate_model) -> Tensor:
    """(n, 3, F, F) -1..1."""
    small = wananimate.array("transformer/in/face_small")
    return torch.from_numpy(pixels_of(enlarged(small, wananimate_model.face_px)).swapaxes(0, 1))


def test_motion(wananimate, wananimate_model, faces):
    with wananimate_model.drawing():
        motion = wananimate_model.transformer.network.motion_encoder(faces)
        wananimate.close("transformer/out/motion", motion.numpy(), TOLERANCE)
        tokens = wananimate_model.transformer.network.face_encoder(motion[None])[0]
    wananimate.close("transformer/out/face_tokens", tokens.numpy(), TOLERANCE)


def test_transformer(wananimate, wananimate_model: Model, faces):
    given = {name: wananimate.array(f"transformer/in/{name}") for name in ("context", "clip_fea", "pose_latents", "y")}
    seen = wananimate_model.seen(
        given["context"], given["clip_fea"], given["pose_latents"], faces.numpy().swapaxes(0, 1), given["y"]
    )
    latents = wananimate_model.transformer.tensor(wananimate.array("transformer/in/latents"))
    with wananimate_model.drawing():
        found = wananimate_model.predicted(latents, float(wananimate.array("transformer/in/t")), seen)
    wananimate.close("transformer/out/sample", found.numpy(), TOLERANCE)


def test_vae(wananimate, wananimate_model):
    vae = wananimate_model.vae
    latent = vae.encode(wananimate.array("vae/in/video"))
    wananimate.close("vae/out/latent", latent, TOLERANCE)
    wananimate.close("vae/out/roundtrip", vae.decode(latent)[..., ::2, ::2], TOLERANCE)
    wananimate.close("vae/out/video", vae.decode(wananimate.array("vae/in/latent"))[..., ::2, ::2], TOLERANCE)


def test_text_encoder(wananimate, wananimate_umt5):
    mask = wananimate.array("umt5/in/mask")
    found = states(wananimate_umt5, wananimate.array("umt5/in/ids"), mask)
    wananimate.close("umt5/out/states", found * mask[..., None], TOLERANCE)


def test_clip(wananimate, wananimate_model):
    rows = wananimate_model.clip.rows(wananimate.array("clip/in/image"))
    wananimate.close("clip/out/states", rows, TOLERANCE)


def full(part: str) -> dict[str, Tensor]:
    """A part of the official files without memory: names, shapes and types."""
    layout = json.loads((RECORDED / "wananimate_keys_full.json").read_text(encoding="utf-8"))[part]
    return {
        name: torch.empty(shape, device="meta", dtype=getattr(torch, kind)) for name, (shape, kind) in layout.items()
    }


def numbers(network: nn.Module) -> int:
    return sum(math.prod(tensor.shape) for tensor in network.parameters())


@pytest.mark.parametrize("part", ["transformer", "transformer_diffusers"])
def test_full_transformer(part):
    """Every tensor of the official files has its place in a transformer of the full size, and no other is missed."""
    tensors = full(part)
    network = animate_from(tensors, part, torch.bfloat16)
    kernels = [name for name in tensors if name.endswith(".kernel")]
    assert numbers(network) == sum(tensor.numel() for name, tensor in tensors.items() if name not in kernels)
    config = network.config
    assert (config["num_attention_heads"], config["attention_head_dim"], config["num_layers"]) == (40, 128, 40)
    assert (config["motion_encoder_size"], config["inject_face_latents_blocks"]) == (512, 5)
    assert network.blocks[0].attn1.to_q.weight.dtype is torch.bfloat16
    assert network.scale_shift_table.dtype is torch.float32


def test_full_vae():
    tensors = full("vae")
    network = load_vae(tensors)
    assert numbers(network) == sum(tensor.numel() for tensor in tensors.values())
    assert network.config["base_dim"] == 96


def test_full_text_encoder():
    tensors = full("umt5")
    network = load_umt5(tensors)
    assert numbers(network) == sum(tensor.numel() for tensor in tensors.values())
    assert (network.config.num_heads, network.config.d_kv) == (64, 64)
    assert network.dtype is torch.bfloat16


def test_full_clip():
    tensors = full("clip")
    network = load_clip(tensors)
    seeing = [value for name, value in tensors.items() if name.startswith("visual.") and name != "visual.head"]
    assert numbers(network) == sum(tensor.numel() for tensor in seeing)
    assert network.config.num_attention_heads == 16


def test_full_relighting_lora():
    """Each pair of the relighting LoRA belongs to a layer of the transformer, and fits."""
    network = animate_from(full("transformer"), "transformer")
    shapes = {name: tuple(tensor.shape) for name, tensor in network.named_parameters()}
    lora = full("relighting_lora")
    for name in [name for name in lora if name.endswith(".lora_A.weight")]:
        down, up = lora[name], lora[name.replace(".lora_A.", ".lora_B.")]
        wanted = shapes[transformer_name(name.replace(".lora_A.", "."))]
        assert (up.shape[0], down.shape[1]) == wanted and up.shape[1] == down.shape[0]
    assert len(lora) == 2 * sum(name.endswith(".lora_A.weight") for name in lora)
