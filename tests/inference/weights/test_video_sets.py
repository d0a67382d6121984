# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue's entries of Wan-Animate, its helpers and OmniAvatar, and the folders they are found in."""

import hashlib
import json
import math
from pathlib import Path

import pytest
import weight_files

from inference.engines import ENGINES
from inference.errors import ErrorCode, TalkingHeadError
from inference.weights import store
from inference.weights.catalogue import BY_NAME, SETS, weight_file, weight_set
from inference.weights.omniavatar import OMNIAVATAR_FILES, OMNIAVATAR_SETS
from inference.weights.store import WeightStore
from inference.weights.wan import WAN_FILES
from inference.weights.wananimate import WANANIMATE_FILES, WANANIMATE_SETS

RECORDED = Path(__file__).resolve().parents[2] / "data" / "conformance"
FILES = (*WAN_FILES, *WANANIMATE_FILES, *OMNIAVATAR_FILES)
# Without a published hash: the sizes are those of their tensors.
UNPUBLISHED = {
    *("wananimate_2", "wananimate_3", "wananimate_4", "wananimate_q8", "wananimate_relight"),
    *(f"omniavatar_base_large_{number}" for number in range(1, 7)),
    *("omniavatar_1_3b", "omniavatar_14b"),
}
MODEL = "Wan2.2-Animate-14B"
SHARDS = [f"diffusion_pytorch_model-{number:05}-of-00004.safetensors" for number in range(1, 5)]
NUMBERED = [f"transformer_{number}" for number in range(1, 5)]


def tensor_bytes(engine, part, width):
    """What the tensors of the full layout take with so many bytes a number."""
    keys = json.loads((RECORDED / f"{engine}_keys_full.json").read_text(encoding="utf-8"))[part]
    return width * sum(math.prod(shape) for shape, _ in keys.values())


def size_of(*starts):
    return sum(file.size for file in FILES if file.name.startswith(starts))


def write_shards(folder, names=tuple(SHARDS)):
    return dict(zip(NUMBERED, [weight_files.write(folder / name, name) for name in names], strict=False))


def found(folder, name="wananimate_official"):
    return WeightStore([folder]).found(name)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_is_published_of_files(file):
    assert (file.sha256 == "") == (file.name in UNPUBLISHED)
    assert file.sha256 == "" or (len(file.sha256) == 64 and int(file.sha256, 16))
    assert file.sha256 or not file.exact_size
    assert "licence of" in file.licence_note and not file.licence_note.endswith(".")
    assert all(source.url.startswith("https://") for source in file.sources)
    assert all(source.url.endswith(f"/{file.file_name}") for source in file.sources)


def test_the_file_that_finds_people_has_another_licence():
    assert {file.name for file in FILES if file.licence != "Apache-2.0"} == {"wan_boxes"}
    assert weight_file("wan_boxes").licence == "AGPL-3.0-only"


def test_names_and_hashes_are_all_different():
    assert len({file.name for file in FILES} | BY_NAME.keys()) == len(BY_NAME)
    hashes = [file.sha256 for file in BY_NAME.values() if file.sha256]
    assert len(set(hashes)) == len(hashes)


def test_files_of_different_content_are_kept_in_different_places():
    assert len({file.path for file in BY_NAME.values()}) == len(BY_NAME)


@pytest.mark.parametrize(
    ("starts", "engine", "part", "width"),
    [
        (("wananimate_1", "wananimate_2", "wananimate_3", "wananimate_4"), "wananimate", "transformer", 2),
        (("wananimate_single",), "wananimate", "transformer", 2),
        (("wan_vae",), "wananimate", "vae", 4 + 4 + 2),
        (("wananimate_relight",), "wananimate", "relighting_lora", 4 + 2),
        (("omniavatar_base_small",), "omniavatar", "dit_1.3B", 4),
        (("omniavatar_base_large",), "omniavatar", "dit_14B", 4),
        (("omniavatar_1_3b",), "omniavatar", "adapter_1.3B", 2),
        (("omniavatar_14b",), "omniavatar", "adapter_14B", 2),
        (("wav2vec2_base_960h",), "omniavatar", "wav2vec2_transformers", 4),
    ],
)
def test_sizes_are_those_of_the_tensors(starts, engine, part, width):
    assert size_of(*starts) == pytest.approx(tensor_bytes(engine, part, width), rel=1e-3)


@pytest.mark.parametrize(("engine", "sets"), [("wananimate", WANANIMATE_SETS[:4]), ("omniavatar", OMNIAVATAR_SETS)])
def test_every_model_of_the_engines_has_its_set(engine, sets):
    description = ENGINES[engine]
    setting = next(setting for setting in description.settings if setting.name == description.set_setting)
    wanted = [description.weight_set({setting.name: choice.value}) for choice in setting.choices]
    assert wanted == [entry.name for entry in sets]


def test_the_helpers_sets_are_there_and_optional():
    assert [weight_set(name).optional for name in ENGINES["wananimate"].optional_sets] == [True, True]


def test_parts_are_named_as_the_engines_ask_for_them():
    wan = ("vae", "umt5", "tokenizer")
    for entry in WANANIMATE_SETS[:4]:
        assert tuple(part.name for part in entry.parts) == ("transformer", *wan, "clip", "relight")
    for entry in OMNIAVATAR_SETS:
        assert tuple(part.name for part in entry.parts) == ("base", "adapter", *wan, "wav2vec")
    assert [part.name for part in weight_set("wan_tracking").parts] == ["boxes", "keypoints"]
    assert [part.name for part in weight_set("wan_masks").parts] == ["sam2"]


def test_quantized_models_come_with_the_small_image_encoder():
    assert sum(file.size for file in SETS["wananimate_q4"].files) < 28e9
    assert {entry.parts[4].file.name for entry in WANANIMATE_SETS[1:4]} == {"wan_clip_half"}


@pytest.mark.parametrize(
    "place",
    [
        MODEL,
        f"Wan-AI/{MODEL}",
        f"pretrained_models/{MODEL}",
        f"models/Wan-AI/{MODEL}",
        f"models--Wan-AI--{MODEL}/snapshots/cb93a22",
        "",
    ],
)
def test_where_shards_are_found(tmp_path, place):
    made = write_shards(tmp_path / place)
    assert found(tmp_path).paths == made


def test_shards_count_only_together(tmp_path):
    made = write_shards(tmp_path / MODEL, SHARDS[:3])
    assert found(tmp_path).paths == {} and found(tmp_path).refused == ()
    last = weight_files.write(tmp_path / MODEL / SHARDS[3])
    assert found(tmp_path).paths == {**made, "transformer_4": last}


def test_a_shard_that_is_cut_is_told_and_nothing_of_it_is_used(tmp_path):
    made = write_shards(tmp_path / MODEL)
    made["transformer_3"].write_bytes(made["transformer_3"].read_bytes()[:-1])
    weights = WeightStore([tmp_path])
    assert weights.found("wananimate_official").paths == {}
    with pytest.raises(TalkingHeadError) as caught:
        weights.set_paths("wananimate_official")
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
    assert caught.value.message == f"The model file {SHARDS[2]} cannot be used: it is cut off."


def test_another_form_is_used_where_a_shard_is_cut(tmp_path):
    made = write_shards(tmp_path / MODEL)
    made["transformer_1"].write_bytes(made["transformer_1"].read_bytes()[:-1])
    single = weight_files.write(tmp_path / "models" / "diffusion_models" / "wan2.2_animate_14B_bf16.safetensors")
    assert found(tmp_path).paths == {"transformer": single}
    assert [refused.path.name for refused in found(tmp_path).refused] == [SHARDS[0]]


def test_a_shard_that_is_another_model_is_told(monkeypatch, tmp_path):
    made = write_shards(tmp_path / MODEL)
    digest = hashlib.sha256(made["transformer_2"].read_bytes()).hexdigest()
    monkeypatch.setattr(store, "_BY_SHA256", {digest: weight_file("omniavatar_base_small")})
    (refused,) = found(tmp_path).refused
    assert refused.path == made["transformer_2"] and refused.reason == "it is another model, omniavatar_base_small"
    monkeypatch.setattr(store, "_BY_SHA256", {digest: weight_file("wananimate_2")})
    assert found(tmp_path).paths == made


def test_shards_that_change_are_looked_at_again(tmp_path):
    made = write_shards(tmp_path / MODEL)
    weights = WeightStore([tmp_path])
    before = weights.found("wananimate_official").paths
    made["transformer_4"].unlink()
    assert before == made and weights.found("wananimate_official").paths == {}


def test_where_a_folder_of_diffusers_is_found(tmp_path):
    inside = tmp_path / f"models--Wan-AI--{MODEL}-Diffusers" / "snapshots" / "1"
    names = [f"transformer/diffusion_pytorch_model-{number:05}-of-00003.safetensors" for number in range(1, 4)]
    made = dict(zip(NUMBERED, [weight_files.write(inside / name, name) for name in names], strict=False))
    texts = [f"text_encoder/model-{number:05}-of-00002.safetensors" for number in range(1, 3)]
    made |= {f"umt5_{number}": weight_files.write(inside / name, name) for number, name in enumerate(texts, 1)}
    made["vae"] = weight_files.write(inside / "vae" / "diffusion_pytorch_model.safetensors", "vae")
    made["clip"] = weight_files.write(inside / "image_encoder" / "model.safetensors", "clip")
    made["tokenizer"] = weight_files.write(inside / "tokenizer" / "tokenizer.json")
    assert found(tmp_path).paths == made and [part.name for part in found(tmp_path).missing] == ["relight"]


COMFYUI = {
    "vae": "vae/wan_2.1_vae.safetensors",
    "umt5": "text_encoders/umt5_xxl_fp16.safetensors",
    "clip": "clip_vision/clip_vision_h.safetensors",
    "relight": "loras/WanAnimate_relight_lora_fp16.safetensors",
}


@pytest.mark.parametrize("base", ["models", "ComfyUI/models", "models--Comfy-Org--Wan_2.2_ComfyUI_Repackaged"])
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("official", "wan2.2_animate_14B_bf16.safetensors"),
        ("fp8", "Wan2_2-Animate-14B_fp8_e4m3fn_scaled_KJ.safetensors"),
        ("fp8", "Wan2_2-Animate-14B_fp8_scaled_e4m3fn_KJ_v2.safetensors"),
        ("q8", f"{MODEL}-Q8_0.gguf"),
        ("q4", f"{MODEL}-Q4_K_M.gguf"),
        ("q4", f"{MODEL}-Q3_K_S.gguf"),
    ],
)
def test_where_comfyui_keeps_them(tmp_path, base, name, file):
    inside = tmp_path / base / ("snapshots/1/split_files" if base.startswith("models--") else "")
    made = {part: weight_files.write(inside / place, part) for part, place in COMFYUI.items()}
    made["transformer"] = weight_files.write(inside / "diffusion_models" / file)
    assert found(tmp_path, f"wananimate_{name}").paths == made


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("q8", f"ComfyUI/models/unet/{MODEL}-Q8_0.gguf"),
        ("q4", f"models/unet/wan/{MODEL}-Q4_0.gguf"),
        ("q4", f"models--QuantStack--{MODEL}-GGUF/snapshots/33c51bb/{MODEL}-Q4_K_M.gguf"),
        ("fp8", "models/diffusion_models/Wan22Animate/Wan2_2-Animate-14B_fp8_e4m3fn_scaled_KJ.safetensors"),
    ],
)
def test_other_places_of_single_files(tmp_path, name, place):
    path = weight_files.write(tmp_path / place)
    assert found(tmp_path, f"wananimate_{name}").paths == {"transformer": path}


def test_the_best_of_several_quantized_files_wins(tmp_path):
    names = [f"models/unet/{MODEL}-{kind}.gguf" for kind in ("Q2_K", "Q3_K_M", "Q4_0", "Q4_K_M")]
    for name in names:
        path = weight_files.write(tmp_path / name)
        assert found(tmp_path, "wananimate_q4").paths == {"transformer": path}
    assert found(tmp_path, "wananimate_q8").paths == {}


@pytest.mark.parametrize(
    ("model", "place"),
    [
        ("large", "models/unet/wan2.1-t2v-14b-Q4_K_M.gguf"),
        ("large", "ComfyUI/models/diffusion_models/wan2.1-t2v-14b-Q8_0.gguf"),
        ("large", "models--city96--Wan2.1-T2V-14B-gguf/snapshots/1/wan2.1-t2v-14b-Q5_K_S.gguf"),
        ("small", "ComfyUI/models/unet/wan/Wan2.1-T2V-1.3B-Q8_0.gguf"),
        ("small", "models--samuelchristlie--Wan2.1-T2V-1.3B-GGUF/snapshots/1/Wan2.1-T2V-1.3B-Q4_0.gguf"),
    ],
)
def test_quantized_bases_of_omniavatar_that_users_have(tmp_path, model, place):
    """They are used, and never downloaded; the official files come first."""
    path = weight_files.write(tmp_path / place)
    other = {"large": "small", "small": "large"}[model]
    assert found(tmp_path, f"omniavatar_{model}").paths == {"base": path}
    assert found(tmp_path, f"omniavatar_{other}").paths == {}
    assert not any(file.file_name.endswith(".gguf") for file in SETS[f"omniavatar_{model}"].files)
    official = [weight_files.write(tmp_path / file.path) for file in SETS[f"omniavatar_{model}"].parts[0].files]
    assert set(found(tmp_path, f"omniavatar_{model}").paths.values()) == set(official)


def test_the_best_of_several_quantized_bases_wins(tmp_path):
    for kind in ("Q2_K", "Q3_K_M", "Q4_0", "Q4_K_M", "Q5_K_S", "Q6_K", "Q8_0"):
        path = weight_files.write(tmp_path / "models" / "unet" / f"wan2.1-t2v-14b-{kind}.gguf")
        assert found(tmp_path, "omniavatar_large").paths == {"base": path}


def test_models_of_other_kinds_are_left(tmp_path):
    for place in ("vae", "text_encoders", "clip_vision", "clip", "diffusion_models", "unet", "text_encoder", ""):
        for name in ("diffusion_pytorch_model.safetensors", "model.safetensors", "model-00001-of-00001.safetensors"):
            weight_files.write(tmp_path / "ComfyUI" / "models" / place / name)
    for entry in (*WANANIMATE_SETS, *OMNIAVATAR_SETS):
        looked = WeightStore([tmp_path, tmp_path / "ComfyUI"]).found(entry.name)
        assert not looked.refused and not looked.paths, entry.name


@pytest.mark.parametrize("place", ["process_checkpoint", f"Wan-AI/{MODEL}/process_checkpoint"])
def test_where_the_official_tracking_is_found(tmp_path, place):
    boxes = weight_files.write(tmp_path / place / "det" / "yolov10m.onnx")
    points = weight_files.write(tmp_path / place / "pose2d" / "vitpose_h_wholebody.onnx" / "end2end.onnx")
    assert found(tmp_path, "wan_tracking").paths == {"boxes": boxes, "keypoints": points}


def test_the_tracking_of_comfyui_counts_with_its_numbers_only(tmp_path):
    inside = tmp_path / "ComfyUI" / "models" / "detection"
    made = {
        "boxes": weight_files.write(inside / "yolov10m.onnx", "boxes"),
        "keypoints": weight_files.write(inside / "vitpose_h_wholebody_model.onnx", "points"),
    }
    assert found(tmp_path, "wan_tracking").paths == {"boxes": made["boxes"]}
    made["keypoints_2"] = weight_files.write(inside / "vitpose_h_wholebody_data.bin")
    assert found(tmp_path, "wan_tracking").paths == made


@pytest.mark.parametrize(
    "place", ["sam2.1-hiera-large", "facebook/sam2.1-hiera-large", "models/sam2/sam2.1-hiera-large"]
)
def test_where_sam2_is_found(tmp_path, place):
    path = weight_files.write(tmp_path / place / "model.safetensors")
    assert found(tmp_path, "wan_masks").paths == {"sam2": path}


def test_the_larger_and_later_sam2_is_taken_and_no_other_model(tmp_path):
    inside = tmp_path / "models" / "sam2"
    weight_files.write(inside / "model.safetensors")
    assert found(tmp_path, "wan_masks").paths == {}
    for name in ("sam2_hiera_tiny.pt", "sam2.1_hiera_small.pt", "sam2_hiera_large.pt", "sam2.1_hiera_large.pt"):
        path = weight_files.write(inside / name, name)
        assert found(tmp_path, "wan_masks").paths == {"sam2": path}


@pytest.mark.parametrize("place", ["{}", "pretrained_models/{}", "{owner}/{}", "models--{owner}--{}/snapshots/1"])
def test_where_omniavatar_is_found(tmp_path, place):
    def write(owner, folder, name):
        return weight_files.write(tmp_path / place.format(folder, owner=owner) / name, f"{folder}/{name}")

    shared = {"wav2vec": write("facebook", "wav2vec2-base-960h", "model.safetensors")}
    for part, name in (("vae", "Wan2.1_VAE.pth"), ("umt5", "models_t5_umt5-xxl-enc-bf16.pth")):
        shared[part] = write("Wan-AI", "Wan2.1-T2V-1.3B", name)
    shared["tokenizer"] = write("Wan-AI", "Wan2.1-T2V-1.3B", "google/umt5-xxl/tokenizer.json")
    small = {
        "base": write("Wan-AI", "Wan2.1-T2V-1.3B", "diffusion_pytorch_model.safetensors"),
        "adapter": write("OmniAvatar", "OmniAvatar-1.3B", "pytorch_model.pt"),
    }
    assert found(tmp_path, "omniavatar_small").paths == {**small, **shared}
    assert found(tmp_path, "omniavatar_large").paths == shared
    names = [f"diffusion_pytorch_model-{number:05}-of-00006.safetensors" for number in range(1, 7)]
    large = {f"base_{number}": write("Wan-AI", "Wan2.1-T2V-14B", name) for number, name in enumerate(names, 1)}
    large["adapter"] = write("OmniAvatar", "OmniAvatar-14B", "pytorch_model.pt")
    assert found(tmp_path, "omniavatar_large").paths == {**large, **shared}
