# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strips that Blender must render first, and that nothing of the user's scene changes by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numbered
import numpy as np
import pytest
import rendered_jobs
import sequencer
from rendered_jobs import core, shared


@pytest.fixture
def small(scene, saved_file) -> Any:
    scene.render.resolution_x, scene.render.resolution_y = numbered.WIDTH, numbered.HEIGHT
    return scene


@pytest.fixture
def portrait(small, tmp_path) -> Any:
    path = numbered.write_png(tmp_path / "portrait.png", numbered.picture(170))
    return sequencer.add_image(path, start=10, length=6)


def prepare(scene, strip, range_mode="STRIP"):
    return core("jobs.builder").prepare(scene, strip, range_mode)


def pictures(prepared) -> list[int]:
    return [numbered.number_in(Path(prepared.job.source.files[index])) for index in prepared.job.pictures]


def make_meta(*strips) -> Any:
    sequencer.select(*strips)
    with sequencer.override():
        bpy.ops.sequencer.meta_make()
    return strips[0].parent_meta()


def new_effect(scene, kind, channel=1, **options) -> Any:
    extent = {"length": 6} if bpy.app.version >= (5, 0, 0) else {"frame_end": 16}
    return sequencer.strips(scene).new_effect(
        name=kind, type=kind, channel=channel, frame_start=10, **extent, **options
    )


def test_meta_strip(small, tmp_path):
    strip = numbered.add_sequence(small, numbered.sequence(tmp_path / "pictures", 6), start=10)
    meta = make_meta(strip)
    prepared = prepare(small, meta)
    assert prepared.baked
    assert prepared.job.source.kind.value == "sequence"
    assert pictures(prepared) == list(range(6))


def test_scene_strip(small, tmp_path):
    inner = bpy.data.scenes.new("Inner")
    inner.render.resolution_x, inner.render.resolution_y = numbered.WIDTH, numbered.HEIGHT
    inner.frame_start, inner.frame_end = 1, 6
    inner.view_settings.view_transform = "Standard"
    sequencer.make_editor(inner)
    numbered.add_sequence(inner, numbered.sequence(tmp_path / "pictures", 6), start=1)
    sequencer.make_editor(small)
    strip = sequencer.strips(small).new_scene(name="Scene", scene=inner, channel=1, frame_start=10)
    strip.scene_input = "SEQUENCER"
    assert pictures(prepare(small, strip)) == list(range(6))


def test_color_strip_gives_its_color(small):
    strip = new_effect(small, "COLOR")
    strip.color = (1.0, 0.0, 0.0)
    prepared = prepare(small, strip)
    pixels = numbered.read(Path(prepared.job.source.files[0]))
    np.testing.assert_allclose(pixels[10, 10], [1, 0, 0, 1], atol=1 / 255)


def test_effect_is_rendered_with_its_inputs(small, tmp_path):
    one = numbered.add_sequence(small, numbered.sequence(tmp_path / "one", 6), "One", 1, 10)
    two = numbered.add_sequence(small, numbered.sequence(tmp_path / "two", 6, first=64), "Two", 2, 10)
    names = ("input1", "input2") if bpy.app.version >= (4, 4, 0) else ("seq1", "seq2")
    strip = new_effect(small, "ADD", 3, **dict(zip(names, (one, two), strict=True)))
    assert pictures(prepare(small, strip)) == [64 + i for i in range(6)]


def test_as_seen_bakes_the_transform(small, portrait):
    portrait.th_as_seen = True
    portrait.transform.offset_x = 16
    prepared = prepare(small, portrait)
    expected = numbered.picture(170)[24, :, 0] > 127
    row = numbered.read(Path(prepared.job.source.files[0]))[24]
    assert (row[:16, 3] == 0).all()
    np.testing.assert_array_equal(row[16:, 0] > 0.5, expected[:-16])
    result = rendered_jobs.run(prepared).strip
    assert result.transform.offset_x == 0


def test_animated_transform_is_seen(small, portrait):
    portrait.th_as_seen = True
    for frame, offset in ((10, 0), (15, 40)):
        portrait.transform.offset_x = offset
        portrait.transform.keyframe_insert("offset_x", frame=frame)
    prepared = prepare(small, portrait)
    alpha = [numbered.read(Path(prepared.job.source.files[index]))[24, :, 3] for index in prepared.job.pictures]
    first_seen = [int(np.argmax(row > 0.5)) for row in alpha]
    assert (first_seen[0], first_seen[-1]) == (0, 40), first_seen
    assert first_seen == sorted(first_seen)


def test_other_strips_do_not_show(small, portrait, tmp_path):
    over = numbered.write_png(tmp_path / "over.png", numbered.picture(1))
    sequencer.add_image(over, "Above", channel=5, start=1, length=50)
    sequencer.add_image(over, "Below", channel=2, start=1, length=50)
    portrait.channel = 3
    portrait.th_as_seen = True
    portrait.mute = True
    assert pictures(prepare(small, portrait)) == [170] * 6
    assert portrait.mute


def test_movie_with_several_speeds_keeps_its_own_pixels(small, tmp_path):
    movie = numbered.movie(tmp_path / "movie.mp4", 20)
    small.render.resolution_x = small.render.resolution_y = 200
    strip = sequencer.add_movie(movie, start=10)
    with sequencer.override():
        bpy.ops.sequencer.retiming_key_add("EXEC_DEFAULT", timeline_frame=20)
    strip.transform.scale_x = strip.transform.offset_y = 3.0
    strip.crop.min_x = 9
    prepared = prepare(small, strip)
    assert not prepared.baked
    assert numbered.read(Path(prepared.job.source.files[0])).shape[:2] == (numbered.HEIGHT, numbered.WIDTH)
    assert pictures(prepared)[:10] == list(range(10))
    assert strip.transform.scale_x == 3.0


def test_the_same_pixels_give_the_same_bytes(small, portrait):
    portrait.th_as_seen = True
    files = [Path(name) for name in prepare(small, portrait).job.source.files]
    before = [path.read_bytes() for path in files]
    prepare(small, portrait)
    assert [path.read_bytes() for path in files] == before


def test_part_of_the_range_keeps_picture_numbers(small, portrait):
    portrait.th_as_seen = True
    whole = prepare(small, portrait)
    small.frame_start, small.frame_end = 12, 13
    part = prepare(small, portrait, "SCENE")
    assert part.job.pictures == whole.job.pictures[2:4]
    assert part.job.source == whole.job.source


def there(prepared) -> list[int]:
    """The pictures of a job that were rendered."""
    return [index for index, name in enumerate(prepared.job.source.files) if Path(name).is_file()]


def test_only_the_needed_frames_and_the_face_are_rendered(small, portrait):
    portrait.th_as_seen = True
    core("compat").set_right(portrait, 30)
    small.frame_start, small.frame_end = 20, 20
    prepared = prepare(small, portrait, "SCENE")
    # The engine looks at three pictures before and after each one.
    assert there(prepared) == [0, *range(7, 14)]
    assert prepared.job.face.picture == 0


def test_a_preview_needs_its_own_picture_and_the_face(small, portrait):
    portrait.th_as_seen = True
    core("compat").set_right(portrait, 30)
    assert there(core("jobs.builder").prepare_frame(small, portrait, 20)) == [0, 10]


def test_trimmed_start_keeps_picture_numbers_and_renders_nothing_before_it(small, tmp_path):
    shot = sequencer.add_movie(numbered.movie(tmp_path / "movie.mp4", 20), start=10)
    shot.th_as_seen = True
    core("compat").set_left(shot, 16)
    prepared = prepare(small, shot)
    assert prepared.job.pictures == tuple(range(6, 20)) == tuple(there(prepared)) == tuple(pictures(prepared))
    assert prepared.job.face.picture == 6


@pytest.mark.parametrize("face", [2, 19])
def test_face_on_a_picture_that_is_trimmed_away(small, tmp_path, face):
    shot = sequencer.add_movie(numbered.movie(tmp_path / "movie.mp4", 20), start=10)
    shot.th_as_seen, shot.th_face_picture = True, face
    core("compat").set_left(shot, 16)
    core("compat").set_right(shot, 24)
    assert pictures(prepare(small, shot)) == list(range(6, 14))


def state(scene) -> tuple:
    render, view = scene.render, scene.view_settings
    return (
        [other.name for other in bpy.data.scenes], bpy.context.window.scene.name, render.filepath,
        render.resolution_x, render.resolution_y, render.film_transparent, render.use_stamp_date,
        render.image_settings.file_format, view.view_transform, scene.frame_current,
        [(strip.name, strip.mute, strip.blend_alpha) for strip in core("compat").all_strips(scene)],
        len(bpy.data.actions),
    )  # fmt: skip


def test_nothing_of_the_scene_changes(small, portrait):
    portrait.th_as_seen = True
    small.view_settings.view_transform = "AgX"
    small.render.filepath = "//my output"
    portrait.keyframe_insert("th_head_yaw", frame=10)
    before = state(small)
    prepare(small, portrait)
    assert state(small) == before


def test_the_scene_is_put_back_after_a_failure(small, portrait, monkeypatch):
    portrait.th_as_seen = True
    before = state(small)

    def fail(*_arguments):
        raise OSError("disk full")

    monkeypatch.setattr(core("strips.prerender").os, "replace", fail)
    with pytest.raises(shared("errors").TalkingHeadError) as caught:
        prepare(small, portrait)
    assert caught.value.code is shared("errors").ErrorCode.SOURCE_UNREADABLE
    monkeypatch.undo()
    assert state(small) == before


def test_rendering_uses_the_standard_view(small, portrait):
    small.view_settings.view_transform, small.view_settings.exposure = "AgX", 2.0
    strip = new_effect(small, "COLOR", 4)
    strip.color = (1.0, 0.0, 0.0)
    pixels = numbered.read(Path(prepare(small, strip).job.source.files[0]))
    np.testing.assert_allclose(pixels[10, 10], [1, 0, 0, 1], atol=1 / 255)


def test_preview_frame_leaves_the_frames_folder_alone(small, portrait, saved_file):
    portrait.th_as_seen = True
    prepared = core("jobs.builder").prepare_frame(small, portrait, 12)
    assert numbered.number_in(Path(prepared.job.source.files[prepared.job.pictures[0]])) == 170
    assert not (saved_file.parent / "talkinghead").exists()
