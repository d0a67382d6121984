# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stable Diffusion 1.5 from all forms of its files, and what other files are told to be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("diffusers")

import sd15_weights
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file, save_file

from inference.engines.diffusion import base_model
from inference.engines.diffusion.ldm_names import unet_name
from inference.errors import ErrorCode, TalkingHeadError

RECORDED = Path(__file__).resolve().parents[3] / "data" / "conformance"
LOADERS = {
    "sd15_unet": base_model.load_unet,
    "sd15_vae": base_model.load_vae,
    "sd15_text": base_model.load_text_encoder,
}
WIDTHS = (320, 640, 1280, 1280)


@pytest.fixture(scope="module")
def files():
    return sd15_weights.diffusers_paths(sd15_weights.diffusers_folder())


@pytest.fixture(scope="module")
def single():
    return sd15_weights.single_path(sd15_weights.single_folder())


def same(first, second):
    states = first.state_dict(), second.state_dict()
    return states[0].keys() == states[1].keys() and all(
        torch.equal(states[0][name], states[1][name]) for name in states[0]
    )


def as_trained(path, single):
    """A checkpoint as training leaves it: pickled, under ``state_dict``, with other things beside it."""
    torch.save({"state_dict": load_file(single), "global_step": 3, "optimizer_states": [1, "two"]}, path)
    return path


def told(load, *arguments):
    with pytest.raises(TalkingHeadError) as caught:
        load(*arguments)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("part", LOADERS)
def test_all_forms_of_the_files_give_the_same_network(part, files, single, tmp_path):
    load = LOADERS[part]
    network = load(files[part])
    assert same(network, load(single))
    assert same(network, load(as_trained(tmp_path / "model.ckpt", single)))
    assert not network.training
    assert {tensor.dtype for tensor in network.parameters()} == {torch.float32}
    assert {tensor.device.type for tensor in [*network.parameters(), *network.buffers()]} == {"cpu"}


def test_it_computes_what_the_library_computes_with_its_own_configuration(files):
    config = json.loads((files["sd15_unet"].parent / "config.json").read_text(encoding="utf-8"))
    reference = UNet2DConditionModel.from_config(config).eval()
    reference.load_state_dict(load_file(files["sd15_unet"]))
    noise, text = torch.randn(1, 4, 16, 16), torch.randn(1, 77, 16)
    with torch.inference_mode():
        expected = reference(noise, 431, text).sample
        assert torch.equal(base_model.load_unet(files["sd15_unet"])(noise, 431, text).sample, expected)


def test_half_precision_files_become_32_bit(files, tmp_path):
    path = tmp_path / "diffusion_pytorch_model.fp16.safetensors"
    save_file({name: tensor.half() for name, tensor in load_file(files["sd15_vae"]).items()}, path)
    assert {tensor.dtype for tensor in base_model.load_vae(path).parameters()} == {torch.float32}


def test_a_vae_by_itself_is_read_with_the_original_names(files, single, tmp_path):
    prefix = base_model.VAE_PREFIX
    state = {name[len(prefix) :]: tensor for name, tensor in load_file(single).items() if name.startswith(prefix)}
    training = {"loss.logvar": torch.zeros(1), "model_ema.decay": torch.ones(1)}
    path = tmp_path / "vae-ft-mse.ckpt"
    torch.save({"state_dict": {**state, **training}}, path)
    assert same(base_model.load_vae(path), base_model.load_vae(files["sd15_vae"]))


def test_the_text_encoder_is_found_in_a_whole_clip(files, tmp_path):
    others = {name: torch.ones(2) for name in ("vision_model.a", "visual_projection.weight", "text_projection.weight")}
    path = tmp_path / "clip.safetensors"
    save_file({**load_file(files["sd15_text"]), **others, "logit_scale": torch.ones(())}, path)
    assert same(base_model.load_text_encoder(path), base_model.load_text_encoder(files["sd15_text"]))


def test_no_tensor_may_be_missing_or_left_over(files, tmp_path):
    state = load_file(files["sd15_unet"])
    path = tmp_path / "unet.safetensors"
    save_file({**state, "adapter.weight": torch.ones(1)}, path)
    assert "adapter.weight is unexpected" in told(base_model.load_unet, path).message
    save_file({name: state[name] for name in state if name != "mid_block.resnets.0.conv1.bias"}, path)
    assert "mid_block.resnets.0.conv1.bias is missing" in told(base_model.load_unet, path).message


def full_unet():
    """Names and shapes of the official U-Net, in the original naming: those of X-Portrait's appearance network."""
    layout = json.loads((RECORDED / "xportrait_keys_full.json").read_text(encoding="utf-8"))["model"]
    prefix = "appearance_control_model."
    shapes = {name[len(prefix) :]: shape for name, (shape, _) in layout.items() if name.startswith(prefix)}
    shapes |= {"out.0.weight": [320], "out.0.bias": [320], "out.2.weight": [4, 320, 3, 3], "out.2.bias": [4]}
    return {name: shape for name, shape in shapes.items() if not name.startswith("input_hint_block")}


def without_memory(shapes):
    return {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}


def test_the_full_unet_is_built_from_its_shapes():
    unet = base_model.unet_from(without_memory(full_unet()), "v1-5.safetensors")
    assert unet.config.block_out_channels == WIDTHS
    assert unet.config.cross_attention_dim == 768
    assert sum(tensor.numel() for tensor in unet.parameters()) == 859_520_964


def test_the_full_vae_and_text_encoder_are_built_from_their_shapes():
    official = {
        "block_out_channels": (128, 256, 512, 512),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "layers_per_block": 2,
        "latent_channels": 4,
    }
    with torch.device("meta"):
        state = AutoencoderKL(**official).state_dict()
    vae = base_model.vae_from(state, "vae.safetensors")
    assert {name: vae.config[name] for name in official} == {**official}
    assert sum(tensor.numel() for tensor in vae.parameters()) == 83_653_863
    text = base_model.text_encoder_from(full_text(768, 3072, 12), "clip.safetensors")
    assert text.config.num_attention_heads == 12
    assert sum(tensor.numel() for tensor in text.parameters()) == 123_060_480


def full_text(width, inner, layers):
    """Tensors of CLIP's text encoder, in its official naming."""
    shapes = {
        "embeddings.token_embedding.weight": (49408, width),
        "embeddings.position_embedding.weight": (77, width),
        "final_layer_norm.weight": (width,),
        "final_layer_norm.bias": (width,),
    }
    for layer in range(layers):
        stem = f"encoder.layers.{layer}"
        for part in ("q", "k", "v", "out"):
            shapes |= {f"{stem}.self_attn.{part}_proj.weight": (width, width)}
            shapes |= {f"{stem}.self_attn.{part}_proj.bias": (width,)}
        shapes |= {f"{stem}.mlp.fc1.weight": (inner, width), f"{stem}.mlp.fc1.bias": (inner,)}
        shapes |= {f"{stem}.mlp.fc2.weight": (width, inner), f"{stem}.mlp.fc2.bias": (width,)}
        shapes |= {f"{stem}.layer_norm{n}.{kind}": (width,) for n in (1, 2) for kind in ("weight", "bias")}
    return without_memory({f"text_model.{name}": shape for name, shape in shapes.items()})


def changed(shapes, ending, index, value):
    """Shapes with another number where a name ends so."""
    return {
        name: [*shape[:index], value, *shape[index + 1 :]] if name.endswith(ending) else shape
        for name, shape in shapes.items()
    }


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda shapes: changed(shapes, "attn2.to_k.weight", 1, 2048), "Stable Diffusion XL"),
        (lambda shapes: changed(shapes, "attn2.to_k.weight", 1, 1024), "Stable Diffusion 2"),
        (lambda shapes: changed(shapes, "input_blocks.0.0.weight", 1, 9), "for inpainting"),
        (lambda shapes: changed(shapes, "input_blocks.0.0.weight", 1, 8), "by instructions"),
        (lambda shapes: {**shapes, "label_emb.0.0.weight": [1280, 2816]}, "Stable Diffusion XL"),
        (lambda shapes: {**shapes, "down_blocks.0.motion_modules.0.proj_in.weight": [1]}, "a motion module"),
    ],
)
def test_unets_of_other_families_are_named(change, kind):
    error = told(base_model.unet_from, without_memory(change(full_unet())), "other.safetensors")
    assert error.code is ErrorCode.WEIGHTS_CORRUPT
    assert kind in error.message
    assert "Stable Diffusion 1.5 is needed" in error.message


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("conditioner.embedders.1.model.ln_final.weight", "a checkpoint of Stable Diffusion XL"),
        ("cond_stage_model.model.ln_final.weight", "a checkpoint of Stable Diffusion 2"),
        ("control_model.input_hint_block.0.weight", "a ControlNet"),
        ("lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", "a LoRA"),
        ("double_blocks.0.img_attn.qkv.weight", "a checkpoint of FLUX"),
    ],
)
@pytest.mark.parametrize("load", LOADERS.values())
def test_other_files_are_named_whatever_is_wanted_of_them(load, name, kind, tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({name: torch.ones(2), "first_stage_model.quant_conv.weight": torch.ones(2)}, path)
    error = told(load, path)
    assert error.message == f"other.safetensors is {kind}; Stable Diffusion 1.5 is needed."


@pytest.mark.parametrize("width", [1024, 1280])
def test_text_encoders_of_other_families_are_refused(width):
    error = told(base_model.text_encoder_from, full_text(width, 4 * width, 1), "model.safetensors")
    assert "Stable Diffusion 1.5 is needed" in error.message


def test_files_of_nothing_known_are_refused(tmp_path, files):
    path = tmp_path / "some.safetensors"
    save_file({"weight": torch.ones(2)}, path)
    for load, network in zip(LOADERS.values(), ("U-Net", "VAE", "text encoder"), strict=True):
        assert told(load, path).message == f"some.safetensors has no {network} of Stable Diffusion 1.5."
    assert told(base_model.load_vae, files["sd15_text"]).message.startswith("model.safetensors has no VAE")
    assert told(base_model.load_unet, tmp_path / "none.safetensors").code is ErrorCode.WEIGHTS_MISSING


def test_a_checkpoint_that_could_run_a_program_is_refused(tmp_path):
    path = tmp_path / "model.ckpt"
    torch.save({"state_dict": {UNET_NAME: torch.ones(2)}, "callbacks": Path("here")}, path)
    assert "could run a program" in told(base_model.load_unet, path).message


UNET_NAME = "model.diffusion_model.out.0.weight"


def test_the_tokenizer(files, tmp_path):
    tokenizer = base_model.load_tokenizer(files["sd15_vocab"], files["sd15_merges"])
    words = tokenizer("The FACE", padding="max_length", max_length=77, truncation=True).input_ids
    vocabulary = sd15_weights.vocabulary()
    assert words == tokenizer("the  face", padding="max_length", max_length=77, truncation=True).input_ids
    assert words[0] == vocabulary[sd15_weights.START]
    assert words[1] == vocabulary["the</w>"]
    assert set(words[5:]) == {vocabulary[sd15_weights.END]}
    assert len(words) == 77
    broken = tmp_path / "vocab.json"
    broken.write_text("[", encoding="utf-8")
    assert told(base_model.load_tokenizer, broken, files["sd15_merges"]).code is ErrorCode.WEIGHTS_CORRUPT
    assert told(base_model.load_tokenizer, broken, tmp_path / "no.txt").code is ErrorCode.WEIGHTS_MISSING


def test_every_original_name_becomes_another_name_of_the_library():
    names = [unet_name(name) for name in full_unet()]
    assert len(set(names)) == len(names) == 686
    with torch.device("meta"):
        unet = UNet2DConditionModel(cross_attention_dim=768, attention_head_dim=8)
    assert set(names) == set(unet.state_dict())
    assert np.all([unet_name(name) == name for name in names])
