# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LoRAs are added to transformers in any form, whatever names their files use."""

from __future__ import annotations

import copy

import pytest

pytest.importorskip("diffusers")

import torch
import wan_layout
import wan_weights
from safetensors.torch import save_file

from inference.engines.neural.device import Device
from inference.engines.video.fit import Fit
from inference.engines.video.held import Held, VideoPlacing
from inference.engines.video.lora import LowRank, add, add_lora, additions_from
from inference.engines.video.tensors_in import part_paths, read_files
from inference.engines.video.transformers_from import animate_from
from inference.errors import ErrorCode, TalkingHeadError


@pytest.fixture(scope="module")
def paths():
    return wan_weights.official_paths(wan_weights.official_folder())


@pytest.fixture(scope="module")
def tensors(paths):
    return read_files(part_paths(paths, "transformer"))


@pytest.fixture(scope="module")
def relight(paths):
    return {name.removeprefix("state_dict."): value for name, value in read_files([paths["relight"]]).items()}


@pytest.fixture(scope="module")
def inputs():
    make = torch.Generator().manual_seed(1)

    def noise(*shape):
        return torch.randn(shape, generator=make)

    return {
        "hidden_states": noise(1, 36, 3, 4, 6),
        "timestep": torch.tensor([731.0]),
        "encoder_hidden_states": noise(1, 512, 32),
        "encoder_hidden_states_image": noise(1, 257, 32),
        "pose_hidden_states": noise(1, 16, 2, 4, 6),
        "face_pixel_values": noise(1, 3, 5, wan_layout.FACE_PX, wan_layout.FACE_PX).clamp(-1, 1),
        "return_dict": False,
    }


def drawn(network, inputs):
    with torch.inference_mode():
        return network(**inputs)[0]


@pytest.fixture(scope="module")
def plain(tensors, inputs):
    return drawn(animate_from(tensors, "official"), inputs)


@pytest.fixture(scope="module")
def merged(tensors, relight, inputs):
    """What comes out where twice the LoRA is added to the official weights themselves."""
    changed = dict(tensors)
    for name in relight:
        if name.endswith(".lora_A.weight"):
            layer = name.removesuffix(".lora_A.weight")
            change = relight[f"{layer}.lora_B.weight"] @ relight[name]
            changed[f"{layer}.weight"] = tensors[f"{layer}.weight"] + 2.0 * change
    return drawn(animate_from(changed, "merged"), inputs)


def with_prefix(relight):
    return {f"diffusion_model.{name}": value for name, value in relight.items()}


def as_musubi(relight):
    """With alpha, here twice the rank, and half of what is added upward."""
    found = {}
    for name, value in relight.items():
        layer, side, _ = name.rsplit(".", 2)
        flat = "lora_unet_" + layer.replace(".", "_")
        down = side == "lora_A"
        found[f"{flat}.{'lora_down' if down else 'lora_up'}.weight"] = value if down else value / 2
        found[f"{flat}.alpha"] = torch.tensor(2.0 * (value.shape[0] if down else value.shape[1]))
    return found


def test_official_relighting_is_added_as_to_the_weights(tensors, paths, inputs, plain, merged):
    network = animate_from(tensors, "official")
    add_lora(network, paths["relight"], 2.0)
    found = drawn(network, inputs)
    torch.testing.assert_close(found, merged, atol=2e-5, rtol=0)
    assert (found - plain).abs().max() > 0.01


@pytest.mark.parametrize("names", [with_prefix, as_musubi])
def test_other_names_mean_the_same(tensors, relight, inputs, merged, names, tmp_path):
    path = tmp_path / "style.safetensors"
    save_file({name: value.contiguous() for name, value in names(relight).items()}, path)
    network = animate_from(tensors, "official")
    add_lora(network, path, 2.0)
    torch.testing.assert_close(drawn(network, inputs), merged, atol=2e-5, rtol=0)


def in_8_bit(network) -> Held:
    fit = Fit({"model": "eight"}, False, "all", (), False, 0, 0, "")
    return Held(network, VideoPlacing(fit, Device("cpu")), "model")


@pytest.mark.parametrize("first", [True, False])
def test_networks_in_8_bit_take_loras(paths, inputs, plain, merged, first):
    network = animate_from(read_files(part_paths(paths, "transformer"), windows=True), "official")
    if first:
        add_lora(network, paths["relight"], 2.0)
    held = in_8_bit(network)
    if not first:
        add_lora(network, paths["relight"], 2.0)
    with held.using():
        found = network(**inputs)[0]
    assert (found - merged).std() < 0.2 * (merged - plain).std()


def test_differences_of_biases_and_norms_count(tensors, inputs):
    official = copy.copy(tensors)
    layer, norm = "blocks.3.ffn.0", "blocks.3.norm3"
    change = {f"{layer}.diff_b": torch.full((64,), 0.5), f"{norm}.diff": torch.full((48,), 0.25)}
    official[f"{layer}.bias"] = tensors[f"{layer}.bias"] + 0.25
    official[f"{norm}.weight"] = tensors[f"{norm}.weight"] + 0.125
    network = animate_from(tensors, "official")
    add(network, additions_from(with_prefix(change)), 0.5, "few_steps.safetensors")
    assert torch.equal(drawn(network, inputs), drawn(animate_from(official, "changed"), inputs))


def test_layers_that_the_model_lacks_are_passed_over(tensors, relight, caplog):
    network = animate_from(tensors, "official")
    more = {f"blocks.77.self_attn.q.lora_{side}.weight": torch.zeros(4, 4) for side in "AB"}
    add(network, additions_from({**relight, **more}), 1.0, "more.safetensors")
    assert "1 of 121 layers are not in the model" in caplog.text
    assert sum(isinstance(layer, LowRank) for layer in network.modules()) == 120


def test_a_change_of_another_first_layer_is_left_out(tensors, inputs, caplog):
    """As of lightx2v's, which were trained on models that see other channels."""
    layer = "blocks.3.ffn.0"
    change = {f"{layer}.diff_b": torch.full((64,), 0.25), "patch_embedding.diff_b": torch.ones(48)}
    official = {**tensors, f"{layer}.bias": tensors[f"{layer}.bias"] + 0.25}
    own = tensors["patch_embedding.weight"]
    wider = torch.ones(len(own), own.shape[1] + 3, *own.shape[2:])
    network = animate_from(tensors, "official")
    add(network, additions_from(with_prefix({**change, "patch_embedding.diff": wider})), 1.0, "few.safetensors")
    assert torch.equal(drawn(network, inputs), drawn(animate_from(official, "changed"), inputs))
    assert "few.safetensors: its change of the first layer is left out" in caplog.text
    assert "not in the model" not in caplog.text
    # One of the same size counts.
    official |= {"patch_embedding.weight": own + 1, "patch_embedding.bias": tensors["patch_embedding.bias"] + 1}
    network = animate_from(tensors, "official")
    add(network, additions_from({**change, "patch_embedding.diff": torch.ones_like(own)}), 1.0, "few.safetensors")
    assert torch.equal(drawn(network, inputs), drawn(animate_from(official, "changed"), inputs))


@pytest.mark.parametrize("form", ["eight", "scaled", "gguf"])
def test_differences_of_quantized_layers_are_refused_as_such(tensors, form):
    names = {"eight": "official", "scaled": wan_weights.EIGHT, "gguf": wan_weights.Q8}
    read = tensors
    if form != "eight":
        read = read_files([wan_weights.comfyui_paths(wan_weights.comfyui_folder(), names[form])["transformer"]])
    network = animate_from(read, names[form])
    if form == "eight":
        in_8_bit(network)
    layer = network.blocks[0].ffn.net[2]
    bias = {"blocks.0.ffn.2.diff_b": torch.zeros(layer.out_features)}
    change = {"blocks.0.ffn.2.diff": torch.zeros(layer.out_features, layer.in_features), **bias}
    with pytest.raises(TalkingHeadError, match="quantized here") as caught:
        add(network, additions_from(change), 1.0, "x.safetensors")
    assert "Precision Half" in caught.value.hint and "blocks.0.ffn" in caught.value.details
    # Their biases are not quantized.
    add(network, additions_from(bias), 1.0, "x.safetensors")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"down_blocks.0.to_q.lora_A.weight": (4, 48), "down_blocks.0.to_q.lora_B.weight": (48, 4)}, "nothing"),
        ({"blocks.0.self_attn.q.weight": (48, 48)}, "nothing"),
        ({"blocks.0.ffn.0.lora_A.weight": (4, 96), "blocks.0.ffn.0.lora_B.weight": (96, 4)}, "another size"),
        ({"blocks.0.self_attn.q.lora_A.weight": (4, 48)}, "nothing"),
        ({"blocks.0.norm3.diff_b": (49,)}, "another size"),
        ({"patch_embedding.diff": (48, 3, 1, 2, 2)}, "another size"),
    ],
)  # fmt: skip
def test_other_files_are_refused(tensors, names, said):
    network = animate_from(tensors, "official")
    with pytest.raises(TalkingHeadError, match=said) as caught:
        add(network, additions_from({name: torch.zeros(shape) for name, shape in names.items()}), 1.0, "x.safetensors")
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
    assert not any(isinstance(layer, LowRank) for layer in network.modules())
