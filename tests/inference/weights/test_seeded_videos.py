# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tiny seeded checkpoints that the tests of video engines use: whole, found by the catalogue, and alive."""

import json

import numpy as np
import pytest

pytest.importorskip("diffusers")

import omniavatar_weights
import wan_layout
import wan_weights

from inference.weights.gguf_structure import whole_size
from inference.weights.store import WeightStore
from inference.weights.tensors import read_tensors


def test_the_catalogue_finds_the_official_folder():
    folder = wan_weights.official_folder()
    weights = WeightStore([folder])
    found = {**weights.set_paths("wananimate_official"), **weights.set_paths("wan_tracking")}
    assert {**found, **weights.set_paths("wan_masks")} == wan_weights.official_paths(folder)
    assert [part for part in weights.set_paths("wananimate_official") if part.startswith("transformer")] == [
        f"transformer_{number}" for number in range(1, 5)
    ]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("official", wan_weights.SINGLE),
        ("fp8", wan_weights.EIGHT),
        ("q8", wan_weights.Q8),
        ("q4", wan_weights.Q4),
    ],
)
def test_the_catalogue_finds_files_of_comfyui(name, file):
    folder = wan_weights.comfyui_folder()
    assert WeightStore([folder]).set_paths(f"wananimate_{name}") == wan_weights.comfyui_paths(folder, file)


def test_the_catalogue_finds_the_folder_of_diffusers():
    folder = wan_weights.diffusers_folder()
    found = WeightStore([folder]).found("wananimate_official")
    assert found.paths == wan_weights.diffusers_paths(folder)
    assert [part.name for part in found.missing] == ["relight"]


@pytest.mark.parametrize("model", omniavatar_weights.SIZES)
def test_the_catalogue_finds_omniavatar(model):
    folder = omniavatar_weights.official_folder()
    found = WeightStore([folder]).set_paths(f"omniavatar_{model}")
    wanted = omniavatar_weights.official_paths(folder, model)
    assert found.keys() == wanted.keys()
    assert all(path.read_bytes() == wanted[part].read_bytes() for part, path in found.items())
    assert all(found[part] == wanted[part] for part in found if part.startswith(("base", "adapter")))


def test_the_shards_hold_what_the_index_says():
    folder = wan_weights.official_folder() / wan_weights.MODEL
    index = json.loads((folder / "diffusion_pytorch_model.safetensors.index.json").read_text(encoding="utf-8"))
    inside = {path.name: read_tensors(path) for path in sorted(folder.glob("diffusion_*.safetensors"))}
    names = {name: file for file, tensors in inside.items() for name in tensors}
    assert names == index["weight_map"] and len(inside) == wan_weights.SHARDS
    assert names.keys() == wan_layout.states()["transformer"].keys()


@pytest.mark.parametrize("name", [wan_weights.Q8, wan_weights.Q4])
def test_quantized_files_are_as_long_as_their_header_says(name):
    import gguf

    path = wan_weights.comfyui_paths(wan_weights.comfyui_folder(), name)["transformer"]
    with path.open("rb") as stream:
        assert 0 <= path.stat().st_size - whole_size(stream) < 32
    kinds = {entry.tensor_type.name for entry in gguf.GGUFReader(path).tensors}
    assert kinds == {"F32", path.stem.split("-")[-1]}


def test_the_relighting_lora_fits_the_transformer():
    transformer = wan_layout.states()["transformer"]
    lora = wan_layout.relighting_lora()
    for name, down in lora.items():
        stem, side = name.removesuffix(".weight").rsplit(".lora_", 1)
        if side == "A":
            change = lora[f"{stem}.lora_B.weight"] @ down
            assert change.shape == transformer[f"{stem}.weight"].shape and np.abs(change).max() > 0.01


def test_the_tokenizer_reads_any_prompt():
    from tokenizers import Tokenizer

    path = wan_weights.official_paths(wan_weights.official_folder())["tokenizer"]
    tokenizer = Tokenizer.from_file(str(path))
    assert tokenizer.get_vocab_size() == wan_layout.TOKENS
    assert [tokenizer.token_to_id(token) for token in wan_layout.SPECIAL] == [0, 1, 2, 3]
    for prompt in ("", "A person is talking.", "视频中的人在做动作"):
        ids = tokenizer.encode(prompt).ids
        assert ids[-1] == 1 and max(ids) < wan_layout.TOKENS


def test_the_tracking_networks_find_a_person_who_moves_with_the_picture():
    onnxruntime = pytest.importorskip("onnxruntime")
    rng = np.random.default_rng(1)

    def found(part, height, width):
        path = wan_weights.tracking_paths(wan_weights.official_folder())[part]
        network = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        pictures = rng.random((2, 3, 8, 8), np.float32).repeat(height // 8, 2).repeat(width // 8, 3)
        (put,) = network.get_inputs()
        return np.concatenate([network.run(None, {put.name: picture[None]})[0] for picture in pictures])

    boxes = found("boxes", 640, 640)
    assert boxes.shape == (2, 300, 6) and (boxes[:, 0, 4] > 0.9).all() and (boxes[:, 0, 5] == 0).all()
    assert 0 < np.abs(boxes[0, 0, :4] - boxes[1, 0, :4]).max() < 25
    heat = found("keypoints", 256, 192)
    peaks = heat.reshape(2, 133, -1).argmax(2)
    assert heat.shape == (2, 133, 64, 48) and (heat.max((2, 3)) > 0.6).all()
    assert (peaks[0] != peaks[1]).any()


def test_wav2vec_has_the_names_of_the_published_file():
    names = wan_layout.recorded("keys_full", "omniavatar")["wav2vec2_transformers"]
    state = omniavatar_weights.wav2vec()
    assert len(state) == len(names) + 2 and state["wav2vec2.encoder.pos_conv_embed.conv.weight_v"].shape == (24, 6, 128)


def test_other_names_hold_the_same_tensors():
    states = wan_layout.states()
    umt5 = wan_layout.as_transformers_umt5(states["umt5"])
    clip = wan_layout.as_transformers_clip(states["clip"])
    assert sum(value.size for value in umt5.values()) == sum(value.size for value in states["umt5"].values())
    assert sum(value.size for value in clip.values()) == sum(value.size for value in states["clip"].values())
