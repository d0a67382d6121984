# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs made from strips: ranges, folders, faces, ids and refusals."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import bpy
import numbered
import pytest
import rendered_jobs
import sequencer
from rendered_jobs import core, shared


@pytest.fixture
def portrait(scene, saved_file, astronaut):
    return sequencer.add_image(astronaut, start=10, length=20)


def prepare(scene, strip, range_mode="STRIP"):
    return core("jobs.builder").prepare(scene, strip, range_mode)


def test_a_whole_job(scene, portrait, astronaut, saved_file):
    portrait.th_puppet_background = "hold"
    portrait.th_head_roll = 7.5
    prepared = prepare(scene, portrait)
    job = prepared.job
    assert (job.name, job.engine, job.id) == ("Portrait", "puppet", portrait.th_id)
    assert job.settings == {"background": "hold", "cut_out": False, "spectacles": "auto"}
    assert job.source.files == (str(astronaut),)
    assert job.pictures == (0,) * 20
    assert job.performance.rate == Fraction(24)
    assert job.performance.pose(0)["head_roll"] == 7.5
    assert (prepared.scene, prepared.first_frame, prepared.content) == ("Scene", 10, (0, 20))
    assert prepared.folder == saved_file.parent / "talkinghead" / f"Portrait-{job.id[:8]}"
    assert not prepared.folder.exists()
    assert prepared.warnings == ()


def test_a_job_survives_json(scene, portrait, tmp_path):
    prepared = prepare(scene, portrait)
    jobs = shared("job")
    core("strips.folders").ensure(prepared.folder)
    path = jobs.job_path(prepared.folder, prepared.pair_id)
    jobs.save(prepared.job, path)
    loaded = jobs.load(path)
    assert loaded.source == prepared.job.source
    assert (loaded.performance.values == prepared.job.performance.values).all()


@pytest.mark.parametrize(
    "range_mode, use_preview, frames",
    [("STRIP", False, (10, 30)), ("SCENE", False, (10, 25)), ("PREVIEW", True, (20, 23)), ("PREVIEW", False, (10, 25))],
)
def test_ranges(scene, portrait, range_mode, use_preview, frames):
    scene.frame_start, scene.frame_end = 1, 24
    scene.use_preview_range = use_preview
    scene.frame_preview_start, scene.frame_preview_end = 20, 22
    scene.use_preview_range = use_preview
    prepared = prepare(scene, portrait, range_mode)
    first, end = frames
    assert (prepared.first_frame, len(prepared.job.performance)) == (first, end - first)
    assert prepared.content == (first - 10, end - 10)


def test_range_without_a_frame_changes_nothing(scene, portrait):
    scene.frame_start, scene.frame_end = 100, 200
    with pytest.raises(shared("errors").TalkingHeadError, match="no frame"):
        prepare(scene, portrait, "SCENE")
    assert (portrait.th_id, portrait.th_role, portrait.th_folder) == ("", "NONE", "")


def test_a_result_stands_for_its_source(scene, portrait):
    done = rendered_jobs.render(scene, portrait)
    prepared = prepare(scene, done.strip)
    assert (prepared.pair_id, prepared.job.name) == (portrait.th_id, "Portrait")
    assert prepared.job.source == done.prepared.job.source


def test_first_visible_picture_is_the_face_picture(scene, saved_file, tmp_path):
    strip = numbered.add_sequence(scene, numbered.sequence(tmp_path / "pictures", 20), start=1)
    strip.frame_final_start = 6
    assert prepare(scene, strip).job.face.picture == 5
    strip.th_face_picture, strip.th_face_index = 12, 2
    face = prepare(scene, strip).job.face
    assert (face.picture, face.index, face.points) == (12, 2, ())


def test_manual_points(scene, portrait):
    portrait.th_manual = True
    portrait.th_points = [i / 28 for i in range(28)]
    points = prepare(scene, portrait).job.face.points
    assert len(points) == 14
    assert points[3] == pytest.approx((6 / 28, 7 / 28))


def test_preview_frame_writes_nothing_on_the_strip(scene, portrait):
    prepared = core("jobs.builder").prepare_frame(scene, portrait, 15)
    assert (len(prepared.job.performance), prepared.first_frame) == (1, 15)
    assert (portrait.th_id, portrait.th_role, portrait.th_folder) == ("", "NONE", "")


def test_unsaved_file_warns_and_uses_a_temporary_folder(scene, astronaut):
    portrait = sequencer.add_image(astronaut)
    prepared = prepare(scene, portrait)
    assert Path(bpy.app.tempdir) in prepared.folder.parents
    (warning,) = prepared.warnings
    assert "temporary" in warning


def test_saving_moves_new_frames_beside_the_file(scene, astronaut, tmp_path):
    portrait = sequencer.add_image(astronaut)
    first = rendered_jobs.render(scene, portrait)
    pair = portrait.th_id
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    second = rendered_jobs.render(scene, portrait)
    assert portrait.th_id == pair
    assert second.result == first.result
    assert second.prepared.folder.parent == tmp_path / "talkinghead"
    assert second.prepared.warnings == ()
    assert all((second.prepared.folder / element.filename).is_file() for element in second.strip.elements)


def test_chosen_folder(scene, portrait, tmp_path):
    scene.th_output_folder = str(tmp_path / "my frames")
    prepared = prepare(scene, portrait)
    assert prepared.folder.parent == tmp_path / "my frames"
    scene.th_output_folder = "//beside"
    assert prepare(scene, portrait).folder.parent == tmp_path / "beside"


def test_chosen_folder_in_an_unsaved_file(scene, astronaut, tmp_path):
    scene.th_output_folder = str(tmp_path / "my frames")
    prepared = prepare(scene, sequencer.add_image(astronaut))
    assert prepared.folder.parent == tmp_path / "my frames"
    assert prepared.warnings == ()


def test_folder_is_kept_when_the_strip_is_renamed(scene, portrait):
    folder = rendered_jobs.render(scene, portrait).prepared.folder
    portrait.name = "Another Name"
    assert prepare(scene, portrait).folder == folder


@pytest.mark.parametrize(
    "name, safe",
    [("Face", "Face"), ('a/b\\c:d*e?f"g<h>i|j', "a_b_c_d_e_f_g_h_i_j"), ("  dots...", "dots"), ("肖像 é", "肖像 é"),
     ("CON", "strip_CON"), ("com1.png", "strip_com1.png"), ("...", "strip"), ("x" * 200, "x" * 60)],
)  # fmt: skip
def test_safe_names(addon, name, safe):
    assert core("strips.folders").safe_name(name) == safe


def test_folder_that_cannot_be_made(addon, tmp_path):
    (tmp_path / "a file").write_bytes(b"")
    with pytest.raises(shared("errors").TalkingHeadError) as caught:
        core("strips.folders").ensure(tmp_path / "a file" / "frames")
    assert caught.value.code is shared("errors").ErrorCode.OUTPUT_NOT_WRITABLE
    assert caught.value.action is shared("errors").Action.CHOOSE_FOLDER


def test_modifiers_that_the_result_lacks_are_mentioned(scene, portrait):
    if bpy.app.version[:2] == (5, 0):
        pytest.skip("modifiers.new crashes bpy 5.0.1 without a window")
    portrait.modifiers.new("Bright", "BRIGHT_CONTRAST")
    assert "As Seen" in prepare(scene, portrait).warnings[0]


def test_missing_file_changes_nothing(scene, portrait, astronaut):
    astronaut.unlink()
    with pytest.raises(shared("errors").TalkingHeadError) as caught:
        prepare(scene, portrait)
    assert caught.value.code is shared("errors").ErrorCode.SOURCE_MISSING
    assert (portrait.th_id, portrait.th_role, portrait.th_folder) == ("", "NONE", "")


def test_scene_is_as_before(scene, portrait):
    scene.frame_set(5, subframe=0.5)
    before = [scene.name for scene in bpy.data.scenes]
    prepare(scene, portrait)
    assert (scene.frame_current, scene.frame_subframe) == (5, 0.5)
    assert [scene.name for scene in bpy.data.scenes] == before
    assert bpy.context.window.scene == scene
