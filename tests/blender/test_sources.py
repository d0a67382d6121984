# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which picture a strip shows at which frame, against what Blender renders: the pictures carry their number."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numbered
import pytest
import sequencer

COUNT = 40


@pytest.fixture
def sources(addon) -> Any:
    return importlib.import_module(f"{addon.__name__}.blender_talkinghead.strips.sources")


@pytest.fixture
def errors(addon) -> Any:
    return importlib.import_module(f"{addon.__name__}.inference.errors")


@pytest.fixture(scope="module")
def media_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("numbered media")


@pytest.fixture
def movie_24(media_folder, scene) -> Path:
    return _movie_once(media_folder / "24.mp4", 24, 1.0)


@pytest.fixture
def movie_ntsc(media_folder, scene) -> Path:
    return _movie_once(media_folder / "29_97.mp4", 30, 1.001)


def _movie_once(path: Path, fps: int, fps_base: float) -> Path:
    return path if path.is_file() else numbered.movie(path, COUNT, fps, fps_base)


def _set_speed(strip: Any, percent: float) -> None:
    with sequencer.override():
        sequencer.select(strip)
        bpy.ops.sequencer.retiming_segment_speed_set("EXEC_DEFAULT", speed=percent)


def _rendered(scene: Any, strip: Any, folder: Path) -> list[int]:
    numbers = []
    for frame in range(strip.frame_final_start, strip.frame_final_end):
        strip.invalidate_cache("RAW")  # 5.2 reuses the picture of another frame of a slowed strip
        numbers += numbered.shown_numbers(scene, range(frame, frame + 1), folder)
    return numbers


def _assert_same_as_rendered(sources: Any, scene: Any, strip: Any, folder: Path) -> Any:
    assert sources.rendering_of(scene, strip) is sources.Rendering.NONE
    described = sources.describe(scene, strip)
    frames = range(strip.frame_final_start, strip.frame_final_end)
    pictures = [described.picture_at(frame) for frame in frames]
    assert pictures == _rendered(scene, strip, folder)
    return described


EDITS: dict[str, Callable[[Any], None]] = {
    "as it is": lambda strip: None,
    "trimmed": lambda strip: (setattr(strip, "frame_final_start", 9), setattr(strip, "frame_final_end", 31)),
    "held beyond its ends": lambda strip: (
        setattr(strip, "frame_final_start", 1),
        setattr(strip, "frame_final_end", 50),
    ),
    "trimmed for good": lambda strip: (
        setattr(strip, "animation_offset_start", 7),
        setattr(strip, "animation_offset_end", 4),
    ),
    "reversed": lambda strip: setattr(strip, "use_reverse_frames", True),
    "reversed and trimmed": lambda strip: (
        setattr(strip, "use_reverse_frames", True),
        setattr(strip, "frame_final_start", 12),
        setattr(strip, "animation_offset_start", 3),
    ),
    "strobe": lambda strip: setattr(strip, "strobe", 3.0),
    "moved": lambda strip: setattr(strip, "frame_start", 40),
}


@pytest.mark.parametrize("edit", EDITS)
def test_movie_shows_the_pictures_that_blender_renders(sources, scene, movie_24, tmp_path, edit):
    strip = sequencer.add_movie(movie_24, start=5)
    EDITS[edit](strip)
    described = _assert_same_as_rendered(sources, scene, strip, tmp_path)
    assert described.source.kind.value == "movie"
    assert described.source.files == (str(movie_24),)


@pytest.mark.parametrize("edit", EDITS)
def test_image_sequence_shows_the_pictures_that_blender_renders(sources, scene, tmp_path, edit):
    files = numbered.sequence(tmp_path / "pictures", COUNT)
    strip = numbered.add_sequence(scene, files, start=5)
    EDITS[edit](strip)
    described = _assert_same_as_rendered(sources, scene, strip, tmp_path)
    assert described.source.kind.value == "sequence"
    assert described.source.files == tuple(str(path) for path in files)


@pytest.mark.parametrize("edit", ["as it is", "trimmed", "reversed", "held beyond its ends"])
def test_ntsc_movie_at_its_own_speed_in_a_24_fps_scene(sources, scene, movie_ntsc, tmp_path, edit):
    strip = sequencer.add_movie_at_own_speed(movie_ntsc)
    assert scene.render.fps == 24
    assert strip.frame_final_duration == int(COUNT * 24 * 1001 / 30000)
    EDITS[edit](strip)
    described = _assert_same_as_rendered(sources, scene, strip, tmp_path)
    assert len(set(described.pictures)) < COUNT  # pictures are skipped


def test_ntsc_movie_one_picture_a_frame_in_a_24_fps_scene(sources, scene, movie_ntsc, tmp_path):
    strip = sequencer.add_movie(movie_ntsc, start=5)
    described = _assert_same_as_rendered(sources, scene, strip, tmp_path)
    assert described.pictures == tuple(range(COUNT))


def test_slower_movie_in_a_faster_scene(sources, scene, movie_24, tmp_path):
    scene.render.fps, scene.render.fps_base = 60, 1.001
    strip = sequencer.add_movie_at_own_speed(movie_24)
    _assert_same_as_rendered(sources, scene, strip, tmp_path)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("percent", [50.0, 75.0, 130.0])
def test_movie_with_another_speed(sources, scene, movie_24, tmp_path, percent, reverse):
    strip = sequencer.add_movie(movie_24, start=5)
    _set_speed(strip, percent)
    strip.use_reverse_frames = reverse
    assert strip.frame_final_duration != COUNT
    _assert_same_as_rendered(sources, scene, strip, tmp_path)


def test_movie_with_another_speed_among_other_strips(sources, scene, movie_24, astronaut, tmp_path):
    sequencer.add_image(astronaut, channel=2).mute = True
    strip = sequencer.add_movie(movie_24, start=21)
    _set_speed(strip, 75.0)
    _assert_same_as_rendered(sources, scene, strip, tmp_path)


def test_sequence_with_another_speed(sources, scene, tmp_path):
    strip = numbered.add_sequence(scene, numbered.sequence(tmp_path / "pictures", COUNT), start=5)
    _set_speed(strip, 70.0)
    assert strip.frame_final_duration > COUNT
    _assert_same_as_rendered(sources, scene, strip, tmp_path)


def test_movie_with_several_speeds_must_be_rendered(sources, scene, movie_24):
    strip = sequencer.add_movie(movie_24, start=5)
    with sequencer.override():
        sequencer.select(strip)
        bpy.ops.sequencer.retiming_key_add("EXEC_DEFAULT", timeline_frame=20)
    assert len(strip.retiming_keys) == 3
    assert sources.rendering_of(scene, strip) is sources.Rendering.PLAIN


def test_image(sources, scene, astronaut):
    strip = sequencer.add_image(astronaut, start=10, length=30)
    described = sources.describe(scene, strip)
    assert (described.source.kind.value, described.source.files) == ("image", (str(astronaut),))
    assert described.pictures == (0,) * 30


def test_relative_paths_and_names_of_any_script(sources, scene, saved_file, tmp_path):
    folder = tmp_path / "портрет 肖像"
    files = numbered.sequence(folder, 3, stem="bild ")
    strip = numbered.add_sequence(scene, files)
    strip.directory = bpy.path.relpath(str(folder)) + "/"
    assert strip.directory.startswith("//")
    assert sources.describe(scene, strip).source.files == tuple(str(path) for path in files)


def test_a_picture_that_stands_twice_in_a_sequence_is_one(sources, scene, tmp_path):
    files = numbered.sequence(tmp_path / "pictures", 3)
    strip = numbered.add_sequence(scene, [files[0], files[1], files[0], files[2]])
    described = sources.describe(scene, strip)
    assert described.pictures == (0, 1, 0, 2)
    assert described.source.files == tuple(str(path) for path in files)


def test_outside_of_the_strip_the_nearest_picture_counts(sources, scene, movie_24):
    strip = sequencer.add_movie(movie_24, start=5)
    strip.frame_final_start = 15
    described = sources.describe(scene, strip)
    assert described.picture_at(1) == 10
    assert described.picture_at(1000) == COUNT - 1


def test_counting_the_pictures_of_a_movie_leaves_nothing_behind(sources, scene, movie_24):
    scenes = list(bpy.data.scenes)
    assert sources.media_pictures(movie_24) == COUNT
    assert list(bpy.data.scenes) == scenes


@pytest.mark.parametrize("kind", ["image", "sequence", "movie"])
def test_missing_file(sources, errors, scene, tmp_path, movie_24, kind):
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(movie_24.read_bytes())
    files = numbered.sequence(tmp_path / "pictures", 4)
    if kind == "movie":
        strip = sequencer.add_movie(copy)
    else:
        strip = numbered.add_sequence(scene, files[:1] if kind == "image" else files)
    copy.unlink()
    files[0].unlink()
    with pytest.raises(errors.TalkingHeadError) as caught:
        sources.describe(scene, strip)
    assert caught.value.code is errors.ErrorCode.SOURCE_MISSING
    assert strip.name in caught.value.message


def test_strip_without_a_picture_is_refused(sources, errors, scene):
    adjustment = _effect(scene, "ADJUSTMENT")
    with pytest.raises(errors.TalkingHeadError) as caught:
        sources.rendering_of(scene, adjustment)
    assert caught.value.code is errors.ErrorCode.UNSUPPORTED_INPUT


@pytest.mark.parametrize("kind", ["TEXT", "COLOR"])
def test_generators_are_rendered_as_seen(sources, scene, kind):
    assert sources.rendering_of(scene, _effect(scene, kind)) is sources.Rendering.AS_SEEN


def test_image_is_rendered_when_the_user_asks(sources, scene, astronaut):
    strip = sequencer.add_image(astronaut)
    strip.th_as_seen = True
    assert sources.rendering_of(scene, strip) is sources.Rendering.AS_SEEN


def _effect(scene: Any, kind: str) -> Any:
    extent = {"length": 24} if bpy.app.version >= (5, 0, 0) else {"frame_end": 25}
    return sequencer.strips(scene).new_effect(name=kind, type=kind, channel=3, frame_start=1, **extent)
