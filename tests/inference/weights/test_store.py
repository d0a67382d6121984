# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import os
from pathlib import Path

import media
import pytest

from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.face.tracker import FaceTracker
from inference.weights.catalogue import FACE_MODELS, weight_file
from inference.weights.store import WeightStore, default_folders, is_intact


@pytest.mark.parametrize("file", FACE_MODELS, ids=lambda file: file.name)
def test_catalogue_entries(file):
    assert file.size > 0 and len(file.sha256) == 64 and int(file.sha256, 16)
    assert file.licence and file.licence_note and len(file.sources) >= 2
    assert is_intact(media.weights().path(file.name), file)


def test_unknown_name():
    with pytest.raises(TalkingHeadError) as caught:
        weight_file("nonsense")
    assert caught.value.code is ErrorCode.INVALID_REQUEST and "face_landmarker" in caught.value.hint


def test_missing_file_asks_for_set_up(tmp_path):
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([tmp_path, tmp_path / "none"]).path("face_landmarker")
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING and caught.value.action is Action.SET_UP_WORKER


def test_damaged_file_asks_for_repair(tmp_path):
    content = bytearray(media.weights().path("selfie_segmenter").read_bytes())
    content[1000] ^= 1
    (tmp_path / "selfie_segmenter.tflite").write_bytes(content)
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([tmp_path]).path("selfie_segmenter")
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT and caught.value.action is Action.REPAIR_WORKER


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04"])
def test_tracker_refuses_a_damaged_model(tmp_path, content):
    (tmp_path / "face_landmarker.task").write_bytes(content)
    with pytest.raises(TalkingHeadError) as caught:
        FaceTracker(WeightStore([tmp_path]))
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT


def test_an_intact_copy_further_on_is_used(tmp_path):
    (tmp_path / "selfie_segmenter.tflite").write_bytes(b"broken")
    good = media.weights().path("selfie_segmenter")
    assert WeightStore([tmp_path, good.parent]).path("selfie_segmenter") == good


def test_folders_from_the_environment_come_first(monkeypatch, tmp_path):
    monkeypatch.setenv("TALKINGHEAD_WEIGHTS", os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b")]))
    folders = default_folders()
    assert folders[:2] == (tmp_path / "a", tmp_path / "b")
    assert folders[2].parts[-2:] == ("bundle", "weights")
    assert Path.home() in folders[3].parents or folders[3].is_absolute()


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [({"HF_HOME": "/hf"}, Path("/hf/hub")), ({"HF_HOME": "/hf", "HF_HUB_CACHE": "/cache"}, Path("/cache"))],
)
def test_what_hugging_faces_programs_got_comes_last(monkeypatch, variables, wanted):
    for name in ("HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    assert default_folders()[-1] == Path.home() / ".cache" / "huggingface" / "hub"
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert default_folders()[-1] == wanted
