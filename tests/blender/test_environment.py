# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Setting the worker up from inside Blender. What pip does is tested in tests/worker/test_environment.py."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
import pytest
import recording_layout
import talking

pytestmark = pytest.mark.usefixtures("own_environment")


def test_state_is_missing_at_first():
    assert talking.core("worker.worker").state().value == "missing"


def test_user_folder_is_writable_and_outside_of_the_extension():
    places = talking.core("worker.worker").places()
    assert places.extension not in (places.user, *places.user.parents)
    assert (places.extension / "blender_manifest.toml").is_file()


def test_version_comes_from_the_manifest():
    assert talking.core("worker.worker").app_version().count(".") == 2


def test_announcement_names_packages_models_and_place():
    text = " ".join(talking.core("worker.setup_job").announcement())
    for part in (
        "opencv-python",
        "face_landmarker.task",
        "Apache-2.0",
        str(talking.core("worker.worker").places().user),
    ):
        assert part in text


def test_set_up_offline_is_refused_with_the_way_out():
    if bpy.app.online_access:
        pytest.skip("this Blender is online")
    with pytest.raises(RuntimeError, match="offline"):
        bpy.ops.talkinghead.set_up_worker()
    error = talking.core("jobs.service").runner.state.error
    assert error.code.value == "OFFLINE"
    assert error.hint


def test_set_up_makes_an_environment_and_says_when_its_worker_fails(bare_setup, monkeypatch):
    with pytest.raises(RuntimeError, match="could not start"):  # it has no numpy
        bpy.ops.talkinghead.set_up_worker()
    places = talking.core("worker.worker").places()
    assert talking.core("worker.environment").environment_python(places.environment("base")).exists()
    assert talking.core("worker.worker").state().value == "ready"


def test_cancel_rolls_back(bare_setup):
    setup_job, runner = talking.core("worker.setup_job"), talking.core("jobs.service").runner
    runner.start(setup_job.TITLE, setup_job.set_up)
    talking.step_until(runner, lambda state: state.text.startswith("Making"))
    runner.cancel()
    assert talking.step_to_end(runner).phase.value == "cancelled"
    assert not list(talking.core("worker.worker").places().user.glob("environment-*"))


def test_remove_deletes_it(bare_setup):
    with pytest.raises(RuntimeError):
        bpy.ops.talkinghead.set_up_worker()
    assert bpy.ops.talkinghead.remove_worker() == {"FINISHED"}
    assert talking.core("worker.worker").state().value == "missing"


def test_named_python_is_used_as_it_is(tmp_path):
    preferences, worker = talking.core("preferences"), talking.core("worker.worker")
    python = tmp_path / "my python"
    python.write_text("")
    preferences.preferences().worker_python = str(python)
    assert worker.state().value == "ready"
    assert worker.interpreter() == python
    assert not bpy.ops.talkinghead.set_up_worker.poll()


def test_named_python_that_is_gone_is_told():
    preferences, worker = talking.core("preferences"), talking.core("worker.worker")
    preferences.preferences().worker_python = "/nowhere/python"
    with pytest.raises(talking.shared("errors").TalkingHeadError, match="/nowhere/python"):
        worker.interpreter()


def test_variable_wins_over_the_preference(monkeypatch, tmp_path):
    python = tmp_path / "python"
    python.write_text("")
    talking.core("preferences").preferences().worker_python = "/nowhere/python"
    monkeypatch.setenv("TALKINGHEAD_PYTHON", str(python))
    assert talking.core("worker.worker").interpreter() == python


def test_launch_is_isolated_and_writes_to_the_user_folder(monkeypatch, tmp_path):
    python = tmp_path / "python"
    python.write_text("")
    monkeypatch.setenv("TALKINGHEAD_PYTHON", str(python))
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    launch = talking.core("worker.worker").launch()
    places = talking.core("worker.worker").places()
    assert launch.command[:3] == (str(python), "-I", "-u")
    assert launch.command[-1] == "worker"
    assert "PYTHONPATH" not in launch.environment
    assert places.user in launch.log.parents
    assert launch.folder == places.user


def test_report_names_versions_and_no_user(monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/somebody"))
    report = talking.core("jobs.report")
    assert report.without_user("in /home/somebody/x and /home/other") == "in ~/x and /home/other"
    text = report.text()
    assert bpy.app.version_string in text
    assert "Talking Head 0." in text or "Talking Head 1." in text


def test_log_opens_as_a_text():
    assert bpy.ops.talkinghead.show_log() == {"FINISHED"}
    assert "worker.log" in bpy.data.texts["Talking Head Log"].as_string()


@pytest.fixture
def base_is_there(bare_worker, monkeypatch):
    """A worker with an optional tier that needs no package."""
    monkeypatch.setattr(talking.core("worker.environment"), "pip_target_command", fake_pip)


def fake_pip(python, requirements, target, wheels=None):
    return [str(python), "-c", f"import pathlib; pathlib.Path({str(target)!r}).mkdir(parents=True)"]


def draw_box():
    layout = recording_layout.RecordingLayout()
    talking.core("worker.worker_box").draw(layout)
    return layout


def test_speech_announcement_names_package_size_and_place():
    text = " ".join(talking.core("worker.setup_job").speech_announcement())
    for part in ("pocketsphinx==", "29 MB", str(talking.core("worker.worker").places().user), "Blender's own Python"):
        assert part in text


def test_speech_is_offered_once_the_worker_is_set_up(base_is_there):
    assert "talkinghead.install_speech" in draw_box().of("operator")
    assert "is not installed" in draw_box().text
    with pytest.raises(RuntimeError, match="could not start"):  # the worker has no numpy here
        bpy.ops.talkinghead.install_speech()
    assert talking.core("worker.worker").speech_state().value == "ready"
    assert "English speech timing is installed" in draw_box().text


def test_speech_without_a_worker_says_what_comes_first():
    assert "talkinghead.install_speech" not in draw_box().of("operator")
    with pytest.raises(RuntimeError, match="Set up the worker first"):
        bpy.ops.talkinghead.install_speech()


def test_speech_offline_is_refused_with_the_way_out(base_is_there, monkeypatch):
    plan = replace(talking.core("worker.worker").setup_plan("speech"), online=False, offline_hint="Go online.")
    monkeypatch.setattr(talking.core("worker.worker"), "setup_plan", lambda tier: plan)
    monkeypatch.setattr(talking.core("worker.environment"), "bundles", lambda *_: False)
    with pytest.raises(RuntimeError, match="offline"):
        bpy.ops.talkinghead.install_speech()
    assert talking.core("worker.worker").speech_state().value == "missing"
    assert talking.core("worker.worker").state().value == "ready"


def test_speech_hint_does_not_promise_the_full_package():
    worker = talking.core("worker.worker")
    assert "full package" in worker.offline_hint()
    assert "full package" not in worker.offline_hint(full_package=False)


def test_canceled_speech_leaves_the_worker_ready(base_is_there):
    setup_job, runner = talking.core("worker.setup_job"), talking.core("jobs.service").runner
    runner.start(setup_job.SPEECH_TITLE, setup_job.install_speech)
    talking.step_until(runner, lambda state: state.text.startswith("Trying"))
    runner.cancel()
    assert talking.step_to_end(runner).phase.value == "cancelled"
    assert talking.core("worker.worker").speech_state().value == "missing"
    assert talking.core("worker.worker").state().value == "ready"


def test_named_python_shows_the_command_for_speech(tmp_path):
    python = tmp_path / "my python"
    python.write_text("")
    talking.core("preferences").preferences().worker_python = str(python)
    assert not bpy.ops.talkinghead.install_speech.poll()
    command = f'"{python}" -m pip install --no-deps pocketsphinx=='
    with pytest.raises(RuntimeError, match="install it there yourself"):
        bpy.ops.talkinghead.install_speech()
    assert command in talking.core("worker.worker").speech_command()
    assert "pocketsphinx==" in draw_box().text
    errors = talking.shared("errors")
    with pytest.raises(errors.TalkingHeadError) as caught:
        next(talking.core("worker.setup_job").install_speech(talking.core("jobs.runner").JobControl()))
    assert command in caught.value.hint
