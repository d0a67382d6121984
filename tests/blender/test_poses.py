# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses on strips: apply, blend, groups, keys, clipboard, the user's own files, thumbnails."""

from __future__ import annotations

import json
import shutil
import types
from pathlib import Path

import bpy
import installed_extension
import numpy as np
import pytest
import recording_layout
import sequencer
import talking


@pytest.fixture(autouse=True)
def clean(addon, monkeypatch):
    """No own poses, no thumbnails, and a clipboard, which background Blender lacks."""
    talking.fresh_start()
    shutil.rmtree(talking.core("poses.pose_library").folder(), ignore_errors=True)
    talking.core("poses.pose_library").reread()
    shutil.rmtree(pictures_folder(), ignore_errors=True)
    talking.core("poses.pose_pictures")._forget()
    talking.core("poses.pose_gallery")._chosen.clear()
    board = {"text": ""}
    poses = talking.core("poses.poses")
    monkeypatch.setattr(poses, "read_clipboard", lambda: board["text"])
    monkeypatch.setattr(poses, "write_clipboard", lambda text: board.update(text=text))
    manager = bpy.context.window_manager
    bpy.context.preferences.edit.use_keyframe_insert_available = False
    manager.th_pose_set, manager.th_pose_blend, manager.th_pose_key = "EXPRESSIONS", 1.0, False
    yield
    talking.fresh_start()


@pytest.fixture
def portrait(scene, astronaut):
    return sequencer.add_image(astronaut)


def pictures_folder() -> Path:
    return talking.core("worker.worker").places().user / "cache" / "poses"


def sliders(strip) -> dict[str, float]:
    return {name: getattr(strip, f"th_{name}") for name in talking.shared("controls").POSE_NAMES}


def supplied(name: str):
    poses = talking.shared("motion.poses")
    return next(pose for pose in poses.SUPPLIED if pose.name == name)


def curves(strip) -> dict[str, list[tuple[float, float]]]:
    found = {}
    for curve in talking.core("compat").fcurves_of(strip.id_data):
        name = curve.data_path.rpartition(".th_")[2]
        found[name] = [(key.co.x, key.co.y) for key in curve.keyframe_points]
    return found


def own_file(name: str, text: str | None = None, **controls: float) -> Path:
    folder = talking.core("poses.pose_library").folder()
    folder.mkdir(parents=True, exist_ok=True)
    data = {"format": "talkinghead-pose", "version": 1, "name": name, "controls": controls}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(data) if text is None else text, encoding="utf-8")
    talking.core("poses.pose_library").reread()
    return path


def test_every_supplied_pose_reaches_the_sliders(portrait):
    for pose in talking.shared("motion.poses").SUPPLIED:
        assert bpy.ops.talkinghead.apply_pose(pose=pose.name) == {"FINISHED"}
        now = sliders(portrait)
        assert {name: now[name] for name in pose.values} == pytest.approx(dict(pose.values), abs=1e-6)


def test_pose_leaves_other_sliders_alone(portrait):
    portrait.th_head_yaw, portrait.th_mouth_smile = 12.0, 0.5
    bpy.ops.talkinghead.apply_pose(pose="Oo")
    assert (portrait.th_head_yaw, portrait.th_mouth_smile) == (12.0, 0.5)


def test_blend_goes_part_of_the_way(portrait):
    portrait.th_brow = -0.5
    bpy.ops.talkinghead.apply_pose(pose="Surprised", blend=0.5)
    assert portrait.th_brow == pytest.approx(0.25)
    assert portrait.th_jaw_open == pytest.approx(supplied("Surprised").values["jaw_open"] / 2)


def test_groups_limit_what_is_set(portrait):
    bpy.ops.talkinghead.apply_pose(pose="Surprised", groups={"brows"})
    assert portrait.th_brow == 1.0
    assert portrait.th_jaw_open == 0.0
    with pytest.raises(RuntimeError, match="no slider of the chosen groups"):
        bpy.ops.talkinghead.apply_pose(pose="Oo", groups={"head", "eyes"})


def test_mirrored_wink_closes_the_other_eye(portrait):
    bpy.ops.talkinghead.apply_pose(pose="Wink", mirrored=True)
    assert (portrait.th_wink_l, portrait.th_wink_r) == (0.0, 1.0)
    assert portrait.th_head_roll == pytest.approx(-supplied("Wink").values["head_roll"])


def test_unknown_pose_is_told(portrait):
    with pytest.raises(RuntimeError, match="no pose named 'Nobody'"):
        bpy.ops.talkinghead.apply_pose(pose="Nobody")


def test_without_a_pose_the_selected_one_is_taken(portrait):
    bpy.context.window_manager.th_pose = "EXPRESSIONS:Sleepy"
    bpy.ops.talkinghead.apply_pose()
    assert portrait.th_eye_open == pytest.approx(supplied("Sleepy").values["eye_open"])


@pytest.mark.parametrize(("told", "blend"), [(set(), 0.5), ({"blend"}, 1.0)])
def test_button_takes_the_settings_of_the_panel_unless_it_is_told(portrait, told, blend):
    """Background Blender never invokes operators, so a stand-in is invoked here."""
    manager = bpy.context.window_manager
    manager.th_pose_blend, manager.th_pose_groups, manager.th_pose_key = 0.5, {"brows"}, True
    operator = installed_extension.module("operators.poses").TALKINGHEAD_OT_apply_pose
    stand_in = types.SimpleNamespace(
        from_panel=operator.from_panel,
        properties=types.SimpleNamespace(is_property_set=lambda name: name in told),
        blend=1.0,
        execute=lambda context: {"FINISHED"},
    )
    try:
        assert operator.invoke(stand_in, bpy.context, None) == {"FINISHED"}
        assert (stand_in.blend, stand_in.groups, stand_in.key) == (blend, {"brows"}, True)
    finally:
        manager.th_pose_groups = talking.core("poses.pose_gallery").ALL_GROUPS


def test_no_pose_operator_remembers_its_last_call():
    for name in ("apply_pose", "paste_pose", "paste_pose_mirrored", "mirror_pose"):
        properties = getattr(bpy.ops.talkinghead, name).get_rna_type().properties
        assert all(prop.is_skip_save for prop in properties if prop.identifier != "rna_type"), name


def test_key_inserts_keys_for_what_changes_and_for_what_is_animated(scene, portrait):
    talking.key(portrait, "gaze_x", 1, 0.0)
    talking.key(portrait, "gaze_x", 20, 0.0)
    talking.key(portrait, "head_yaw", 1, 5.0)
    scene.frame_set(7)
    bpy.ops.talkinghead.apply_pose(pose="Smile", key=True)
    keyed = curves(portrait)
    rest = talking.shared("controls").rest_pose()
    pose = supplied("Smile").values
    changed = {name for name, value in pose.items() if value != rest[name]}
    assert {name for name, keys in keyed.items() if any(frame == 7 for frame, _ in keys)} == changed | {"gaze_x"}
    assert keyed["mouth_smile"] == [(7.0, pytest.approx(pose["mouth_smile"]))]
    assert keyed["head_yaw"] == [(1.0, 5.0)]  # the pose does not name it


def test_without_key_auto_keying_decides(scene, portrait):
    bpy.ops.talkinghead.apply_pose(pose="Smile")
    assert curves(portrait) == {}
    scene.tool_settings.use_keyframe_insert_auto = True
    try:
        bpy.ops.talkinghead.apply_pose(pose="Wink")
        assert "wink_l" in curves(portrait)
    finally:
        scene.tool_settings.use_keyframe_insert_auto = False


def test_auto_keying_of_available_curves_only(scene, portrait):
    talking.key(portrait, "wink_l", 1, 0.0)
    scene.frame_set(5)
    bpy.context.preferences.edit.use_keyframe_insert_available = True
    scene.tool_settings.use_keyframe_insert_auto = True
    try:
        bpy.ops.talkinghead.apply_pose(pose="Wink")
    finally:
        scene.tool_settings.use_keyframe_insert_auto = False
    assert set(curves(portrait)) == {"wink_l"}
    assert len(curves(portrait)["wink_l"]) == 2


def test_keys_go_into_the_group_of_the_add_on(portrait):
    bpy.ops.talkinghead.apply_pose(pose="Wink", key=True)
    names = {curve.group.name for curve in talking.core("compat").fcurves_of(portrait.id_data)}
    assert names == {talking.core("performance.curves").group_name(portrait)}


def test_locked_curve_is_told_before_anything_moves(portrait):
    talking.key(portrait, "wink_l", 1, 0.0)
    talking.core("performance.curves").find(portrait, "wink_l").lock = True
    before = sliders(portrait)
    with pytest.raises(RuntimeError, match="is locked"):
        bpy.ops.talkinghead.apply_pose(pose="Wink", key=True)
    assert sliders(portrait) == before


def test_copy_and_paste_between_strips(scene, portrait, astronaut):
    bpy.ops.talkinghead.apply_pose(pose="Angry")
    portrait.th_head_yaw = 9.0
    assert bpy.ops.talkinghead.copy_pose() == {"FINISHED"}
    other = sequencer.add_image(astronaut, "Other", channel=3)
    other.th_wink_l = 1.0
    assert bpy.ops.talkinghead.paste_pose() == {"FINISHED"}
    assert sliders(other) == pytest.approx(sliders(portrait), abs=1e-5)
    assert bpy.ops.talkinghead.paste_pose_mirrored() == {"FINISHED"}
    assert other.th_head_yaw == pytest.approx(-9.0)


@pytest.mark.parametrize("name", ["   ", "two\tparts", "x" * 59 + " y", "名" * 20])
def test_pose_of_a_strip_of_any_name_can_be_pasted(portrait, name):
    portrait.name, portrait.th_jaw_open = name, 0.4
    assert bpy.ops.talkinghead.copy_pose() == {"FINISHED"}
    portrait.th_jaw_open = 0.0
    assert bpy.ops.talkinghead.paste_pose() == {"FINISHED"}
    assert portrait.th_jaw_open == pytest.approx(0.4)


@pytest.mark.parametrize("text", ["", "Hello", '{"format": "talkinghead-performance"}', '{"a": 1'])
def test_paste_of_something_else_says_so_and_moves_nothing(portrait, text):
    talking.core("poses.poses").write_clipboard(text)
    before = sliders(portrait)
    with pytest.raises(RuntimeError, match="clipboard holds no usable pose"):
        bpy.ops.talkinghead.paste_pose()
    assert sliders(portrait) == before


def test_mirror_exchanges_the_sides_of_the_sliders(portrait):
    portrait.th_brow_l, portrait.th_brow_r, portrait.th_gaze_x, portrait.th_head_yaw = 0.5, -0.25, 0.4, 10.0
    bpy.ops.talkinghead.mirror_pose(groups={"brows", "eyes"})
    assert (portrait.th_brow_l, portrait.th_brow_r) == (-0.25, 0.5)
    assert portrait.th_gaze_x == pytest.approx(-0.4)
    assert portrait.th_head_yaw == 10.0
    with pytest.raises(RuntimeError, match="No group"):
        bpy.ops.talkinghead.mirror_pose(groups=set())


def test_poses_act_on_the_source_of_a_selected_result(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=2)
    sequencer.select(talking.result_of(source))
    bpy.ops.talkinghead.apply_pose(pose="Smile")
    assert source.th_mouth_smile > 0.5
    assert talking.result_of(source).th_mouth_smile == 0.0


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
    assert drawn.of("prop") == ["th_pose_set", "th_pose_blend", "th_pose_key", "th_pose_groups"]
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
