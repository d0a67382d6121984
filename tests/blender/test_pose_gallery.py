# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gallery of poses: the user's own files, what is selected, thumbnails."""

from __future__ import annotations

import json
import shutil
import types
from pathlib import Path

import bpy
import installed_extension
import numpy as np
import pose_session
import pytest
import recording_layout
import sequencer
import talking
from pose_session import pictures_folder, supplied


@pytest.fixture(autouse=True)
def clean(addon, monkeypatch):
    pose_session.start(monkeypatch)
    yield
    talking.fresh_start()


@pytest.fixture
def portrait(scene, astronaut):
    return sequencer.add_image(astronaut)


def own_file(name: str, text: str | None = None, **controls: float) -> Path:
    folder = talking.core("poses.pose_library").folder()
    folder.mkdir(parents=True, exist_ok=True)
    data = {"format": "talkinghead-pose", "version": 1, "name": name, "controls": controls}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(data) if text is None else text, encoding="utf-8")
    talking.core("poses.pose_library").reread()
    return path


def test_save_select_and_apply_an_own_pose(portrait):
    portrait.th_jaw_open, portrait.th_head_yaw = 0.5, 20.0
    assert bpy.ops.talkinghead.save_pose(name="Größe: 1/2", groups={"mouth"}) == {"FINISHED"}
    files = list(talking.core("poses.pose_library").folder().iterdir())
    assert len(files) == 1
    assert json.loads(files[0].read_text(encoding="utf-8"))["name"] == "Größe: 1/2"
    assert talking.core("poses.pose_gallery").selected() == f"MINE:{files[0].stem}"
    portrait.th_jaw_open = portrait.th_head_yaw = 0.0
    bpy.ops.talkinghead.apply_pose()
    assert portrait.th_jaw_open == pytest.approx(0.5)
    assert portrait.th_head_yaw == 0.0


def test_save_replaces_only_when_asked(portrait):
    bpy.ops.talkinghead.save_pose(name="Grin")
    portrait.th_jaw_open = 1.0
    with pytest.raises(RuntimeError, match="already"):
        bpy.ops.talkinghead.save_pose(name="grin")
    assert bpy.ops.talkinghead.save_pose(name="Grin", replace=True) == {"FINISHED"}
    (entry,) = talking.core("poses.poses").entries("MINE")
    assert entry.pose.values["jaw_open"] == 1.0


@pytest.mark.parametrize("name", ["", "  ", "a\nb"])
def test_unusable_names_are_refused(portrait, name):
    with pytest.raises(RuntimeError, match="no usable name"):
        bpy.ops.talkinghead.save_pose(name=name)
    assert talking.core("poses.poses").entries("MINE") == ()


def test_rename_and_delete(portrait):
    own_file("Other", jaw_open=0.2)
    bpy.ops.talkinghead.save_pose(name="Grin")
    assert bpy.ops.talkinghead.rename_pose(name="Great Grin") == {"FINISHED"}
    assert [entry.pose.name for entry in talking.core("poses.poses").entries("MINE")] == ["Great Grin", "Other"]
    with pytest.raises(RuntimeError, match="already"):
        bpy.ops.talkinghead.rename_pose(name="other")
    assert bpy.ops.talkinghead.delete_pose() == {"FINISHED"}
    assert [entry.pose.name for entry in talking.core("poses.poses").entries("MINE")] == ["Other"]
    assert [path.name for path in talking.core("poses.pose_library").folder().iterdir()] == ["Other.json"]


def test_supplied_poses_cannot_be_renamed_or_deleted(portrait):
    assert not bpy.ops.talkinghead.rename_pose.poll()
    assert not bpy.ops.talkinghead.delete_pose.poll()


def test_import_of_one_several_and_bad_files(portrait, tmp_path):
    good = own_file("Grin", jaw_open=0.4)
    shared = shutil.move(good, tmp_path / "from a friend.json")
    talking.core("poses.pose_library").reread()
    assert bpy.ops.talkinghead.import_poses(filepath=str(shared)) == {"FINISHED"}
    assert bpy.ops.talkinghead.import_poses(filepath=str(shared)) == {"FINISHED"}  # the same: nothing new
    assert [entry.pose.name for entry in talking.core("poses.poses").entries("MINE")] == ["Grin"]
    other = tmp_path / "other.json"
    other.write_text(Path(shared).read_text().replace("0.4", "0.9"))
    bad = tmp_path / "bad.json"
    bad.write_text("{}")
    names = [{"name": "other.json"}, {"name": "bad.json"}]
    with pytest.raises(RuntimeError, match=r"bad\.json: This is not a Talking Head pose"):
        bpy.ops.talkinghead.import_poses(directory=str(tmp_path), files=names)
    assert [entry.pose.name for entry in talking.core("poses.poses").entries("MINE")] == ["Grin", "Grin 2"]


def test_dropped_files_are_imported(portrait, tmp_path):
    shutil.move(own_file("Grin", jaw_open=0.4), tmp_path / "grin.json")
    talking.core("poses.pose_library").reread()
    assert bpy.ops.talkinghead.import_poses(directory=f"{tmp_path}/", files=[{"name": "grin.json"}]) == {"FINISHED"}
    assert [entry.pose.name for entry in talking.core("poses.poses").entries("MINE")] == ["Grin"]
    assert bpy.types.TALKINGHEAD_FH_pose.bl_file_extensions == ".json"


def test_bad_files_are_listed_with_their_reason(scene, saved_file, astronaut):
    talking.animated(astronaut, length=2)
    own_file("Good", jaw_open=0.1)
    own_file("broken", text="{")
    own_file("wrong", jaw_open=7)
    own_file("large", text=" " * 200_000)
    own_file("latin", text=None)
    (talking.core("poses.pose_library").folder() / "latin.json").write_bytes(b"\xff\xfe\xfa")
    bpy.context.window_manager.th_pose_set = "MINE"
    assert [entry.pose.name for entry in talking.core("poses.poses").entries("MINE")] == ["Good"]
    text = recording_layout.draw(bpy.types.TALKINGHEAD_PT_poses).text
    assert "broken.json: This is not a Talking Head pose." in text
    assert "And 1 more" in text
    reasons = {file.name: file.reason for file in talking.core("poses.pose_library").library().bad}
    assert "outside its range" in reasons["wrong.json"]
    assert "cannot be read" in reasons["large.json"]
    assert "cannot be read" in reasons["latin.json"]


def test_folder_that_cannot_be_written_is_told(portrait):
    folder = talking.core("poses.pose_library").folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("")
    try:
        with pytest.raises(RuntimeError, match="cannot be written"):
            bpy.ops.talkinghead.save_pose(name="Grin")
    finally:
        folder.unlink()


def test_gallery_remembers_what_was_selected_in_each_set():
    manager = bpy.context.window_manager
    assert manager.th_pose == "EXPRESSIONS:Neutral"
    manager.th_pose = "EXPRESSIONS:Wink"
    manager.th_pose_set = "MOUTH"
    assert manager.th_pose == "MOUTH:Silence"
    manager.th_pose_set = "MINE"
    assert talking.core("poses.pose_gallery").selected() == ""
    manager.th_pose_set = "EXPRESSIONS"
    assert manager.th_pose == "EXPRESSIONS:Wink"


def test_numbers_of_the_gallery_do_not_collide():
    gallery, poses = talking.core("poses.pose_gallery"), talking.core("poses.poses")
    numbers = [gallery._number(entry.identifier) for entry in poses.all_entries()]
    assert len(set(numbers)) == len(numbers)
    assert all(0 < number < 2**31 for number in numbers)


def test_panel_shows_gallery_blend_and_verbs(scene, saved_file, astronaut):
    sequencer.add_image(astronaut)
    assert not recording_layout.draw(bpy.types.TALKINGHEAD_PT_poses).drawn
    talking.animated(astronaut, "Animated", length=2, channel=3)
    drawn = recording_layout.draw(bpy.types.TALKINGHEAD_PT_poses)
    assert drawn.of("icon_view") == ["th_pose"]
    assert drawn.of("prop") == ["th_pose_set", "th_pose_blend", "th_pose_key"]
    assert drawn.of("prop_enum") == [f"th_pose_groups:{name}" for name in ("head", "eyes", "brows", "mouth")]
    wanted = {"apply_pose", "save_pose", "copy_pose", "paste_pose", "mirror_pose"}
    assert {f"talkinghead.{name}" for name in wanted} <= set(drawn.of("operator"))


def button_offered() -> bool:
    drawn = recording_layout.draw(bpy.types.TALKINGHEAD_PT_poses)
    return "talkinghead.draw_thumbnails" in drawn.of("operator")


def test_thumbnails_show_the_users_portrait_in_each_pose(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=2)
    pictures, poses = talking.core("poses.pose_pictures"), talking.core("poses.poses")
    source.th_jaw_open = 0.7  # set but not keyed: it must stay
    total = len(poses.all_entries())
    assert len(pictures.missing(source)) == total
    assert button_offered()
    assert bpy.ops.talkinghead.draw_thumbnails() == {"FINISHED"}
    assert source.th_jaw_open == pytest.approx(0.7)
    assert pictures.missing(source) == []
    assert not button_offered()
    files = {path.stem: path for path in pictures_folder().rglob("*.png")}
    assert len(files) == total
    shown = {name: talking.pixels(files[pictures.pose_key(supplied(name))]) for name in ("Neutral", "Laugh", "Wink")}
    for picture in shown.values():
        assert abs(len(picture) - pictures.SIDE_PX) <= 2
        assert picture.shape[0] == picture.shape[1]
    assert np.abs(shown["Neutral"].astype(int) - shown["Laugh"]).mean() > 3
    assert np.abs(shown["Neutral"].astype(int) - shown["Wink"]).max() > 30


def test_only_missing_thumbnails_are_drawn_and_a_changed_portrait_has_none(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=2)
    bpy.ops.talkinghead.draw_thumbnails()
    runner, pictures = talking.core("jobs.service").runner, talking.core("poses.pose_pictures")
    assert bpy.ops.talkinghead.draw_thumbnails() == {"FINISHED"}
    assert "there already" in runner.state.text
    source.th_jaw_open = 0.33
    bpy.ops.talkinghead.save_pose(name="Mine")
    assert [pose.name for pose in pictures.missing(source)] == ["Mine"]
    bpy.ops.talkinghead.draw_thumbnails()
    assert runner.state.text == "1 thumbnail drawn"
    assert pictures.missing(source) == []
    astronaut.write_bytes(astronaut.read_bytes() + b"\0")
    pictures.look_again(source)
    assert len(pictures.missing(source)) == len(talking.core("poses.poses").all_entries())


def test_thumbnails_can_be_canceled_and_go_on_later(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=2)
    runner, pictures, jobs = (
        talking.core("jobs.service").runner,
        talking.core("poses.pose_pictures"),
        talking.core("jobs.jobs"),
    )
    target = jobs.Target(source.id_data.name, source.name, "STRIP")
    runner.start(pictures.TITLE, lambda control: pictures.draw(target, control), 0.02)
    talking.step_until(runner, lambda state: ", 4 of" in state.text)
    runner.cancel()
    assert talking.step_to_end(runner).phase.value == "cancelled"
    left = len(pictures.missing(source))
    assert 0 < left < len(talking.core("poses.poses").all_entries())
    bpy.ops.talkinghead.draw_thumbnails()
    assert runner.state.text == f"{left} thumbnails drawn"


@pytest.fixture
def window(monkeypatch):
    """The gallery believes that Blender has a window; the test drives the job."""
    app = types.SimpleNamespace(background=False)
    monkeypatch.setattr(talking.core("poses.pose_pictures"), "bpy", types.SimpleNamespace(app=app, context=bpy.context))
    return bpy.context.window_manager


def test_using_the_gallery_draws_thumbnails_once_if_the_worker_runs(scene, saved_file, astronaut, window):
    source = talking.animated(astronaut, length=2)
    runner, pictures = talking.core("jobs.service").runner, talking.core("poses.pose_pictures")
    talking.core("worker.worker").stop()
    window.th_pose = "EXPRESSIONS:Smile"
    assert not runner.running  # no worker is started for it
    bpy.ops.talkinghead.find_faces()
    window.th_pose = "EXPRESSIONS:Laugh"
    assert runner.running
    runner._control.wait_s = 0.02
    talking.step_until(runner, lambda state: ", 3 of" in state.text)
    runner.cancel()
    talking.step_to_end(runner)
    window.th_pose = "EXPRESSIONS:Sad"
    assert not runner.running  # the user did not want it
    assert pictures.missing(source)
    bpy.ops.talkinghead.save_pose(name="Mine")
    source.th_jaw_open = 0.31
    bpy.ops.talkinghead.save_pose(name="Another")
    assert runner.running  # something new
    runner._control.wait_s = 0.02
    talking.step_to_end(runner)
    assert pictures.missing(source) == []


def test_thumbnails_do_not_cover_an_error(scene, saved_file, astronaut, window):
    talking.animated(astronaut, length=2)
    runner = talking.core("jobs.service").runner
    with pytest.raises(RuntimeError):
        bpy.ops.talkinghead.export_movie(filepath="/nowhere/x.mp4", codec="h264")
    errors, states = talking.shared("errors"), talking.core("jobs.runner")
    error = errors.TalkingHeadError(errors.ErrorCode.DISK_FULL, "The disk is full.")
    runner.state = states.JobState("Render Frames", states.Phase.FAILED, error=error)
    window.th_pose = "EXPRESSIONS:Smile"
    assert not runner.running
    assert runner.state.error is error


def test_thumbnails_of_a_face_whose_points_were_placed(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=2)
    bpy.ops.talkinghead.place_points()
    pictures = talking.core("poses.pose_pictures")
    bpy.ops.talkinghead.draw_thumbnails()
    assert pictures.missing(source) == []
    assert len(list(pictures_folder().iterdir())) == 1


def test_square_around_the_face_stays_inside(addon):
    pictures = talking.core("poses.pose_pictures")
    assert pictures.crop((0.4, 0.4, 0.6, 0.6), (1000, 1000)) == (365, 365, 270)
    assert pictures.crop((0.0, 0.0, 0.2, 0.2), (1000, 500)) == (0, 0, 270)
    assert pictures.crop((0.5, 0.1, 1.0, 0.9), (300, 400)) == (0, 50, 300)
    assert pictures.size_to_ask((0.4, 0.4, 0.6, 0.6), (1000, 1000)) == round(1000 * 128 / 270)
    assert pictures.size_to_ask((0.4, 0.4, 0.6, 0.6), (100, 80)) == 100


def test_png_is_what_blender_reads(addon, tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, 4), np.uint8)
    path = tmp_path / "x.png"
    path.write_bytes(talking.core("poses.png").png_bytes(pixels))
    assert np.array_equal(talking.pixels(path)[::-1], pixels)
    with pytest.raises(ValueError, match="uint8"):
        talking.core("poses.png").png_bytes(np.zeros((2, 2, 3), np.uint8))


def test_previews_are_freed_with_the_extension(addon):
    assert talking.core("poses.pose_pictures")._collection is not None
    installed_extension.disable()
    installed_extension.enable()
    assert isinstance(talking.core("poses.pose_pictures")._collection, dict)
    assert isinstance(addon, types.ModuleType)


def test_numbers_of_the_gallery_survive_as_floats(scene):
    poses, gallery = talking.core("poses.poses"), talking.core("poses.pose_gallery")
    numbers = [gallery._number(entry.identifier) for entry in (*poses.entries("EXPRESSIONS"), *poses.entries("MOUTH"))]
    assert len(numbers) == len(set(numbers)) == 25
    # A click in the real gallery hands the number on as a 32 bit float.
    assert [int(np.float32(number)) for number in numbers] == numbers
