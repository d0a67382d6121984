# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way: portrait, keyed sliders, frames of the real worker, an edit rendered from the sequencer."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import bpy
import media
import numpy as np
import pytest
import sequencer
import talking


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    yield
    talking.fresh_start()


@pytest.fixture
def source(scene, saved_file, astronaut):
    """An animated portrait that begins to smile over 6 frames and starts at rest."""
    strip = talking.animated(astronaut)
    talking.key(strip, "mouth_smile", 1, 0.0)
    talking.key(strip, "mouth_smile", 6, 0.8)
    return strip


@pytest.fixture
def long_source(scene, saved_file, astronaut):
    """An animated portrait with 200 different frames."""
    strip = talking.animated(astronaut, length=200)
    talking.key(strip, "mouth_smile", 1, -0.8)
    talking.key(strip, "mouth_smile", 200, 0.8)
    return strip


def folder_of(source) -> Path:
    return Path(bpy.path.abspath(source.th_folder))


def test_animate_inserts_a_result_that_shows_the_source(scene, saved_file, astronaut, tmp_path):
    strip = talking.animated(astronaut, length=6)
    result = talking.result_of(strip)
    assert (strip.th_role, result.th_role) == ("SOURCE", "RESULT")
    compat = talking.core("compat")
    assert (result.channel, compat.left(result), compat.right(result)) == (2, 1, 7)
    assert len(talking.core("preview.faces").of(strip).faces) == 1
    seen = talking.pixels(sequencer.render_frame(tmp_path / "seen.png", 3))
    assert np.array_equal(seen, talking.pixels(astronaut))


def test_rendered_edit_shows_exactly_the_frames(scene, source, astronaut, tmp_path):
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    files = talking.frame_files(source)
    assert len(set(files)) == 6
    for number, file in enumerate(files, 1):
        seen = talking.pixels(sequencer.render_frame(tmp_path / f"seen{number}.png", number))
        assert np.array_equal(seen, talking.pixels(file)), number
    assert np.array_equal(talking.pixels(files[0]), talking.pixels(astronaut))  # all at rest: untouched
    assert not np.array_equal(talking.pixels(files[5]), talking.pixels(astronaut))


def test_second_render_computes_only_what_a_moved_key_touched(source):
    bpy.ops.talkinghead.render_frames()
    state = talking.core("jobs.service").runner.state
    assert state.text == "6 of 6 frames rendered"
    talking.key(source, "jaw_open", 1, 0.0)
    talking.key(source, "jaw_open", 4, 0.0)
    talking.key(source, "jaw_open", 5, 0.5)
    talking.key(source, "jaw_open", 6, 0.5)
    bpy.ops.talkinghead.render_frames()
    assert talking.core("jobs.service").runner.state.text == "2 of 6 frames rendered, 4 reused"
    bpy.ops.talkinghead.render_frames()
    assert "none had to be rendered" in talking.core("jobs.service").runner.state.text


def test_sliders_without_keys_count_as_well(scene, saved_file, astronaut):
    strip = talking.animated(astronaut, length=2)
    strip.th_mouth_smile = 0.8
    bpy.ops.talkinghead.render_frames()
    assert not np.array_equal(talking.pixels(talking.frame_files(strip)[0]), talking.pixels(astronaut))


def test_range_of_the_scene_renders_its_frames_only(scene, source):
    scene.th_range_mode = "SCENE"
    scene.frame_start, scene.frame_end = 2, 4
    bpy.ops.talkinghead.render_frames()
    assert talking.core("jobs.service").runner.state.text == "3 of 3 frames rendered"


def test_frame_of_the_scene_stays(scene, source):
    scene.frame_set(3)
    bpy.ops.talkinghead.render_frames()
    assert scene.frame_current == 3


def test_cancel_keeps_frames_and_the_next_render_goes_on(long_source):
    runner = talking.start_render(long_source)
    talking.step_until(runner, lambda state: state.done >= 3)
    runner.cancel()
    state = talking.step_to_end(runner)
    assert state.phase.value == "cancelled"
    kept = talking.rendered_frames(folder_of(long_source))
    assert 3 <= len(kept) < 200
    assert state.text == f"Canceled with {len(kept)} of 200 frames finished, which are kept."
    state = talking.step_to_end(talking.start_render(long_source))
    assert state.phase.value == "done"
    rendered = state.text.split()[0]
    assert int(rendered) <= 200 - 3
    assert len(set(talking.frame_files(long_source))) == 200


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_killed_worker_is_told_and_the_next_render_goes_on(long_source):
    runner = talking.start_render(long_source)
    talking.step_until(runner, lambda state: state.done >= 3)
    os.kill(talking.core("worker.worker").client().pid, signal.SIGKILL)
    state = talking.step_to_end(runner, limit=100)
    assert state.error.code.value == "WORKER_DIED"
    assert "memory" in state.error.message
    assert len(talking.rendered_frames(folder_of(long_source))) >= 3
    state = talking.step_to_end(talking.start_render(long_source))
    assert state.phase.value == "done"
    assert int(state.text.split()[-2]) >= 3  # reused


def test_strips_deleted_meanwhile_leave_frames_and_a_notice(scene, long_source):
    runner = talking.start_render(long_source)
    talking.step_until(runner, lambda state: state.done >= 1)
    folder = folder_of(long_source)
    for strip in list(sequencer.strips(scene)):
        sequencer.strips(scene).remove(strip)
    state = talking.step_to_end(runner)
    assert state.phase.value == "done"
    assert "gone" in " ".join(state.warnings)
    assert str(folder) in " ".join(state.warnings)
    assert len(sequencer.all_strips(scene)) == 0
    assert len(talking.rendered_frames(folder)) >= 200


def test_strip_renamed_meanwhile_gets_its_frames(scene, long_source):
    runner = talking.start_render(long_source)
    talking.step_until(runner, lambda state: state.done >= 1)
    long_source.name = "Ärger 名前"
    state = talking.step_to_end(runner)
    assert (state.phase.value, state.warnings) == ("done", ())
    assert len(set(talking.frame_files(long_source))) == 200


def test_strips_moved_meanwhile_get_their_frames(scene, long_source):
    runner = talking.start_render(long_source)
    talking.step_until(runner, lambda state: state.done >= 1)
    compat = talking.core("compat")
    for strip in (long_source, talking.result_of(long_source)):
        compat.set_content_start(strip, compat.content_start(strip) + 10)
    assert talking.step_to_end(runner).phase.value == "done"
    assert len(set(talking.frame_files(long_source))) == 200


def test_another_file_opened_meanwhile_ends_the_job_and_stays_untouched(long_source):
    runner = talking.start_render(long_source)
    talking.step_until(runner, lambda state: state.done >= 1)
    request_count = len(talking.core("worker.worker").client()._requests)
    bpy.ops.wm.read_homefile(use_empty=True)
    assert request_count == 1
    assert not runner.running
    assert runner.state.phase.value == "cancelled"
    assert "another file" in runner.state.text
    assert [strip.name for scene in bpy.data.scenes for strip in sequencer.all_strips(scene)] == []


def test_disabling_the_extension_meanwhile_stops_the_worker(long_source):
    import installed_extension

    runner = talking.start_render(long_source)
    talking.step_until(runner, lambda state: state.done >= 1)
    process = talking.core("worker.worker").client()._connection.process
    installed_extension.disable()
    try:
        assert process.exit_code() is not None
        assert not runner.running
    finally:
        installed_extension.enable()


def test_second_job_is_refused_to_who_cannot_wait(long_source):
    runner = talking.start_render(long_source)
    talking.step_until(runner, lambda state: state.total > 0)
    with pytest.raises(RuntimeError, match="Another"):
        bpy.ops.talkinghead.render_frames()
    with pytest.raises(talking.shared("errors").TalkingHeadError, match="Another"):
        talking.start_render(long_source)
    assert bpy.ops.talkinghead.cancel() == {"FINISHED"}
    assert talking.step_to_end(runner).phase.value == "cancelled"


def test_no_strip_changes_while_blender_renders(long_source, monkeypatch):
    service = talking.core("jobs.service")
    runner = talking.start_render(long_source)
    talking.step_until(runner, lambda state: state.done >= 1)
    monkeypatch.setattr(service, "blender_renders", lambda: True)
    before = talking.frame_files(long_source)
    for _ in range(20):
        runner.step()
    assert runner.state.phase.value == "waiting"
    assert talking.frame_files(long_source) == before
    monkeypatch.undo()
    assert talking.step_to_end(runner).phase.value == "done"


def test_two_portraits_do_not_mix(scene, saved_file, astronaut, hopper):
    one = talking.animated(astronaut, "One", length=3)
    other = talking.animated(hopper, "Other", length=3, channel=3)
    for strip in (one, other):
        strip.th_mouth_smile = 0.5
        sequencer.select(strip)
        assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert not set(talking.frame_files(one)) & set(talking.frame_files(other))
    assert talking.pixels(talking.frame_files(other)[0]).shape[:2] == (600, 512)


def test_cut_out_hides_the_source_and_show_source_takes_it_back(scene, source):
    source.th_puppet_cut_out = True
    bpy.ops.talkinghead.render_frames()
    assert source.mute
    assert talking.pixels(talking.frame_files(source)[0])[-1, 0, 3] == 0  # top left: sky, not person
    sequencer.select(source)
    assert bpy.ops.talkinghead.show_source() == {"FINISHED"}
    assert not source.mute


def test_placed_points_animate_what_the_detector_refuses(scene, saved_file, tmp_path):
    import shutil

    import media

    path = Path(shutil.copy(media.cat(), tmp_path / "cat.png"))
    strip = sequencer.add_image(path, length=3)
    with pytest.raises(RuntimeError, match="No face was found"):
        bpy.ops.talkinghead.animate_portrait()
    assert strip.th_role == "NONE"
    assert bpy.ops.talkinghead.place_points() == {"FINISHED"}
    assert bpy.ops.talkinghead.animate_portrait() == {"FINISHED"}
    strip.th_mouth_smile = 0.8
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert not np.array_equal(talking.pixels(talking.frame_files(strip)[0]), talking.pixels(path))


def test_what_the_engine_warns_of_is_told(scene, saved_file, astronaut, tmp_path):
    small = tmp_path / "small.png"
    image = bpy.data.images.load(str(astronaut))
    image.scale(190, 190)
    image.save(filepath=str(small))
    source = talking.animated(small, length=2)
    source.th_mouth_smile = 0.5
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    warnings = talking.core("jobs.service").runner.state.warnings
    assert any("px wide between the eyes" in warning for warning in warnings), warnings


def test_many_warnings_are_shortened(addon):
    shortened = talking.core("jobs.jobs").shortened
    assert shortened(["a", "b", "c"]) == ("a", "b", "c")
    assert shortened([str(n) for n in range(10)]) == ("0", "1", "2", "7 more warnings are in the log.")


def test_trimmed_shot_as_seen(scene, saved_file, tmp_path):
    """It is rendered by Blender from its left handle on, and is not opened at what lies before that."""
    scene.render.resolution_x, scene.render.resolution_y = 176, 144
    shot = sequencer.add_movie(Path(shutil.copy(media.carphone(), tmp_path / "shot.mp4")))
    compat, length = talking.core("compat"), 16
    compat.set_right(shot, 1 + length)
    shot.th_as_seen, shot.th_face_picture = True, 6
    assert bpy.ops.talkinghead.animate_portrait() == {"FINISHED"}
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    whole = talking.frame_files(shot)
    for path in whole:
        path.unlink()
    shutil.rmtree(next(whole[0].parent.glob("rendered-*")))
    compat.set_left(shot, 7)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    trimmed = talking.frame_files(shot)[6:]  # the result goes on under its own left handle
    # A face is smoothed over three pictures before it; from there on nothing was trimmed that a frame is made of.
    assert trimmed[3:] == whole[9:]
    seen = sorted(trimmed[0].parent.glob("rendered-*/*.png"))
    assert [path.stem for path in seen] == [f"{picture:06d}" for picture in range(6, length)]
    for path, rendered in zip(trimmed, seen, strict=True):
        assert np.abs(talking.pixels(path).astype(int) - talking.pixels(rendered)).max() <= 1
