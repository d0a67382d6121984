# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue's entries of HelloMeme, X-Portrait and Stable Diffusion 1.5, and the folders they are found in."""

import hashlib
import json
import math
from pathlib import Path

import pytest
import weight_files

from inference.engines import ENGINES
from inference.errors import ErrorCode, TalkingHeadError
from inference.weights import store
from inference.weights.catalogue import BY_NAME, SETS, UrlSource, weight_file, weight_set
from inference.weights.hellomeme import HELLOMEME_FILES, HELLOMEME_SETS
from inference.weights.sd15 import SD15_FILES, SD15_PARTS, SD15_PREFIXES
from inference.weights.store import WeightStore
from inference.weights.xportrait import XPORTRAIT_FILES, XPORTRAIT_PREFIXES, XPORTRAIT_SETS

RECORDED = Path(__file__).resolve().parents[2] / "data" / "conformance"
OWN_FILES = (*HELLOMEME_FILES, *XPORTRAIT_FILES)
BASE = ("sd15_unet", "sd15_vae", "sd15_text", "sd15_vocab", "sd15_merges")
NETWORKS = BASE[:3]
HELLOMEME = ("reference", "control", "control_proj", "motion", "pd_fgc", "hello_3dmm")
REPOSITORIES = {
    "reference": "hm5_reference",
    "control": "hm5_control_base",
    "control_proj": "hm5_control_proj",
    "motion": "hm5_motion",
    "pd_fgc": "pd_fgc_motion",
}
DIFFUSERS = {
    "sd15_unet": "unet/diffusion_pytorch_model.safetensors",
    "sd15_vae": "vae/diffusion_pytorch_model.safetensors",
    "sd15_text": "text_encoder/model.safetensors",
    "sd15_vocab": "tokenizer/vocab.json",
    "sd15_merges": "tokenizer/merges.txt",
}


def tensor_bytes(engine, part):
    """What the tensors of the full layout take with 32 bit."""
    keys = json.loads((RECORDED / f"{engine}_keys_full.json").read_text(encoding="utf-8"))[part]
    return sum(math.prod(shape) * (8 if dtype == "int64" else 4) for shape, dtype in keys.values())


def write_base(folder, parts=BASE):
    return {part: weight_files.write(folder / DIFFUSERS[part], part) for part in parts}


def write_hellomeme(folder, place="{}"):
    made = {
        part: weight_files.write(folder / place.format(repository) / "diffusion_pytorch_model.safetensors", part)
        for part, repository in REPOSITORIES.items()
    }
    onnx = folder / place.format("hello_group_facemodel") / "hello_3dmm.onnx"
    return {**made, "hello_3dmm": weight_files.write(onnx)}


@pytest.mark.parametrize("file", SD15_FILES, ids=lambda file: file.name)
def test_published_hashes_of_stable_diffusion(file):
    assert file.exact_size and len(file.sha256) == 64 and int(file.sha256, 16)
    assert "OpenRAIL-M" in file.licence
    assert all(source.url.endswith(f"/{file.file_name}") for source in file.sources)


@pytest.mark.parametrize("file", OWN_FILES, ids=lambda file: file.name)
def test_files_without_published_hashes(file):
    assert not file.exact_size and file.sha256 == ""
    assert "licence of" in file.licence_note and not file.licence_note.endswith(".")
    assert len(file.sources) == 2
    assert all(isinstance(source, UrlSource) and source.url.startswith("https://") for source in file.sources)


def test_hashes_are_all_different():
    hashes = [file.sha256 for file in BY_NAME.values() if file.sha256]
    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("hellomeme_reference", "hm5_reference"),
        ("hellomeme_reference_v5b", "hm5b_reference"),
        ("hellomeme_control", "hm5_control_base"),
        ("hellomeme_control_proj", "hm5_control_proj"),
        ("hellomeme_motion", "hm5_motion"),
        ("hellomeme_pd_fgc", "pd_fgc_motion"),
    ],
)
def test_sizes_of_hellomeme_are_those_of_its_tensors(name, part):
    wanted = tensor_bytes("hellomeme", part)
    assert 0 < weight_file(name).size - wanted < 0.002 * wanted


def test_the_size_of_xportrait_leaves_room_for_what_is_embedded():
    embedded = weight_file("sd15_vae").size + weight_file("sd15_text").size
    assert weight_file("xportrait_official").size == pytest.approx(tensor_bytes("xportrait", "model") + embedded, 1e-3)


def test_the_single_file_is_as_large_as_its_networks():
    assert sum(weight_file(part).size for part in NETWORKS) == pytest.approx(weight_file("sd15_single").size, 1e-4)


@pytest.mark.parametrize(("engine", "sets"), [("hellomeme", HELLOMEME_SETS), ("xportrait", XPORTRAIT_SETS)])
def test_every_model_of_the_engines_has_its_set(engine, sets):
    description = ENGINES[engine]
    setting = next(setting for setting in description.settings if setting.name == description.set_setting)
    wanted = [description.weight_set({setting.name: choice.value}) for choice in setting.choices]
    assert wanted == [entry.name for entry in sets] and all(name in SETS for name in wanted)


def test_parts_are_named_as_the_engines_ask_for_them():
    assert all(tuple(part.name for part in entry.parts) == (*HELLOMEME, *BASE) for entry in HELLOMEME_SETS)
    assert [part.name for part in weight_set("xportrait_official").parts] == ["xportrait", *BASE[1:]]
    assert tuple(part.name for part in SD15_PARTS) == BASE and tuple(SD15_PREFIXES) == NETWORKS


def test_prefixes_are_those_of_the_recorded_layout():
    keys = json.loads((RECORDED / "xportrait_keys.json").read_text(encoding="utf-8"))["model"]
    assert all(name.startswith(XPORTRAIT_PREFIXES) for name in keys)
    assert all(any(name.startswith(prefix) for name in keys) for prefix in XPORTRAIT_PREFIXES)


def test_the_versions_of_hellomeme_share_all_but_the_reference():
    first, second = (entry.files for entry in HELLOMEME_SETS)
    assert first[1:] == second[1:] and first[0] != second[0]


@pytest.mark.parametrize(
    ("base", "place"),
    [
        ("", "{}"),
        ("", "hellomeme/{}"),
        ("ComfyUI/models", "hellomeme/{}"),
        ("", "songkey/{}"),
        ("", "models--songkey--{}/snapshots/0123abc"),
    ],
)
def test_where_hellomeme_is_found(tmp_path, base, place):
    made = write_hellomeme(tmp_path / base, place)
    base_files = write_base(tmp_path / "stable-diffusion-v1-5")
    assert WeightStore([tmp_path]).set_paths("hellomeme_v5") == {**made, **base_files}
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([tmp_path]).set_paths("hellomeme_v5b")
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING
    assert caught.value.message == "The models of HelloMeme 5b are not there yet: reference."


@pytest.mark.parametrize(
    "place",
    [
        "stable-diffusion-v1-5",
        "models/diffusers/stable-diffusion-v1-5",
        "models--stable-diffusion-v1-5--stable-diffusion-v1-5/snapshots/451f4fe",
        "models--songkey--stable-diffusion-v1-5/snapshots/main",
        "songkey/stable-diffusion-v1-5",
        "",
    ],
)
@pytest.mark.parametrize("name", ["model_state-415001.th", "model_state-415001.safetensors"])
def test_where_xportrait_and_stable_diffusion_are_found(tmp_path, place, name):
    made = write_base(tmp_path / place, BASE[1:])
    own = weight_files.write(tmp_path / "checkpoint" / name)
    assert WeightStore([tmp_path]).set_paths("xportrait_official") == {"xportrait": own, **made}


@pytest.mark.parametrize(
    "place",
    ["xportrait", "ComfyUI/models/x-portrait", "X-Portrait/checkpoint", "models--fffiloni--X-Portrait/snapshots/1", ""],
)
def test_other_places_of_xportrait(tmp_path, place):
    own = weight_files.write(tmp_path / place / "model_state-415001.th")
    assert WeightStore([tmp_path]).found("xportrait_official").paths == {"xportrait": own}


@pytest.mark.parametrize("place", ["models/checkpoints", "ComfyUI/models/checkpoints", "models/Stable-diffusion", ""])
@pytest.mark.parametrize("name", ["v1-5-pruned-emaonly.safetensors", "v1-5-pruned-emaonly-fp16.safetensors"])
def test_one_single_file_is_the_file_of_three_parts(tmp_path, place, name):
    single = weight_files.write(tmp_path / place / name)
    found = WeightStore([tmp_path]).found("hellomeme_v5")
    assert {part: found.paths.get(part) for part in BASE[:4]} == {**dict.fromkeys(NETWORKS, single), "sd15_vocab": None}


def test_the_published_single_file_is_known_as_it(monkeypatch, tmp_path):
    single = weight_files.write(tmp_path / "checkpoints" / "v1-5-pruned-emaonly.safetensors")
    digest = hashlib.sha256(single.read_bytes()).hexdigest()
    monkeypatch.setattr(store, "_BY_SHA256", {digest: weight_file("sd15_single")})
    assert dict.fromkeys(NETWORKS, single).items() <= WeightStore([tmp_path]).found("hellomeme_v5").paths.items()


def test_the_folder_of_diffusers_wins_over_the_single_file(tmp_path):
    weight_files.write(tmp_path / "models" / "checkpoints" / "v1-5-pruned-emaonly.safetensors")
    made = write_base(tmp_path / "stable-diffusion-v1-5")
    assert made.items() <= WeightStore([tmp_path]).found("hellomeme_v5").paths.items()


def test_the_tokenizer_of_comfyui(tmp_path):
    place = tmp_path / "ComfyUI" / "comfy" / "sd1_tokenizer"
    made = {
        f"sd15_{stem}": weight_files.write(place / name)
        for stem, name in (("vocab", "vocab.json"), ("merges", "merges.txt"))
    }
    assert WeightStore([tmp_path]).found("xportrait_official").paths == made
    assert WeightStore([tmp_path / "ComfyUI"]).found("xportrait_official").paths == made


@pytest.mark.parametrize("folder", ["vae", "unet", "text_encoder"])
def test_models_of_other_kinds_in_comfyui_are_left(tmp_path, folder):
    for name in ("diffusion_pytorch_model.safetensors", "model.safetensors"):
        weight_files.write(tmp_path / "ComfyUI" / "models" / folder / name)
    found = WeightStore([tmp_path, tmp_path / "ComfyUI"]).found("hellomeme_v5")
    assert found.paths == {} and found.refused == ()


def test_a_half_precision_file_does(tmp_path):
    place = tmp_path / "stable-diffusion-v1-5" / "unet"
    half = weight_files.write(place / "diffusion_pytorch_model.fp16.safetensors")
    assert WeightStore([tmp_path]).found("hellomeme_v5").paths == {"sd15_unet": half}
    whole = weight_files.write(place / "diffusion_pytorch_model.safetensors")
    assert WeightStore([tmp_path]).found("hellomeme_v5").paths == {"sd15_unet": whole}


def test_a_cut_file_is_told(tmp_path):
    write_base(tmp_path / "stable-diffusion-v1-5")
    path = weight_files.write(tmp_path / "checkpoint" / "model_state-415001.th")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([tmp_path]).set_paths("xportrait_official")
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
    assert caught.value.message == "The model file model_state-415001.th cannot be used: it is cut off."
