# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue's entries of the Thin-Plate Spline Motion Model and of EDTalk, and the folders they are found in."""

import hashlib
import json
import math
from pathlib import Path

import pytest
import weight_files

from inference.engines import ENGINES
from inference.errors import ErrorCode, TalkingHeadError
from inference.weights import store
from inference.weights.catalogue import SETS, UrlSource, weight_file, weight_set
from inference.weights.edtalk import EDTALK_FILES, EDTALK_NETWORKS, EDTALK_SETS
from inference.weights.store import WeightStore
from inference.weights.tpsmm import TPSMM_FILES, TPSMM_NETWORKS, TPSMM_SETS

RECORDED = Path(__file__).resolve().parents[2] / "data" / "conformance"
FILES = (*TPSMM_FILES, *EDTALK_FILES)


def tensor_bytes(engine: str, part: str) -> int:
    """What the tensors of a recorded part take."""
    keys = json.loads((RECORDED / f"{engine}_keys.json").read_text(encoding="utf-8"))[part]
    return sum(math.prod(shape) * (8 if dtype == "int64" else 4) for shape, dtype in keys.values())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_catalogue_entries(file):
    assert file.exact_size and len(file.sha256) == 64 and int(file.sha256, 16)
    assert file.licence == ("MIT" if file in TPSMM_FILES else "Apache-2.0")
    assert "train" in file.licence_note and not file.licence_note.endswith(".")
    for source in file.sources:
        assert isinstance(source, UrlSource)
        assert source.url.startswith("https://huggingface.co/") and source.url.endswith(f"/{file.file_name}")


def test_hashes_are_all_different():
    assert len({file.sha256 for file in FILES}) == len(FILES)


@pytest.mark.parametrize("model", ["vox", "taichi", "ted", "mgif"])
def test_sizes_are_those_of_the_networks_alone(model):
    networks = [name for name in TPSMM_NETWORKS if model != "mgif" or name != "bg_predictor"]
    wanted = sum(tensor_bytes("tpsmm", name) for name in networks)
    assert 0 < weight_file(f"tpsmm_{model}").size - wanted < 0.001 * wanted


@pytest.mark.parametrize(
    ("name", "part", "share"),
    [("edtalk_full", "EDTalk", 0.5), ("edtalk_lip_pose", "EDTalk_lip_pose", 0.2), ("edtalk_audio2lip", "Audio2Lip", 1)],
)
def test_sizes_leave_room_for_the_networks(name, part, share):
    assert share * 0.95 < tensor_bytes("edtalk", part) / weight_file(name).size < min(1, share * 1.15)


@pytest.mark.parametrize("engine", ["tpsmm", "edtalk"])
def test_every_model_of_the_engines_has_its_set(engine):
    description = ENGINES[engine]
    setting = next(setting for setting in description.settings if setting.name == description.set_setting)
    wanted = [description.weight_set({setting.name: choice.value}) for choice in setting.choices]
    assert wanted == [entry.name for entry in (TPSMM_SETS if engine == "tpsmm" else EDTALK_SETS)]
    assert all(name in SETS for name in wanted)


def test_parts_are_named_as_the_engines_ask_for_them():
    assert {part.name for entry in TPSMM_SETS for part in entry.parts} == {"tpsmm"}
    assert all([part.name for part in entry.parts] == list(EDTALK_NETWORKS) for entry in EDTALK_SETS)


@pytest.mark.parametrize(
    "place",
    [
        "vox.pth.tar",
        "vox.safetensors",
        "checkpoints/vox.pth.tar",
        "Thin-Plate-Spline-Motion-Model/checkpoints/vox.pth.tar",
        "ComfyUI/models/tpsmm/vox.pth.tar",
        "custom_nodes/ComfyUI-FirstOrderMM/module_spline/models/vox.pth.tar",
        "ComfyUI/custom_nodes/ComfyUI-FirstOrderMM/module_spline/models/vox.pth.tar",
        "orig/vox.pth.tar",
    ],
)
def test_where_thin_plate_spline_is_found(tmp_path, place):
    made = weight_files.write(tmp_path / place)
    assert WeightStore([tmp_path]).set_paths("tpsmm_vox") == {"tpsmm": made}
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([tmp_path]).set_paths("tpsmm_taichi")
    assert (
        caught.value.code is ErrorCode.WEIGHTS_MISSING and "Thin-Plate Spline for whole bodies" in caught.value.message
    )


@pytest.mark.parametrize("place", ["", "ckpts", "EDTalk/ckpts", "edtalk", "models/edtalk", "pretrained_weights"])
@pytest.mark.parametrize("ending", ["pt", "safetensors"])
def test_where_edtalk_is_found(tmp_path, place, ending):
    audio = weight_files.write(tmp_path / place / "Audio2Lip.pt")
    full = weight_files.write(tmp_path / place / f"EDTalk.{ending}")
    assert WeightStore([tmp_path]).set_paths("edtalk_full") == {"edtalk": full, "audio2lip": audio}
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([tmp_path]).set_paths("edtalk_lip_pose")
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING
    small = weight_files.write(tmp_path / place / f"EDTalk_lip_pose.{ending}")
    assert WeightStore([tmp_path]).set_paths("edtalk_lip_pose") == {"edtalk": small, "audio2lip": audio}


def test_another_models_published_file_under_the_name_is_told(monkeypatch, tmp_path):
    path = weight_files.write(tmp_path / "checkpoints" / "taichi.pth.tar", "in truth that for faces")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(store, "_BY_SHA256", {digest: weight_file("tpsmm_vox")})
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([tmp_path]).set_paths("tpsmm_taichi")
    assert caught.value.message == "The model file taichi.pth.tar cannot be used: it is another model, tpsmm_vox."


def test_a_cut_file_is_told(tmp_path):
    path = weight_files.write(tmp_path / "ckpts" / "EDTalk.pt")
    path.write_bytes(path.read_bytes()[:-100])
    weight_files.write(tmp_path / "ckpts" / "Audio2Lip.pt")
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([tmp_path]).set_paths("edtalk_full")
    assert caught.value.message == "The model file EDTalk.pt cannot be used: it is cut off."


def test_the_two_sets_of_edtalk_share_the_sound_file():
    assert weight_set("edtalk_full").files[1] is weight_set("edtalk_lip_pose").files[1]
