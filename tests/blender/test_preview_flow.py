# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live preview: when the worker is asked and for what, which pictures are kept, which strip is shown."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import sequencer
import talking
from preview_stand_in import PreviewStandIn


@pytest.fixture
def worker(addon, monkeypatch):
    talking.fresh_start()
    stand_in = PreviewStandIn()
    monkeypatch.setattr(talking.core("worker.worker"), "client", lambda: stand_in)
    yield stand_in
    preview().stop()
    monkeypatch.undo()
    talking.fresh_start()


@pytest.fixture
def source(scene, saved_file, astronaut):
    """A keyed portrait; its picture needs no worker that draws."""
    strip = sequencer.add_image(astronaut, length=24)
    strip.th_role = "SOURCE"
    talking.key(strip, "jaw_open", 1, 0.0)
    talking.key(strip, "jaw_open", 24, 1.0)
    scene.frame_set(1)
    return strip


def preview():
    return talking.core("preview.preview")


def live():
    return preview()._current


def shown(scene, source):
    """Which request's picture is shown, None for nothing."""
    picture = preview().picture_of(scene, source)
    return None if picture is None else int(picture.pixels[0, 0, 0])


def answered(worker):
    worker.begin()
    preview().watch()
    worker.finish()
    preview().watch()


def started(scene, source, worker):
    preview().start(scene, source)
    answered(worker)
    assert shown(scene, source) == 1


def make_slow():
    """The engine's last frame took long."""
    live().took_s["puppet"] = 5.0


def rested():
    """Nothing has changed for long enough."""
    live().changed_s = 0.0


def test_quick_engine_is_asked_at_once_and_only_the_newest_waits(scene, source, worker):
    started(scene, source, worker)
    for value in (0.1, 0.2, 0.3, 0.4):
        source.th_jaw_open = value
        preview().watch()
    assert len(worker.requests) == 2
    assert worker.slider() == 0.1
    answered(worker)
    assert len(worker.requests) == 3
    assert worker.slider() == 0.4
    assert shown(scene, source) == 2  # the newest that was drawn, while the next one is on its way
    answered(worker)
    assert shown(scene, source) == 3
    assert preview().settled()


def test_slow_engine_is_asked_once_the_sliders_rest(scene, source, worker):
    started(scene, source, worker)
    make_slow()
    for value in (0.1, 0.2):
        source.th_jaw_open = value
        preview().watch()
    assert len(worker.requests) == 1
    rested()
    preview().watch()
    assert len(worker.requests) == 2
    assert worker.slider() == 0.2


def test_slow_engine_finishes_what_it_has_begun_and_is_asked_for_the_newest_next(scene, source, worker):
    started(scene, source, worker)
    make_slow()
    for value in (0.1, 0.2):  # neither is begun: the second takes the first one's place
        source.th_jaw_open = value
        preview().watch()
        rested()
        preview().watch()
    assert len(worker.requests) == 3
    worker.begin()
    preview().watch()
    for value in (0.3, 0.4):
        source.th_jaw_open = value
        preview().watch()
        rested()
        preview().watch()
    assert len(worker.requests) == 3
    live().asked.begun_s -= 6.0
    worker.finish()
    preview().watch()
    assert shown(scene, source) == 3
    assert len(worker.requests) == 4
    assert worker.slider() == 0.4


def test_the_panel_tells_only_what_takes_long(scene, source, worker):
    started(scene, source, worker)
    source.th_jaw_open = 0.5
    preview().watch()
    worker.begin()
    preview().watch()
    assert preview().doing() == ""
    live().asked.asked_s -= 1.0
    preview().watch()
    assert preview().doing() == "Preview: drawing"
    live().asked.begun_s -= 6.0
    worker.finish()
    preview().watch()
    assert preview().doing() == ""
    source.th_jaw_open = 0.6
    rested()
    preview().watch()
    rested()
    preview().watch()
    worker.begin()
    live().asked.asked_s -= 1.0
    preview().watch()
    assert preview().doing() == "Preview: drawing, 6 s a frame"


def test_scrubbing_sets_no_frame_and_keeps_changes_without_a_key(scene, source, worker, monkeypatch):
    started(scene, source, worker)
    scene.frame_set(12)
    source.th_head_yaw = 7.0

    def refuse(*arguments):
        raise AssertionError("the job was made anew")

    monkeypatch.setattr(talking.core("jobs.builder"), "prepare_frame", refuse)
    monkeypatch.setattr(talking.core("strips.sampling"), "samples", refuse)
    frames = []
    bpy.app.handlers.frame_change_pre.append(lambda *_: frames.append(scene.frame_current))
    try:
        preview().watch()
        source.th_jaw_open = 0.9
        answered(worker)
    finally:
        bpy.app.handlers.frame_change_pre.pop()
    assert frames == []
    assert preview().error() is None
    assert worker.slider("head_yaw") == 7.0
    assert worker.slider() == 0.9
    assert source.th_jaw_open == pytest.approx(0.9)


def test_first_description_keeps_changes_without_a_key(scene, source, worker):
    scene.frame_set(12)
    source.th_jaw_open = 0.9
    preview().start(scene, source)
    assert worker.slider() == 0.9
    assert source.th_jaw_open == pytest.approx(0.9)


def test_picture_follows_the_frame_in_a_sequence(scene, saved_file, astronaut, hopper, worker, tmp_path):
    for number, picture in enumerate((astronaut, hopper, astronaut)):
        (tmp_path / f"{number}.png").write_bytes(picture.read_bytes())
    strip = sequencer.add_image(tmp_path / "0.png")
    for number in (1, 2):
        strip.elements.append(f"{number}.png")
    strip.frame_final_duration = 3
    strip.th_role = "SOURCE"
    started(scene, strip, worker)
    for frame, picture in ((2, 1), (3, 2)):
        scene.frame_set(frame)
        preview().watch()
        assert worker.jobs[-1].pictures == (picture,)
        answered(worker)


def test_kept_pictures_are_shown_without_asking(scene, source, worker):
    started(scene, source, worker)
    scene.frame_set(9)
    preview().watch()
    answered(worker)
    scene.frame_set(1)
    preview().watch()
    assert shown(scene, source) == 1
    assert preview().picture_of(scene, source).frame == 1
    scene.frame_set(9)
    preview().watch()
    assert shown(scene, source) == 2
    assert len(worker.requests) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda strip: setattr(strip, "th_head_yaw", 3.0),
        lambda strip: setattr(strip, "th_puppet_background", "hold"),
        lambda strip: setattr(strip, "th_face_index", 1),
        lambda strip: setattr(preview()._current, "max_size_px", 777),
    ],
)
def test_what_changes_the_picture_asks_again(scene, source, worker, change):
    started(scene, source, worker)
    change(source)
    preview().watch()
    assert len(worker.requests) == 2


def test_an_edited_file_is_drawn_anew(scene, source, astronaut, worker):
    started(scene, source, worker)
    scene.frame_set(2)
    preview().watch()
    answered(worker)
    astronaut.write_bytes(astronaut.read_bytes() + b" ")
    scene.frame_set(1)
    preview().watch()
    assert len(worker.requests) == 3


def test_playing_shows_kept_frames_as_the_frame_changes(scene, source, worker, monkeypatch):
    started(scene, source, worker)
    scene.frame_set(2)
    preview().watch()
    answered(worker)
    monkeypatch.setattr(talking.core("jobs.service"), "playing", lambda: True)
    for _ in range(2):
        for frame, request in ((1, 1), (2, 2)):
            scene.frame_set(frame)
            preview().changed(scene)  # Blender's handler, before the window is drawn
            assert shown(scene, source) == request
    assert len(worker.requests) == 2
    scene.frame_set(3)
    preview().changed(scene)
    assert len(worker.requests) == 3  # the engine is quick, so what is not kept is asked for
    make_slow()
    answered(worker)
    scene.frame_set(4)
    make_slow()
    preview().changed(scene)
    rested()
    preview().watch()
    assert len(worker.requests) == 3


def test_frames_that_a_job_steps_through_are_not_asked_for(scene, source, worker):
    started(scene, source, worker)
    seen = []

    def handler(stepped, *_):
        preview().changed(stepped)
        seen.append(stepped.frame_current)

    bpy.app.handlers.frame_change_post.append(handler)
    try:
        talking.core("strips.sampling").sample(scene, source, range(2, 8))
    finally:
        bpy.app.handlers.frame_change_post.remove(handler)
    assert seen[:6] == list(range(2, 8))
    assert len(worker.requests) == 1


def test_kept_pictures_are_bounded(addon):
    cache_module = talking.core("preview.preview_cache")
    cache = cache_module.PreviewCache(most_bytes=3 * 400)
    for number in range(5):
        cache.put(number, cache_module.Drawn(np.zeros((10, 10, 4), np.uint8), (10, 10), number))
        cache.get(0)
    assert [key for key in range(5) if cache.get(key)] == [0, 3, 4]
    assert cache.size_bytes == 3 * 400
    cache.put(9, cache_module.Drawn(np.zeros((100, 100, 4), np.uint8), (100, 100), 9))
    assert len(cache) == 1


def test_preview_goes_on_with_the_strip_that_is_selected(scene, source, hopper, worker):
    started(scene, source, worker)
    other = sequencer.add_image(hopper, name="Other", channel=3, length=24)
    preview().watch()
    assert preview().strip_name() == source.name  # it is not animated
    other.th_role = "SOURCE"
    preview().watch()
    assert preview().strip_name() == "Other"
    answered(worker)
    assert shown(scene, other) == 2
    assert shown(scene, source) is None
    sequencer.select(source)
    preview().watch()
    assert shown(scene, source) == 1  # kept
    assert len(worker.requests) == 2


def test_renamed_strip_stays_shown(scene, source, worker):
    started(scene, source, worker)
    source.name = "Anna"
    preview().watch()
    assert preview().strip_name() == "Anna"


def test_undo_asks_for_what_it_brings_back(scene, source, worker):
    bpy.ops.ed.undo_push(message="keyed")
    started(scene, source, worker)
    source.th_head_yaw = 9.0
    bpy.ops.ed.undo_push(message="turned")
    preview().watch()
    answered(worker)
    bpy.ops.ed.undo()
    scene = bpy.context.scene
    preview().watch()
    strip = sequencer.all_strips()[preview().strip_name()]
    assert strip.th_head_yaw == 0.0
    assert shown(scene, strip) == 1


def test_nothing_is_asked_while_blender_renders(scene, source, worker, monkeypatch):
    started(scene, source, worker)
    monkeypatch.setattr(talking.core("jobs.service"), "blender_renders", lambda: True)
    source.th_jaw_open = 0.6
    preview().watch()
    preview().changed(scene)
    assert len(worker.requests) == 1


def test_what_blender_renders_first_waits_for_rest(scene, source, worker, monkeypatch):
    rendered = []
    original = talking.core("preview.preview_job").describe
    monkeypatch.setattr(
        talking.core("preview.preview_job"), "describe", lambda *args: rendered.append(1) or original(*args)
    )
    source.th_as_seen = True
    started(scene, source, worker)
    for frame in (2, 3):
        scene.frame_set(frame)
        preview().changed(scene)
        preview().watch()
    assert len(rendered) == 1
    rested()
    preview().watch()
    rested()
    preview().watch()
    assert len(rendered) == 2
    assert len(worker.requests) == 2


def test_size_follows_the_zoom_when_that_changes_much(scene, source, worker, monkeypatch):
    view_size = talking.core("preview.view_size")
    started(scene, source, worker)
    for shown_px, asked_px in ((1200, None), (1400, 1400), (1100, None), (600, 600), (None, None)):
        monkeypatch.setattr(view_size, "size_px", lambda shown_px=shown_px: shown_px)
        before = len(worker.requests)
        rested()
        preview().watch()
        if asked_px is None:
            assert len(worker.requests) == before
        else:
            assert worker.sizes[-1] == asked_px
            answered(worker)
