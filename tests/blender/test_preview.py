# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preview Frame: what the worker sends, when it is asked again, and what it leaves alone."""

from __future__ import annotations

import time

import bpy
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
    return talking.animated(astronaut, length=10)


def preview():
    return talking.core("preview.preview")


def beat_until_fresh(limit: int = 400):
    """Let the timer's beats pass until the newest preview has arrived."""
    for _ in range(limit):
        preview().watch()
        if preview().settled():
            return preview().picture_of(bpy.context.scene, sequencer.all_strips()[preview().strip_name()])
        time.sleep(0.01)
    raise AssertionError("the preview never came")


def test_rest_shows_the_source_pixels(scene, source, astronaut):
    scene.frame_set(3)
    assert bpy.ops.talkinghead.preview_frame() == {"FINISHED"}
    picture = preview().picture_of(scene, source)
    assert picture.size == (512, 512)
    assert picture.frame == 3
    assert np.array_equal(picture.pixels[::-1], talking.pixels(astronaut))


def test_slider_change_is_shown(scene, source):
    bpy.ops.talkinghead.preview_frame()
    before = preview().picture_of(scene, source)
    source.th_jaw_open = 0.8
    after = beat_until_fresh()
    assert after.number != before.number
    assert not np.array_equal(after.pixels, before.pixels)


def test_change_without_a_key_is_shown_and_stays(scene, source):
    talking.key(source, "jaw_open", 1, 0.0)
    talking.key(source, "jaw_open", 10, 1.0)
    scene.frame_set(1)
    bpy.ops.talkinghead.preview_frame()
    before = preview().picture_of(scene, source)
    source.th_jaw_open = 0.7
    after = beat_until_fresh()
    assert not np.array_equal(after.pixels, before.pixels)
    assert source.th_jaw_open == pytest.approx(0.7)


def test_starting_keeps_a_change_without_a_key(scene, source):
    talking.key(source, "jaw_open", 1, 0.0)
    talking.key(source, "jaw_open", 10, 1.0)
    scene.frame_set(1)
    source.th_jaw_open = 0.7
    bpy.ops.talkinghead.preview_frame()
    assert source.th_jaw_open == pytest.approx(0.7)


def test_other_frame_hides_it_and_asks_again(scene, source):
    bpy.ops.talkinghead.preview_frame()
    scene.frame_set(5)
    assert preview().picture_of(scene, source) is None
    assert beat_until_fresh().frame == 5
    scene.frame_set(11)  # behind the strip's end
    assert beat_until_fresh() is None


def test_setting_asks_again(scene, source):
    source.th_jaw_open = 0.5
    bpy.ops.talkinghead.preview_frame()
    number = preview().picture_of(scene, source).number
    source.th_puppet_background = "hold"
    assert beat_until_fresh().number != number


def test_failure_is_told_once_until_something_changes(scene, source, monkeypatch):
    bpy.ops.talkinghead.preview_frame()
    errors, calls = talking.shared("errors"), []

    def fail(*strip):
        calls.append(strip)
        raise errors.TalkingHeadError(errors.ErrorCode.SOURCE_MISSING, "It is gone.")

    monkeypatch.setattr(talking.core("strips.sources"), "describe", fail)
    source.th_puppet_background = "hold"
    for _ in range(5):
        assert preview().watch()
    assert len(calls) == 1
    assert preview().error().message == "It is gone."
    monkeypatch.undo()
    source.th_jaw_open = 0.5
    assert beat_until_fresh() is not None
    assert preview().error() is None


def test_failure_is_tried_again_after_a_job_that_may_mend_it(scene, source, monkeypatch):
    bpy.ops.talkinghead.preview_frame()
    errors, runner = talking.shared("errors"), talking.core("jobs.service").runner
    preview()._current.error = errors.TalkingHeadError(errors.ErrorCode.WEIGHTS_MISSING, "The models are missing.")
    preview().watch()
    assert preview().error() is not None
    states = talking.core("jobs.runner")
    runner.start("Get Models", lambda control: iter([states.JobState("Get Models", states.Phase.DONE)]))
    while runner.running:
        runner.step()
    assert beat_until_fresh() is not None
    assert preview().error() is None


def test_stop_and_another_file_end_it(scene, source):
    bpy.ops.talkinghead.preview_frame()
    assert bpy.ops.talkinghead.stop_preview() == {"FINISHED"}
    assert not preview().active()
    bpy.ops.talkinghead.preview_frame()
    bpy.ops.wm.read_homefile(use_empty=True)
    assert not preview().active()


def test_deleted_strip_shows_nothing_until_another_one_is_selected(scene, source, hopper):
    bpy.ops.talkinghead.preview_frame()
    sequencer.strips().remove(source)
    preview().watch()
    assert not preview().waiting()
    assert preview().active()
    other = talking.animated(hopper, name="Other", channel=5)
    assert beat_until_fresh().size == (512, 600)
    assert preview().strip_name() == other.name


def test_it_is_taken_between_two_frames_of_a_job(scene, source):
    talking.key(source, "jaw_open", 1, 0.0)
    talking.key(source, "jaw_open", 10, 1.0)
    runner = talking.start_render(source)
    talking.step_until(runner, lambda state: state.total > 0)
    bpy.ops.talkinghead.preview_frame()
    assert preview().picture_of(scene, source) is not None
    assert talking.step_to_end(runner).phase.value == "done"


def test_nothing_changes_in_the_scene(scene, source):
    before = talking.snapshot(scene)
    bpy.ops.talkinghead.preview_frame()
    assert talking.snapshot(scene) == before


def test_placement_follows_the_transform_of_the_strip(scene, source):
    overlay = talking.core("preview.overlay")
    source.transform.scale_x = source.transform.scale_y = 0.5
    source.transform.offset_x = 100
    placement = overlay.placement_of(scene, source, source, (512, 512))
    assert placement.corners()[0] == pytest.approx((100 - 128, 128))
    source.th_as_seen = True
    assert overlay.placement_of(scene, source, source, (512, 512)).corners()[0] == (-256, 256)


def test_overlay_matches_what_the_sequencer_renders(scene, source, tmp_path):
    """The corner of the picture must be where the render puts it, so that points are clicked where they are seen."""
    transform = source.transform
    transform.scale_x, transform.scale_y = 0.4, 0.3
    transform.offset_x, transform.offset_y = 40.0, -25.0
    transform.rotation = 0.5
    transform.origin = (0.3, 0.8)
    sequencer.strips().remove(talking.result_of(source))
    rendered = talking.pixels(sequencer.render_frame(tmp_path / "seen.png", 1))[..., 3] > 127
    rows, columns = np.nonzero(rendered)
    corners = talking.core("preview.overlay").placement_of(scene, source, source, (512, 512)).corners()
    xs, ys = [x + 256 for x, _ in corners], [y + 256 for _, y in corners]
    assert (columns.min(), columns.max()) == pytest.approx((min(xs), max(xs)), abs=2)
    assert (rows.min(), rows.max()) == pytest.approx((min(ys), max(ys)), abs=2)
