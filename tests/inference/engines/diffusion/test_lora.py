# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LoRAs in all ways their files are named, and files that cannot be added."""

from __future__ import annotations

import copy
import json

import pytest

pytest.importorskip("diffusers")

import sd15_weights
import torch
from peft import LoraConfig
from safetensors.torch import save_file

from inference.engines.diffusion import base_model, lora_file
from inference.engines.diffusion.base_model import add_lora
from inference.errors import ErrorCode, TalkingHeadError

RANK, ALPHA = 4, 2.0
QUERY = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
OUT = "mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0"
CONV = "up_blocks.1.resnets.0.conv1"
TEXT = "encoder.layers.1.self_attn.q_proj"


@pytest.fixture(scope="module")
def loaded():
    files = sd15_weights.diffusers_paths(sd15_weights.diffusers_folder())
    return base_model.load_unet(files["sd15_unet"]), base_model.load_text_encoder(files["sd15_text"])


@pytest.fixture
def unet(loaded):
    yield from put_back(loaded[0])


@pytest.fixture
def text_encoder(loaded):
    yield from put_back(loaded[1])


def put_back(network):
    """Hand out a network, and undo afterwards what was added to it."""
    weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    yield network
    network.load_state_dict(weights)


def pair(layer, seed=0):
    """Down and up of a layer, seeded."""
    weight = layer.weight
    generator = torch.Generator().manual_seed(seed)
    tail = weight.shape[2:]
    down = torch.randn(RANK, weight.shape[1], *tail, generator=generator)
    up = torch.randn(weight.shape[0], RANK, *(1 for _ in tail), generator=generator)
    return down, up


def expected(layer, scale, seed=0):
    """The weight after the addition, by the forward pass of the two layers."""
    down, up = pair(layer, seed)
    product = torch.einsum("or,r...->o...", up.flatten(1), down)
    return layer.weight + scale * product


def written(tmp_path, tensors, metadata=None):
    path = tmp_path / "style.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata)
    return path


def told(*arguments):
    with pytest.raises(TalkingHeadError) as caught:
        add_lora(*arguments)
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
    assert caught.value.hint
    return caught.value.message


def kohya(name, text=False):
    stem = ("lora_te_text_model_" if text else "lora_unet_") + name.replace(".", "_")
    return f"{stem}.lora_down.weight", f"{stem}.lora_up.weight", f"{stem}.alpha"


def test_kohya_with_alpha_and_strength(unet, text_encoder, tmp_path):
    tensors, wanted = {}, []
    for number, (network, name) in enumerate(((unet, QUERY), (unet, OUT), (unet, CONV), (text_encoder, TEXT))):
        layer = network.get_submodule(name)
        down_name, up_name, alpha_name = kohya(name, network is text_encoder)
        tensors[down_name], tensors[up_name] = pair(layer, number)
        tensors[alpha_name] = torch.tensor(ALPHA)
        wanted.append((layer, expected(layer, 0.5 * ALPHA / RANK, number)))
    add_lora(unet, text_encoder, written(tmp_path, tensors), 0.5)
    for layer, weight in wanted:
        torch.testing.assert_close(layer.weight, weight)


@pytest.mark.parametrize(
    ("down_name", "up_name"),
    [
        ("unet.{}.lora_A.weight", "unet.{}.lora_B.weight"),
        ("unet.{}.lora.down.weight", "unet.{}.lora.up.weight"),
        ("{}.lora_A.weight", "{}.lora_B.weight"),
        ("base_model.model.{}.lora_A.default.weight", "base_model.model.{}.lora_B.default.weight"),
        ("unet.{}.lora_linear_layer.down.weight", "unet.{}.lora_linear_layer.up.weight"),
    ],
)
def test_names_of_diffusers_and_peft(unet, tmp_path, down_name, up_name):
    layer = unet.get_submodule(OUT)
    down, up = pair(layer)
    wanted = expected(layer, 1.0)
    add_lora(unet, None, written(tmp_path, {down_name.format(OUT): down, up_name.format(OUT): up}), 1.0)
    torch.testing.assert_close(layer.weight, wanted)


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora", QUERY),
        ("unet.mid_block.attentions.0.transformer_blocks.0.attn2.processor.to_out_lora", OUT),
        ("text_encoder.text_model.encoder.layers.1.self_attn.to_q_lora", TEXT),
        ("text_encoder.text_model.encoder.layers.1.self_attn.q_proj.lora_linear_layer", TEXT),
    ],
)
def test_names_of_the_first_diffusers(unet, text_encoder, tmp_path, stem, name):
    layer = (unet if stem.startswith("unet") else text_encoder).get_submodule(name)
    down, up = pair(layer)
    wanted = expected(layer, 2.0)
    add_lora(unet, text_encoder, written(tmp_path, {f"{stem}.down.weight": down, f"{stem}.up.weight": up}), 2.0)
    torch.testing.assert_close(layer.weight, wanted)


def test_it_does_what_diffusers_own_adapter_does(unet, tmp_path):
    layer, conv = unet.get_submodule(QUERY), unet.get_submodule(CONV)
    tensors = {}
    for each, name in ((layer, QUERY), (conv, CONV)):
        tensors[f"unet.{name}.lora_A.weight"], tensors[f"unet.{name}.lora_B.weight"] = pair(each)
    options = {"unet.r": RANK, "unet.lora_alpha": 8, "unet.alpha_pattern": {CONV: 1}}
    path = written(tmp_path, tensors, {"lora_adapter_metadata": json.dumps(options)})
    noise, text = torch.randn(1, 4, 16, 16), torch.randn(1, 77, 16)
    other = copy.deepcopy(unet)
    config = LoraConfig(r=RANK, lora_alpha=8, alpha_pattern={CONV: 1}, target_modules=[QUERY, CONV])
    other.load_lora_adapter(
        {name.removeprefix("unet."): tensor for name, tensor in tensors.items()},
        prefix=None,
        metadata={"r": RANK, "lora_alpha": 8, "alpha_pattern": {CONV: 1}, "target_modules": config.target_modules},
    )
    with torch.inference_mode():
        plain = unet(noise, 431, text).sample
        wanted = other(noise, 431, text).sample
        add_lora(unet, None, path, 1.0)
        found = unet(noise, 431, text).sample
    assert (found - plain).abs().max() > 1e-2
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)


def test_what_is_for_the_other_network_is_passed_over(unet, text_encoder, tmp_path):
    down_name, up_name, _ = kohya(TEXT, text=True)
    layer = text_encoder.get_submodule(TEXT)
    path = written(tmp_path, dict(zip((down_name, up_name), pair(layer), strict=True)))
    before = {name: tensor.clone() for name, tensor in unet.state_dict().items()}
    add_lora(unet, None, path, 1.0)
    assert all(torch.equal(before[name], tensor) for name, tensor in unet.state_dict().items())


def test_a_pickled_file(unet, tmp_path):
    down_name, up_name, _ = kohya(QUERY)
    layer = unet.get_submodule(QUERY)
    wanted = expected(layer, 1.0)
    path = tmp_path / "style.pt"
    torch.save(dict(zip((down_name, up_name), pair(layer), strict=True)), path)
    add_lora(unet, None, path, 1.0)
    torch.testing.assert_close(layer.weight, wanted)


def ones(*names):
    return {name: torch.ones(RANK, RANK) for name in names}


@pytest.mark.parametrize(
    ("layer", "family"),
    [
        ("lora_te1_text_model_encoder_layers_0_mlp_fc1", "Stable Diffusion XL"),
        ("lora_te2_text_model_encoder_layers_0_mlp_fc1", "Stable Diffusion XL"),
        ("lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_k", "Stable Diffusion XL"),
        ("unet.down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_k", "Stable Diffusion XL"),
        ("transformer.single_transformer_blocks.0.attn.to_q", "another model"),
        ("diffusion_model.blocks.0.self_attn.q", "another model"),
        ("lora_unet_down_blocks_7_attentions_0_proj_in", "another model"),
    ],
)
def test_layers_of_other_families_are_named(unet, text_encoder, tmp_path, layer, family):
    path = written(tmp_path, ones(f"{layer}.lora_down.weight", f"{layer}.lora_up.weight"))
    assert told(unet, text_encoder, path, 1.0) == (
        f"The LoRA style.safetensors was made for {family}, not for Stable Diffusion 1.5."
    )


@pytest.mark.parametrize(("width", "family"), [(2048, "Stable Diffusion XL"), (1024, "Stable Diffusion 2")])
def test_layers_of_another_size_change_nothing(unet, tmp_path, width, family):
    name = OUT.replace("to_out.0", "to_k")
    query, key = unet.get_submodule(QUERY), unet.get_submodule(name)
    tensors = dict(zip(kohya(QUERY)[:2], pair(query), strict=True))
    tensors |= dict(zip(kohya(name)[:2], (torch.ones(RANK, width), torch.ones(len(key.weight), RANK)), strict=True))
    before = query.weight.clone()
    assert f"made for {family}" in told(unet, None, written(tmp_path, tensors), 1.0)
    assert torch.equal(query.weight, before)


@pytest.mark.parametrize(
    "name",
    ["x.hada_w1_a", "x.lokr_w1", "x.dora_scale", "x.lora_mid.weight", "x.lora_magnitude_vector.weight", "x.diff"],
)
def test_other_kinds_are_refused(unet, tmp_path, name):
    assert "a kind of LoRA that cannot be added" in told(unet, None, written(tmp_path, ones(name)), 1.0)


@pytest.mark.parametrize("names", [("conv_in.weight",), (f"lora_unet_{QUERY}.lora_down.weight",), ("a.alpha",)])
def test_files_that_are_no_lora(unet, tmp_path, names):
    assert told(unet, None, written(tmp_path, ones(*names)), 1.0) == "style.safetensors is not a LoRA."


def test_a_checkpoint_is_refused_without_reading_it(unet, monkeypatch):
    monkeypatch.setattr(lora_file, "read_tensors", None)
    path = sd15_weights.diffusers_paths(sd15_weights.diffusers_folder())["sd15_unet"]
    assert told(unet, None, path, 1.0) == "diffusion_pytorch_model.safetensors is not a LoRA."
