# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m inference weights``, with downloads that only note what they were asked for."""

import json

import pytest
import weight_files

from inference.cli import main
from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.weights import command
from inference.weights.catalogue import FACE_MODELS, weight_file, weight_set


@pytest.fixture(autouse=True)
def no_other_folders(monkeypatch):
    monkeypatch.setattr(command, "default_folders", lambda: ())


@pytest.fixture
def asked(monkeypatch):
    """Names that were asked for; the files are made instead of downloaded."""
    names = []

    def fetch_all(folder, wanted, progress, online):
        assert online
        names.extend(wanted)
        for file in map(weight_file, wanted):
            progress(file.name, 0, 4_000_000)
            progress(file.name, 4_000_000, 4_000_000)
            (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
            if file.path.endswith((".pth", ".onnx", ".bin")):
                weight_files.write(folder / file.path)
        return [folder / file.path for file in map(weight_file, wanted)]

    monkeypatch.setattr(command, "fetch_all", fetch_all)
    return names


def test_without_names_only_the_small_models_are_got(asked, capsys, tmp_path):
    assert main(["weights", "--folder", str(tmp_path)]) == 0
    assert asked == [file.name for file in FACE_MODELS]
    output = capsys.readouterr()
    assert output.out.split() == [str(tmp_path / file.path) for file in FACE_MODELS]
    assert output.err.splitlines() == [f"{file.name}: 4.0 MB" for file in FACE_MODELS]


def test_a_set_gets_its_files_and_tells_where_they_are(asked, capsys, tmp_path):
    assert main(["weights", "--set", "liveportrait_human", "--folder", str(tmp_path)]) == 0
    files = weight_set("liveportrait_human").files
    assert asked == [file.name for file in files]
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / file.path) for file in files]


@pytest.mark.parametrize("option", [True, False])
def test_what_another_program_has_is_not_downloaded(asked, capsys, monkeypatch, tmp_path, option):
    made = weight_files.comfyui(tmp_path / "ComfyUI")
    made["warping_module"].write_bytes(b"broken")
    monkeypatch.setattr(command, "default_folders", lambda: () if option else (tmp_path / "ComfyUI",))
    search = ["--search", str(tmp_path / "ComfyUI")] if option else []
    assert main(["weights", "--set", "liveportrait_human", "--folder", str(tmp_path / "own"), *search]) == 0
    assert asked == ["liveportrait_warping_module"]
    paths = capsys.readouterr().out.splitlines()
    assert str(made["motion_extractor"]) in paths and str(made["warping_module"]) not in paths


def test_two_sets_share_a_file(asked, tmp_path):
    arguments = ["--set", "liveportrait_human", "--set", "liveportrait_animal", "--folder", str(tmp_path)]
    assert main(["weights", *arguments]) == 0
    assert len(asked) == len(set(asked)) == 9


def test_progress_and_paths_for_programs(asked, capsys, tmp_path):
    assert main(["weights", "face_landmarker", "--json", "--folder", str(tmp_path)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-2] == {"name": "face_landmarker", "done": 4_000_000, "total": 4_000_000}
    assert lines[-1] == {"paths": [str(tmp_path / "face_landmarker.task")]}


def test_errors_for_programs(capsys, monkeypatch, tmp_path):
    def fails(*_, online):
        raise TalkingHeadError(ErrorCode.DISK_FULL, "The disk is full.", "Free some space.", Action.CHOOSE_FOLDER)

    monkeypatch.setattr(command, "fetch_all", fails)
    assert main(["weights", "--json", "--folder", str(tmp_path)]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert TalkingHeadError.from_dict(json.loads(line)["error"]).code is ErrorCode.DISK_FULL


def test_offline_nothing_is_asked_for(capsys, tmp_path):
    made = weight_files.official(tmp_path)
    arguments = ["weights", "--set", "liveportrait_human", "--folder", str(tmp_path), "--offline"]
    assert main(arguments) == 0
    made["motion_extractor"].unlink()
    assert main(arguments) == 1
    assert "online access is off" in capsys.readouterr().err


def test_errors_for_people(capsys, tmp_path):
    assert main(["weights", "--set", "nonsense", "--folder", str(tmp_path)]) == 1
    assert "liveportrait_human" in capsys.readouterr().err


def test_the_list_says_what_is_there_how_large_and_under_which_licence(capsys, tmp_path):
    made = weight_files.comfyui(tmp_path)
    made["warping_module"].write_bytes(b"")
    assert main(["weights", "--list", "--folder", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert f"liveportrait_motion_extractor, 112.5 MB: {made['motion_extractor']}\n" in text
    assert "liveportrait_warping_module, 182.2 MB: missing\n" in text
    assert f"{made['warping_module']} is passed over: it is empty" in text
    assert "liveportrait_animal: LivePortrait for animals, 522 MB\n" in text
    assert "(203 points), 115 MB, optional" in text
    assert "MIT: Kuaishou's LivePortrait" in text and "Apache-2.0: Google" in text


def test_the_list_says_of_how_many_files_a_network_is(capsys, tmp_path):
    names = [f"diffusion_pytorch_model-{number:05}-of-00004.safetensors" for number in range(1, 5)]
    made = [weight_files.write(tmp_path / "Wan2.2-Animate-14B" / name, name) for name in names]
    assert main(["weights", "--list", "--folder", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert f"  wananimate_1 and 3 more, about 34549.6 MB: {made[0]}\n" in text
    assert "  wan_keypoints and 1 more, about 2549.4 MB: missing\n" in text


def test_all_files_of_a_network_are_downloaded(asked, capsys, tmp_path):
    weight_files.write(tmp_path / "detection" / "yolov10m.onnx")
    weight_files.write(tmp_path / "detection" / "vitpose_h_wholebody_model.onnx")
    assert main(["weights", "--set", "wan_tracking", "--folder", str(tmp_path)]) == 0
    assert asked == ["wan_keypoints", "wan_keypoints_data"]
    printed = [line.rpartition("detection")[2][1:] for line in capsys.readouterr().out.splitlines()]
    assert printed == ["yolov10m.onnx", "vitpose_h_wholebody_model.onnx", "vitpose_h_wholebody_data.bin"]


def test_the_list_takes_no_names(tmp_path):
    with pytest.raises(SystemExit) as caught:
        main(["weights", "--list", "--set", "liveportrait_human"])
    assert caught.value.code == 2
