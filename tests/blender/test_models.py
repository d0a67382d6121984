# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Getting models and naming folders that have them, from inside Blender.

Downloads themselves are tested in tests/inference/weights; here a small program stands in for them.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import Any

import bpy
import pytest
import recording_layout
import talking
import weight_files

HUMAN, ANIMAL = "liveportrait_human", "liveportrait_animal"
LIVEPORTRAIT = {"model": "human"}


@pytest.fixture(autouse=True)
def no_models(addon, monkeypatch):
    """A worker whose Python the user named, no models and no folders."""
    monkeypatch.delenv("TALKINGHEAD_WEIGHTS", raising=False)
    monkeypatch.setenv("TALKINGHEAD_PYTHON", os.environ.get("TALKINGHEAD_PYTHON", sys.executable))
    talking.fresh_start()
    talking.core("worker.worker").refresh()
    yield
    talking.core("preferences").preferences().model_folders.clear()
    talking.core("worker.environment_setup").remove(places())
    talking.core("worker.models").forget()
    talking.fresh_start()


@pytest.fixture
def online(monkeypatch):
    """Blender may use the network."""
    job = talking.core("worker.models_job")
    plan = job._plan
    monkeypatch.setattr(job, "_plan", lambda name: replace(plan(name), online=True))


@pytest.fixture
def downloads(online, monkeypatch):
    """Sets what stands in for the download does: lines that it prints, files that it makes, how it ends."""

    def set_up(lines: list[object], files: dict[str, bytes] | None = None, code: int = 0, then: str = "") -> None:
        program = "import sys, time, pathlib\n"
        for line in lines:
            program += f"print({json.dumps(line)!r}, flush=True)\n"
        for path, content in (files or {}).items():
            target = str(places().weights / path)
            program += f"path = pathlib.Path({target!r}); path.parent.mkdir(parents=True, exist_ok=True)\n"
            program += f"path.write_bytes({content!r})\n"
        program += f"{then}\nsys.exit({code})"
        command = lambda python, *_: (sys.executable, "-c", program)  # noqa: E731
        monkeypatch.setattr(talking.core("worker.models_setup"), "inference_command", command)

    return set_up


def places() -> Any:
    return talking.core("worker.worker").places()


def state(settings: dict[str, object] = LIVEPORTRAIT) -> Any:
    engines = talking.shared("engines")
    (found,) = talking.core("worker.models").models_states(engines.description_of("liveportrait"), settings)
    return found


def all_files(name: str) -> dict[str, bytes]:
    files = talking.shared("weights.catalogue").weight_set(name).files
    return {file.path: weight_files.checkpoint(file.name) for file in files}


def last_state() -> Any:
    return talking.core("jobs.service").runner.state


def test_missing_models_are_told_with_their_size():
    assert not state().present
    assert state().text == "The models of LivePortrait for people are missing (522 MB)."
    assert state({"model": "animal"}).weights.name == ANIMAL


def test_all_files_of_a_network_count(tmp_path):
    models = talking.core("worker.models")
    missing = models.state_of_set("omniavatar_large").missing
    assert len([file for file in missing if file.name.startswith("omniavatar_base_large")]) == 6
    for file in missing[:6]:
        assert not [state.weights.name for state in models.states_in(tmp_path)]
        weight_files.write(tmp_path / file.path, file.name)
    (state,) = models.states_in(tmp_path)
    assert state.weights.name == "omniavatar_large" and state.missing == missing[6:]


def test_engines_without_models_of_their_own():
    puppet = talking.shared("engines").description_of("puppet")
    assert talking.core("worker.models").models_states(puppet, {}) == ()


def test_the_announcement_names_files_sizes_licence_origin_and_place():
    lines = talking.core("worker.models_job").announcement(HUMAN)
    text = "\n".join(lines)
    assert "5 files are downloaded, 522 MB" in lines[0]
    assert "motion_extractor.pth: 112.5 MB, MIT, from huggingface.co/KlingTeam/LivePortrait" in text
    assert "Kuaishou's LivePortrait; licence as stated" in text
    assert str(places().weights) in text and "ComfyUI" in text


def test_the_announcement_says_which_sizes_are_not_published():
    assert "motion_extractor.pth: about 112.5 MB" in "\n".join(talking.core("worker.models_job").announcement(ANIMAL))


def test_the_announcement_of_a_set_that_is_there(tmp_path):
    weight_files.comfyui(tmp_path)
    bpy.ops.talkinghead.add_model_folder(directory=str(tmp_path))
    lines = talking.core("worker.models_job").announcement(HUMAN)
    assert lines[0].endswith("all files are there.")
    assert str(tmp_path / "models" / "liveportrait") in lines[1]


def test_the_announcement_names_files_that_are_broken(tmp_path):
    weight_files.comfyui(tmp_path)["warping_module"].write_bytes(b"")
    bpy.ops.talkinghead.add_model_folder(directory=str(tmp_path))
    lines = talking.core("worker.models_job").announcement(HUMAN)
    assert "warping_module.safetensors cannot be used: it is empty." in lines[0]
    assert "1 file is downloaded, 182 MB" in lines[1]
    assert "4 of the set's files are there already." in lines


def test_the_folder_of_comfyui_is_found_at_once_and_handed_to_the_worker(tmp_path):
    weight_files.comfyui(tmp_path / "ComfyUI")
    assert not state().present
    assert bpy.ops.talkinghead.add_model_folder(directory=str(tmp_path / "ComfyUI")) == {"FINISHED"}
    assert state().present
    assert talking.core("worker.worker").launch().weights[0] == tmp_path / "ComfyUI"
    assert bpy.ops.talkinghead.add_model_folder(directory=str(tmp_path / "ComfyUI")) == {"FINISHED"}
    assert len(talking.core("preferences").preferences().model_folders) == 1


def test_a_folder_without_models_is_refused_with_advice(tmp_path):
    with pytest.raises(RuntimeError, match=r"No models that Talking Head knows.*Choose ComfyUI's folder"):
        bpy.ops.talkinghead.add_model_folder(directory=str(tmp_path))
    with pytest.raises(RuntimeError, match="There is no folder"):
        bpy.ops.talkinghead.add_model_folder(directory=str(tmp_path / "none"))
    assert not talking.core("preferences").preferences().model_folders


def test_a_folder_is_removed_and_its_files_stay(tmp_path):
    made = weight_files.comfyui(tmp_path)
    bpy.ops.talkinghead.add_model_folder(directory=str(tmp_path))
    assert bpy.ops.talkinghead.remove_model_folder(index=0) == {"FINISHED"}
    assert not state().present
    assert all(path.is_file() for path in made.values())
    assert bpy.ops.talkinghead.remove_model_folder(index=0) == {"CANCELLED"}


def test_the_variable_comes_before_the_preferences(monkeypatch, tmp_path):
    weight_files.comfyui(tmp_path / "a")
    weight_files.official(tmp_path / "b")
    bpy.ops.talkinghead.add_model_folder(directory=str(tmp_path / "a"))
    monkeypatch.setenv("TALKINGHEAD_WEIGHTS", str(tmp_path / "b"))
    assert {path.suffix for path in state().found.paths.values()} == {".pth"}


def test_models_are_downloaded_with_progress(downloads):
    lines: list[object] = [
        {"name": "liveportrait_motion_extractor", "done": 56_000_000, "total": 112_545_506},
        {"name": "liveportrait_motion_extractor", "done": 112_545_506, "total": 112_545_506},
        "said by somebody else",
    ]
    downloads(lines, all_files(HUMAN), then="time.sleep(0.3)")
    seen = []
    job, service = talking.core("worker.models_job"), talking.core("jobs.service")
    service.run_to_end(job.TITLE, lambda control: job.get_models(HUMAN, control), seen.append)
    assert any(one.text == "Verifying motion_extractor.pth" for one in seen)
    fractions = [one.fraction for one in seen]
    assert fractions == sorted(fractions)
    assert any(0.2 < fraction < 0.3 for fraction in fractions)
    assert seen[-1].text == "The models of LivePortrait for people are there."
    assert state().present


def test_the_command_line_prints_tenths(downloads, capsys):
    name, total = "liveportrait_motion_extractor", 112_545_506
    lines = [{"name": name, "done": done * 1_000_000, "total": total} for done in range(1, 112)]
    downloads(lines, all_files(HUMAN), then="time.sleep(0.2)")
    assert talking.core("jobs.command_line").main(["models", HUMAN, "--yes"]) == 0
    output = capsys.readouterr().out
    assert "motion_extractor.pth: 112.5 MB, MIT" in output
    assert 1 <= sum(line.startswith("models: ") for line in output.splitlines()) < 12


def test_the_operator_downloads_in_background(downloads):
    downloads([], all_files(ANIMAL))
    assert bpy.ops.talkinghead.get_models(models=ANIMAL) == {"FINISHED"}
    assert state({"model": "animal"}).present and not state().present


def test_an_error_of_the_download_is_told_as_it_is(downloads):
    errors = talking.shared("errors")
    error = errors.TalkingHeadError(errors.ErrorCode.DOWNLOAD_FAILED, "It failed.", "Wait.", errors.Action.GET_MODELS)
    downloads([{"error": error.to_dict()}], code=1)
    with pytest.raises(RuntimeError, match=r"It failed\. Wait\."):
        bpy.ops.talkinghead.get_models(models=HUMAN)
    assert last_state().error.action is errors.Action.GET_MODELS


def test_a_program_that_breaks_is_told_with_its_log(downloads):
    downloads([], code=3, then="print('ModuleNotFoundError: oh', file=sys.stderr)")
    with pytest.raises(RuntimeError, match="getting the models"):
        bpy.ops.talkinghead.get_models(models=HUMAN)
    assert "oh" in last_state().error.details


def test_cancel_ends_the_download_and_keeps_what_arrived(downloads):
    line = {"name": "liveportrait_warping_module", "done": 1_000_000, "total": 182_180_086}
    part = "liveportrait/base_models/warping_module.pth.part"
    downloads([line], {part: b"arrived"}, then="time.sleep(600)")
    job, runner = talking.core("worker.models_job"), talking.core("jobs.service").runner
    runner.start(job.TITLE, lambda control: job.get_models(HUMAN, control))
    talking.step_until(runner, lambda _: (places().weights / part).exists(), limit=5000)
    runner.cancel()
    assert talking.step_to_end(runner).phase.value == "cancelled"
    assert (places().weights / part).read_bytes() == b"arrived"


def test_offline_is_refused_with_the_way_out():
    if bpy.app.online_access:
        pytest.skip("this Blender is online")
    with pytest.raises(RuntimeError, match="offline"):
        bpy.ops.talkinghead.get_models(models=HUMAN)
    error = last_state().error
    assert error.code.value == "OFFLINE" and "full package" not in error.hint


def test_offline_models_that_are_there_are_verified_by_the_real_program(tmp_path):
    made = weight_files.comfyui(tmp_path)
    bpy.ops.talkinghead.add_model_folder(directory=str(tmp_path))
    assert bpy.ops.talkinghead.get_models(models=HUMAN) == {"FINISHED"}
    made["motion_extractor"].unlink()
    content = bytearray(weight_files.checkpoint())
    content[content.index(bytes(range(256)))] ^= 1
    made["motion_extractor"].with_suffix(".pth").write_bytes(content)  # whole, but not what was written
    talking.core("worker.models").forget()
    with pytest.raises(RuntimeError, match=r"motion_extractor\.pth must be downloaded, but online access is off"):
        bpy.ops.talkinghead.get_models(models=HUMAN)


def test_a_worker_is_needed(monkeypatch):
    monkeypatch.delenv("TALKINGHEAD_PYTHON")
    talking.core("worker.worker").refresh()
    with pytest.raises(RuntimeError, match="Set up the worker first"):
        bpy.ops.talkinghead.get_models(models=HUMAN)


def test_the_button_of_the_error():
    errors, fixes = talking.shared("errors"), talking.core("fixes")
    error = errors.TalkingHeadError(errors.ErrorCode.WEIGHTS_MISSING, "Missing.", "", errors.Action.GET_MODELS)
    assert fixes.operator_of(error) == "talkinghead.get_models"


def draw_missing(settings: dict[str, object] = LIVEPORTRAIT) -> recording_layout.RecordingLayout:
    layout = recording_layout.RecordingLayout()
    engine = talking.shared("engines").description_of("liveportrait")
    talking.core("worker.models_box").draw_missing(layout, engine, settings)
    return layout


def test_panels_say_what_is_missing_and_offer_both_ways(tmp_path):
    layout = draw_missing()
    assert "(522 MB)" in layout.text
    assert layout.of("operator") == ["talkinghead.get_models", "talkinghead.add_model_folder"]
    weight_files.comfyui(tmp_path)
    bpy.ops.talkinghead.add_model_folder(directory=str(tmp_path))
    assert draw_missing().drawn == []


def test_panels_name_broken_files(tmp_path):
    path = weight_files.official(tmp_path)["spade_generator"]
    path.write_bytes(path.read_bytes()[:-20])
    bpy.ops.talkinghead.add_model_folder(directory=str(tmp_path))
    text = draw_missing().text
    assert "spade_generator.pth cannot be used: it is cut off." in text
    assert "are incomplete (222 MB)" in text


def test_preferences_list_the_folders(tmp_path):
    weight_files.comfyui(tmp_path)
    bpy.ops.talkinghead.add_model_folder(directory=str(tmp_path))
    layout = recording_layout.RecordingLayout()
    talking.core("worker.models_box").draw_folders(layout, talking.core("preferences").preferences())
    assert layout.of("prop") == ["path"]
    assert "talkinghead.remove_model_folder" in layout.of("operator")


def test_drawing_looks_at_the_disk_now_and_then_only(monkeypatch, tmp_path):
    models = talking.core("worker.models")
    looks = []
    original = models.find
    monkeypatch.setattr(models, "find", lambda *arguments: looks.append(1) or original(*arguments))
    models.forget()
    for _ in range(5):
        draw_missing()
    assert len(looks) == 1


def test_remove_worker_deletes_downloaded_models_and_no_others(downloads, tmp_path):
    made = weight_files.comfyui(tmp_path)
    downloads([], all_files(HUMAN))
    bpy.ops.talkinghead.get_models(models=HUMAN)
    bpy.ops.talkinghead.add_model_folder(directory=str(tmp_path))
    assert bpy.ops.talkinghead.remove_worker() == {"FINISHED"}
    assert not places().weights.exists()
    assert all(path.is_file() for path in made.values())
