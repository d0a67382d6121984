# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Matte strips: the frames' alpha as pictures, where the result lies, muted and usable as a mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import depths
import numbered
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
def source(scene, saved_file, astronaut) -> Any:
    """A cut-out portrait over 4 frames whose frames are rendered."""
    strip = talking.animated(astronaut, length=4)
    strip.th_puppet_cut_out = True
    talking.key(strip, "head_yaw", 1, 0.0)
    talking.key(strip, "head_yaw", 4, 8.0)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    return strip


def matte_of(source: Any) -> Any:
    (matte,) = talking.core("strips.lookup").mattes_of(talking.result_of(source))
    return matte


def matte_files(source: Any) -> list[Path]:
    matte = matte_of(source)
    return [Path(bpy.path.abspath(matte.directory)) / element.filename for element in matte.elements]


def place_of(strip: Any) -> tuple[int, int]:
    compat = talking.core("compat")
    return compat.left(strip), compat.right(strip)


def test_a_matte_shows_the_alpha_of_each_frame(scene, source, tmp_path):
    result = talking.result_of(source)
    result.transform.scale_x, result.transform.offset_y, result.use_flip_x = 0.5, 20.0, True
    assert bpy.ops.talkinghead.add_matte() == {"FINISHED"}
    matte = matte_of(source)
    assert (matte.th_role, matte.mute, matte.channel) == ("MATTE", True, 3)
    assert place_of(matte) == place_of(result)
    assert (matte.transform.scale_x, matte.transform.offset_y, matte.use_flip_x) == (0.5, 20.0, True)
    frames = talking.frame_files(source)
    assert [path.name for path in matte_files(source)] == [f"{path.stem}.matte.png" for path in frames]
    for path, frame in zip(matte_files(source), frames, strict=True):
        assert np.array_equal(talking.pixels(path)[..., 0], talking.pixels(frame)[..., 3])
    result.transform.scale_x, result.transform.offset_y, result.use_flip_x = 1.0, 0.0, False  # the matte follows
    matte.mute, result.mute = False, True
    seen = numbered.read(sequencer.render_frame(tmp_path / "seen.png", 2))
    assert np.abs(seen[..., 1] - numbered.read(frames[1])[..., 3]).max() <= 1.01 / 255


def test_the_sliders_of_the_source_show_with_the_matte_selected(scene, source):
    bpy.ops.talkinghead.add_matte()
    sequencer.select(matte_of(source))
    assert talking.core("properties").source_of_active(bpy.context) == source


def test_again_and_after_a_render_the_matte_is_brought_up_to_date(scene, source):
    bpy.ops.talkinghead.add_matte()
    before = matte_files(source)
    assert bpy.ops.talkinghead.add_matte() == {"FINISHED"}
    assert len(sequencer.all_strips()) == 3
    matte_of(source).mute = False
    talking.key(source, "head_yaw", 4, -8.0)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert matte_files(source)[0] == before[0] and matte_files(source)[3] != before[3]
    assert [path.name for path in matte_files(source)] == [
        f"{path.stem}.matte.png" for path in talking.frame_files(source)
    ]
    assert all(path.is_file() for path in matte_files(source))
    assert not matte_of(source).mute  # as the user left it


def test_the_matte_lies_where_the_result_lies(scene, source):
    bpy.ops.talkinghead.add_matte()
    follow, result = talking.core("strips.follow"), talking.result_of(source)
    follow.sync_all()
    compat = talking.core("compat")
    compat.set_content_start(source, 31)
    follow.sync_all()
    assert place_of(result) == place_of(matte_of(source)) == (31, 35)
    compat.set_right(result, 33)
    result.transform.offset_x = 40.0
    follow.sync_all()
    assert place_of(matte_of(source)) == (31, 33)
    assert matte_of(source).transform.offset_x == 40.0
    assert [element.filename for element in matte_of(source).elements][1] == (
        f"{Path(result.elements[1].filename).stem}.matte.png"
    )


def test_a_matte_that_was_cut_keeps_its_cut(scene, source):
    bpy.ops.talkinghead.add_matte()
    matte_of(source).split(frame=3, split_method="SOFT")
    talking.key(source, "head_yaw", 4, -8.0)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    mattes = talking.core("strips.lookup").mattes_of(talking.result_of(source))
    assert sorted(place_of(matte) for matte in mattes) == [(1, 3), (3, 5)]


def test_pairs_do_not_see_mattes(scene, source):
    bpy.ops.talkinghead.add_matte()
    lookup = talking.core("strips.lookup")
    assert lookup.results_of(source) == [talking.result_of(source)]
    assert {facts.role for facts in lookup.facts_of_scene(scene)} == {"SOURCE", "RESULT"}


def test_clean_up_keeps_mattes_in_use_and_deletes_others(scene, source):
    bpy.ops.talkinghead.add_matte()
    cleanup, files = talking.core("strips.cleanup"), matte_files(source)
    unused = {path.name for path in cleanup.unused_frames(cleanup.frame_folders()).files}
    assert not unused & {path.name for path in files}
    sequencer.strips().remove(matte_of(source))
    unused = {path.name for path in cleanup.unused_frames(cleanup.frame_folders()).files}
    assert {path.name for path in files} <= unused
    assert not unused & {path.name for path in talking.frame_files(source)}


def test_lost_mattes_never_leave_an_element_without_its_file(scene, source):
    bpy.ops.talkinghead.add_matte()
    for path in matte_files(source)[1:]:
        path.unlink()
    talking.core("strips.missing_frames").replace_missing(scene)
    assert all(path.is_file() for path in matte_files(source))


def test_opaque_frames_have_no_matte(scene, saved_file, astronaut):
    strip = talking.animated(astronaut, length=3)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    with pytest.raises(RuntimeError, match="Turn on Cut Out"):
        bpy.ops.talkinghead.add_matte()
    assert talking.core("strips.lookup").mattes_of(talking.result_of(strip)) == []
    assert len(sequencer.all_strips()) == 2


@pytest.mark.parametrize("depth", [16, 32])
def test_deep_frames_have_deep_mattes(scene, saved_file, astronaut, tmp_path, depth):
    portrait = numbered.read(astronaut)[..., :3].astype(np.float64)
    path = depths.write(tmp_path / f"deep.{'exr' if depth == 32 else 'png'}", portrait, depth)
    strip = talking.animated(path, length=2)
    strip.th_puppet_cut_out = True
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert bpy.ops.talkinghead.add_matte() == {"FINISHED"}
    (first, *_) = matte_files(strip)
    assert first.read_bytes()[24:26] == bytes((16, 0))  # PNG header: 16 bit, gray
    frame = talking.frame_files(strip)[0]
    alpha = depths.read_exr(frame)[..., 3] if depth == 32 else numbered.read(frame)[..., 3]
    assert np.abs(numbered.read(first)[..., 0] - alpha).max() < 1e-4


@pytest.mark.skipif(bpy.app.version[:2] == (5, 0), reason="making a strip modifier without a window ends Blender 5.0")
def test_a_muted_matte_masks_another_strip(scene, source, tmp_path):
    bpy.ops.talkinghead.add_matte()
    talking.result_of(source).mute = True
    color = np.array([40, 200, 90]) / 255
    plain = depths.write(tmp_path / "plain.png", np.broadcast_to(color, (512, 512, 3)), 8)
    masked = sequencer.add_image(plain, "Masked", channel=8, length=4)
    modifier = masked.modifiers.new("Mask", "MASK")
    modifier.input_mask_type, modifier.input_mask_strip = "STRIP", matte_of(source)
    seen = numbered.read(sequencer.render_frame(tmp_path / "seen.png", 3))
    alpha = numbered.read(talking.frame_files(source)[2])[..., 3]
    error = float(np.abs(seen[..., 3] - alpha).max() * 255)
    print(f"masked by a muted matte: alpha off by {error:.2f} of 255")
    assert error < 1.6
    assert np.abs(seen[alpha == 1][:, :3] - color).max() < 1.6 / 255
