# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan's networks from all forms of files that people have, and what is said of files that are not theirs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("diffusers")

import torch
import wan_layout
import wan_weights
from safetensors.torch import save_file
from torch import Tensor, nn

from inference.engines.video.clip_vision import load_clip
from inference.engines.video.scaled import ScaledLinear
from inference.engines.video.strict import strict
from inference.engines.video.tensors_in import part_paths, read_files
from inference.engines.video.text import load_umt5
from inference.engines.video.transformers_from import animate_from, transformer_from
from inference.engines.video.vae import load_vae
from inference.errors import ErrorCode, TalkingHeadError


def tensors_of(paths: Mapping[str, Path], part: str = "transformer", dtype: torch.dtype | None = None):
    return read_files(part_paths(paths, part), dtype)


@pytest.fixture(scope="module")
def official() -> dict[str, Path]:
    return wan_weights.official_paths(wan_weights.official_folder())


@pytest.fixture(scope="module")
def exact() -> dict[str, dict[str, Tensor]]:
    """The networks' tensors as they should be, by the names of diffusers and transformers."""
    recorded = {
        part: {name: torch.as_tensor(value) for name, value in state.items()}
        for part, state in wan_layout.states().items()
    }
    networks = {
        "transformer": animate_from(recorded["transformer"], "recorded"),
        "vae": load_vae(recorded["vae"]),
        "umt5": load_umt5(recorded["umt5"]),
        "clip": load_clip(recorded["clip"]),
    }
    return {part: network.state_dict() for part, network in networks.items()}


def close(network: nn.Module, expected: Mapping[str, Tensor], relative: float) -> None:
    found = network.state_dict()
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.allclose(found[name].float(), tensor.float(), rtol=relative, atol=1e-5), name


def test_official_shards(official, exact):
    close(animate_from(tensors_of(official), "shards"), exact["transformer"], 0)
    close(load_vae(tensors_of(official, "vae")), exact["vae"], 0)
    close(load_clip(tensors_of(official, "clip")), exact["clip"], 0)
    text = load_umt5(tensors_of(official, "umt5"))
    close(text, exact["umt5"], 2**-8)
    assert text.dtype is torch.bfloat16
    assert text.encoder.get_input_embeddings() is text.shared


def test_diffusers_folder(exact):
    paths = wan_weights.diffusers_paths(wan_weights.diffusers_folder())
    close(animate_from(tensors_of(paths), "shards"), exact["transformer"], 0)
    close(load_vae(tensors_of(paths, "vae")), exact["vae"], 0)
    close(load_umt5(tensors_of(paths, "umt5")), exact["umt5"], 0)
    close(load_clip(tensors_of(paths, "clip")), exact["clip"], 0)


def test_comfyui_files(exact):
    paths = wan_weights.comfyui_paths(wan_weights.comfyui_folder())
    close(animate_from(tensors_of(paths, dtype=torch.float32), "one file"), exact["transformer"], 2**-8)
    close(load_vae(tensors_of(paths, "vae")), exact["vae"], 2**-8)
    close(load_umt5(tensors_of(paths, "umt5"), dtype=torch.float32), exact["umt5"], 2**-8)
    close(load_clip(tensors_of(paths, "clip")), exact["clip"], 2**-8)


def output(network: nn.Module, seed: int = 3) -> Tensor:
    """What a transformer makes of a picture of 4 x 4 latent pixels and one frame."""
    config, generator = network.config, torch.Generator().manual_seed(seed)

    def noise(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    with torch.inference_mode():
        return network(
            hidden_states=noise(1, config["in_channels"], 2, 4, 4),
            timestep=torch.tensor([500]),
            encoder_hidden_states=noise(1, 512, config["text_dim"]),
            encoder_hidden_states_image=noise(1, 257, config["image_dim"]),
            pose_hidden_states=noise(1, config["latent_channels"], 1, 4, 4),
            face_pixel_values=noise(1, 3, 1, config["motion_encoder_size"], config["motion_encoder_size"]),
            return_dict=False,
        )[0]


def difference(found: Tensor, expected: Tensor) -> float:
    """Relative to how much the expected values spread."""
    return float((found - expected).std() / expected.std())


def test_scaled_eight_bit():
    """Held in 8 bit, and multiplied by their scales."""
    paths = wan_weights.comfyui_paths(wan_weights.comfyui_folder(), wan_weights.EIGHT)
    tensors = tensors_of(paths, dtype=torch.float32)
    network = animate_from(tensors, "fp8", torch.float32)
    held = [layer for layer in network.modules() if isinstance(layer, ScaledLinear)]
    assert len(held) > 100 and {layer.weight.dtype for layer in held} == {torch.float8_e4m3fn}
    plain = {}
    for name, tensor in tensors.items():
        stem, _, kind = name.rpartition(".")
        if kind in ("weight", "bias", "modulation", "padding_tokens"):
            scale = tensors.get(f"{stem}.scale_weight") if kind == "weight" else None
            plain[name] = tensor.float() if scale is None else tensor.float() * scale
    assert difference(output(network), output(animate_from(plain, "plain"))) < 1e-4


@pytest.mark.parametrize(("name", "most"), [(wan_weights.Q8, 0.02), (wan_weights.Q4, 0.2)])
def test_gguf(name, most):
    paths = wan_weights.comfyui_paths(wan_weights.comfyui_folder(), name)
    network = animate_from(tensors_of(paths), name, torch.float32)
    layer = network.blocks[0].attn1.to_q
    assert layer.weight.dtype is torch.uint8 and layer.weight.nbytes < 2 * layer.in_features * layer.out_features
    wider = {name: torch.as_tensor(value) for name, value in wan_layout.wider_transformer().items()}
    assert 1e-4 < difference(output(network), output(animate_from(wider, "plain"))) < most


def test_types(official):
    """What diffusers holds in 32 bit stays so; files in 32 bit are read into 16 one tensor after the other."""
    tensors = tensors_of(official, dtype=torch.bfloat16)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}
    network = animate_from(tensors, "shards", torch.bfloat16)
    assert network.blocks[0].attn1.to_q.weight.dtype is torch.bfloat16
    assert network.blocks[0].norm2.weight.dtype is network.scale_shift_table.dtype is torch.float32


def test_a_plain_transformer(official):
    """Without Wan-Animate's own parts and without a picture, as those that make video from text."""
    own = ("motion_encoder.", "face_", "pose_patch_embedding.", "img_emb.")
    plain = {
        name: tensor
        for name, tensor in tensors_of(official).items()
        if not name.startswith(own) and "_img." not in name
    }
    config = transformer_from(plain, "plain").config
    assert (config["num_attention_heads"], config["attention_head_dim"], config["image_dim"]) == (4, 12, None)
    with pytest.raises(TalkingHeadError, match="cannot be Wan-Animate's transformer"):
        animate_from(plain, "plain")


def test_another_network(official):
    vae = tensors_of(official, "vae")
    for load in (animate_from, load_umt5, load_clip):
        with pytest.raises(TalkingHeadError, match=r"Wan2.1_VAE.pth cannot be .* is missing") as caught:
            load(vae, "Wan2.1_VAE.pth")
        assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
    with pytest.raises(TalkingHeadError, match=r"t5 cannot be Wan 2.1's VAE"):
        load_vae(tensors_of(official, "umt5"), "t5")


def test_missing_and_unexpected(official):
    tensors = tensors_of(official)
    del tensors["blocks.3.self_attn.q.weight"]
    with pytest.raises(TalkingHeadError, match=r"blocks\.3\.attn1\.to_q\.weight is missing"):
        animate_from(tensors, "shards")
    with pytest.raises(TalkingHeadError, match="more is unexpected"):
        animate_from({**tensors_of(official), "blocks.0.more": torch.zeros(1)}, "shards")


def test_a_width_without_heads(official):
    plain = {"patch_embedding.weight": torch.zeros(50, 16, 1, 2, 2)}
    with pytest.raises(TalkingHeadError, match="50 wide"):
        transformer_from(plain, "plain")


def test_parts():
    paths = {f"transformer_{number}": Path(f"{number}") for number in (10, 2, 1)} | {"vae": Path("vae")}
    assert [path.name for path in part_paths(paths, "transformer")] == ["1", "2", "10"]
    assert part_paths(paths, "vae") == [Path("vae")]
    with pytest.raises(TalkingHeadError, match="'umt5' is missing"):
        part_paths(paths, "umt5")


def test_the_same_tensor_twice(tmp_path):
    for name in ("a", "b"):
        save_file({"x": torch.zeros(2)}, tmp_path / f"{name}.safetensors")
    with pytest.raises(TalkingHeadError, match=r"b\.safetensors and another file .* both have x"):
        read_files([tmp_path / "a.safetensors", tmp_path / "b.safetensors"])


def test_not_finite(tmp_path):
    save_file({"x": torch.tensor([1.0, float("nan")]).to(torch.float8_e4m3fn)}, tmp_path / "a.safetensors")
    with pytest.raises(TalkingHeadError, match="damaged"):
        read_files([tmp_path / "a.safetensors"])


@pytest.mark.parametrize("name", ["a.safetensors", "a.gguf", "a.pth"])
def test_damaged_and_missing(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(TalkingHeadError, match="is not there") as caught:
        read_files([path])
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING
    path.write_bytes(b"GGUF" + bytes(range(200)))
    with pytest.raises(TalkingHeadError, match="damaged"):
        read_files([path])


def test_shapes_of_flat_tensors(tmp_path):
    """Some programs lay tensors of five dimensions flat in GGUF and note their shape."""
    import gguf

    values = np.arange(48, dtype=np.float32).reshape(4, 3, 1, 2, 2)
    writer = gguf.GGUFWriter(tmp_path / "a.gguf", "wan")
    writer.add_array("comfy.gguf.orig_shape.patch_embedding.weight", list(values.shape))
    writer.add_tensor("patch_embedding.weight", values.reshape(4, 12))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    found = read_files([tmp_path / "a.gguf"])["patch_embedding.weight"]
    assert np.array_equal(found.numpy(), values)


def test_a_scaled_layer():
    weight = torch.randn(6, 4).to(torch.float8_e4m3fn)
    tensors = {"0.weight": weight, "0.bias": torch.ones(6), "0.scale_weight": torch.tensor(0.25)}
    network = strict(lambda: nn.Sequential(nn.Linear(4, 6)), tensors, "a layer", "file", torch.float32)
    given = torch.randn(3, 4)
    expected = given @ (weight.float() * 0.25).T + 1
    assert torch.allclose(network(given), expected, atol=1e-6)
    assert network.to(torch.bfloat16)(given.bfloat16()).dtype is torch.bfloat16
    with pytest.raises(TalkingHeadError, match="unexpected"):
        strict(lambda: nn.Sequential(nn.Linear(4, 6)), {**tensors, "1.weight": weight}, "a layer", "file")
