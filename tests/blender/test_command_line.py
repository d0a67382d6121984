# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command of Blender's command line, called as Blender calls it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import bpy
import pytest
import sequencer
import talking
import weight_files


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    yield
    talking.fresh_start()


@pytest.fixture
def source(scene, saved_file, astronaut):
    """An animated portrait that opens its mouth over 10 frames."""
    strip = talking.animated(astronaut, "Bob", length=10)
    talking.key(strip, "jaw_open", 1, 0.0)
    talking.key(strip, "jaw_open", 10, 1.0)
    bpy.ops.wm.save_mainfile()
    return strip


def run(*argv: str) -> int:
    return talking.core("jobs.command_line").main(list(argv))


def test_render_computes_all_animated_strips(source, capsys):
    assert run("render") == 0
    out = capsys.readouterr().out
    assert "Bob: 10 of 10 frames rendered" in out
    assert "not saved" in out


def test_render_twice_reuses(source, capsys):
    run("render", "--quiet")
    assert run("render", "--quiet") == 0
    assert "none had to be rendered" in capsys.readouterr().out


def test_frames_can_be_shared_between_machines(source, capsys):
    assert run("render", "--strip", "Bob", "--frames", "1-4") == 0
    assert run("render", "--strip", "Bob", "--frames", "5-10") == 0
    out = capsys.readouterr().out
    assert "4 of 4 frames rendered" in out
    assert "6 of 6 frames rendered" in out
    assert run("render") == 0
    assert "All 10 frames were there already" in capsys.readouterr().out


def test_range_is_chosen(scene, source, capsys):
    scene.frame_start, scene.frame_end = 3, 5
    assert run("render", "--range", "scene") == 0
    assert "3 of 3 frames rendered" in capsys.readouterr().out


def test_save_writes_the_result_into_the_file(source, saved_file, capsys):
    assert run("render", "--save") == 0
    files = [path.name for path in talking.frame_files(source)]
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))
    strip = sequencer.all_strips()["Bob"]
    assert [path.name for path in talking.frame_files(strip)] == files
    assert "Saved" in capsys.readouterr().out


def test_without_save_the_file_stays(source, saved_file):
    before = saved_file.read_bytes()
    run("render")
    assert saved_file.read_bytes() == before


def test_strip_that_is_not_there_fails_with_the_names(source, capsys):
    assert run("render", "--strip", "Alice") == 1
    error = capsys.readouterr().err
    assert "'Alice'" in error
    assert "'Bob'" in error


def test_edit_without_animated_strips_fails(scene, astronaut, capsys):
    sequencer.add_image(astronaut)
    assert run("render") == 1
    assert "--strip" in capsys.readouterr().err


def test_frames_that_the_strip_does_not_show_fail(source, capsys):
    assert run("render", "--frames", "500-510") == 1
    assert "500" in capsys.readouterr().err


def test_frames_leave_out_strips_that_show_none_of_them(source, hopper, capsys):
    grace = sequencer.add_image(hopper, "Grace", channel=3, start=100, length=2)
    assert bpy.ops.talkinghead.animate_portrait() == {"FINISHED"}
    assert grace.th_role == "SOURCE"
    assert run("render", "--frames", "1-4") == 0
    captured = capsys.readouterr()
    assert "Bob: 4 of 4 frames rendered" in captured.out
    assert "Grace" not in captured.out + captured.err
    assert run("render", "--strip", "Grace", "--frames", "1-4") == 1


def test_file_that_cannot_be_saved_fails_with_a_sentence(source, saved_file, capsys):
    folder = saved_file.with_name(saved_file.name + "@")  # Blender saves under this name first, then renames
    folder.mkdir()
    try:
        assert run("render", "--save") == 1
    finally:
        folder.rmdir()
    captured = capsys.readouterr()
    assert f"{saved_file.name} could not be saved" in captured.err
    assert "Bob: 10 of 10 frames rendered" in captured.out


def test_source_that_is_gone_fails_and_the_other_strip_is_rendered(source, scene, hopper, capsys):
    talking.animated(hopper, "Grace", length=2, channel=3)
    Path(bpy.path.abspath(source.directory), source.elements[0].filename).unlink()
    assert run("render") == 1
    captured = capsys.readouterr()
    assert "Bob" in captured.err
    assert "Grace: 2 of 2 frames rendered" in captured.out


@pytest.mark.parametrize(
    "argv",
    [(), ("dance",), ("render", "--frames", "9-3"), ("render", "--frames", "x"), ("render", "--engine", "none"),
     ("render", "--frames", "1", "--range", "scene")],
)  # fmt: skip
def test_wrong_usage_is_exit_code_2(argv, capsys):
    assert run(*argv) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [("--help",), ("render", "--help"), ("setup", "--help"), ("models", "--help")])
def test_help_is_exit_code_0(argv, capsys):
    assert run(*argv) == 0
    assert "usage: talkinghead" in capsys.readouterr().out


def test_consent_is_asked_for_and_given_by_the_flag(source, capsys, monkeypatch):
    monkeypatch.delenv("TALKINGHEAD_CONSENT", raising=False)
    talking.fresh_start(consent=False)
    assert run("render") == 1
    assert "--i-have-the-rights" in capsys.readouterr().err
    assert run("render", "--i-have-the-rights") == 0
    monkeypatch.delenv("TALKINGHEAD_CONSENT", raising=False)


def test_setup_lists_first_and_needs_yes(monkeypatch, capsys):
    monkeypatch.delenv("TALKINGHEAD_PYTHON")
    assert run("setup") == 2
    captured = capsys.readouterr()
    assert "opencv-python" in captured.out
    assert "--yes" in captured.err


def test_setup_says_so_when_the_python_is_named(capsys):
    assert run("setup", "--yes") == 1
    assert "named by you" in capsys.readouterr().err


def test_setup_offline_says_what_to_do(monkeypatch, capsys):
    if bpy.app.online_access:
        pytest.skip("this Blender is online")
    monkeypatch.delenv("TALKINGHEAD_PYTHON")
    assert run("setup", "--yes") == 1
    assert "offline" in capsys.readouterr().err.lower()


def test_models_are_listed_first_and_need_yes(monkeypatch, capsys):
    monkeypatch.delenv("TALKINGHEAD_WEIGHTS", raising=False)
    assert run("models", "liveportrait_human") == 2
    captured = capsys.readouterr()
    assert "motion_extractor.pth: 112.5 MB, MIT" in captured.out
    assert "--yes" in captured.err


def test_models_that_are_there_are_verified(monkeypatch, capsys, tmp_path):
    weight_files.comfyui(tmp_path)
    monkeypatch.setenv("TALKINGHEAD_WEIGHTS", str(tmp_path))
    assert run("models", "liveportrait_human", "--yes") == 0
    assert capsys.readouterr().out.endswith("The models of LivePortrait for people are there.\n")


def test_command_is_registered_where_blender_can():
    if not hasattr(bpy.utils, "register_cli_command"):
        pytest.skip("this Blender has no command line for extensions")
    assert len(talking.core("jobs.command_line")._registered) == 1


def test_first_section_needs_an_engine_that_draws_films(source, capsys):
    assert run("render", "--first-section") == 1
    assert "draws frame by frame" in capsys.readouterr().err


def test_what_is_to_be_drawn_is_printed_once(capsys):
    states, command_line = talking.core("jobs.runner"), talking.core("jobs.command_line")
    printer = command_line.Printer("Bob")
    state = states.JobState("Render Frames", states.Phase.RUNNING, "Drawing section 1 of 2", total=50, in_steps=True)
    for done in (0, 5, 6):
        printer.show(dataclasses.replace(state, done=done, work="To be drawn: 2 sections"))
    assert capsys.readouterr().out.splitlines() == [
        "Bob: To be drawn: 2 sections", "Bob: Drawing section 1 of 2", "Bob: Drawing section 1 of 2, step 5 of 50",
    ]  # fmt: skip
