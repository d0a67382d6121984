# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every operator must have, and what the simple ones do."""

from __future__ import annotations

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


def operator_names():
    return sorted(dir(bpy.ops.talkinghead))


def operator_class(name):
    return getattr(bpy.types, f"TALKINGHEAD_OT_{name}")


def test_there_are_operators():
    assert {"animate_portrait", "render_frames", "preview_frame", "cancel", "clean_up"} <= set(operator_names())


def test_every_operator_has_a_label_a_tooltip_and_a_poll():
    for name in operator_names():
        rna = getattr(bpy.ops.talkinghead, name).get_rna_type()
        words = [word for word in rna.name.split() if word not in {"and", "as", "from", "in", "of", "to", "ComfyUI"}]
        assert " ".join(words).istitle(), name
        assert len(rna.description) > 20, name
        assert not rna.description.endswith("."), name
        assert hasattr(operator_class(name), "poll"), name


def test_every_property_of_an_operator_is_described():
    inherited = {"filepath", "check_existing", "filter_glob", "then", "rna_type"}
    for name in operator_names():
        for prop in getattr(bpy.ops.talkinghead, name).get_rna_type().properties:
            if prop.identifier not in inherited:
                assert prop.description, f"{name}.{prop.identifier}"


def test_without_strips_buttons_say_why_they_are_grey(scene):
    for name in ("animate_portrait", "render_frames", "preview_frame", "find_faces", "reset_controls"):
        operator = getattr(bpy.ops.talkinghead, name)
        assert not operator.poll(), name
        with pytest.raises(RuntimeError, match="Select an image or movie strip"):
            operator()


def test_render_of_a_strip_that_is_not_animated_says_what_comes_first(scene, astronaut):
    sequencer.add_image(astronaut)
    with pytest.raises(RuntimeError, match="Animate the portrait first"):
        bpy.ops.talkinghead.render_frames()


def test_sound_strip_is_refused(scene, tmp_path):
    if not bpy.app.build_options.audaspace:
        pytest.skip("this Blender has no sound")
    import wave

    path = tmp_path / "speech.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 8000, "NONE", ""))
        file.writeframes(bytes(16000))
    sequencer.select(sequencer.strips().new_sound("Speech", str(path), 1, 1))
    with pytest.raises(RuntimeError, match="no picture"):
        bpy.ops.talkinghead.animate_portrait()


@pytest.mark.parametrize("group", ["all", "head", "eyes", "brows", "mouth"])
def test_reset_puts_a_group_back_to_rest(scene, astronaut, group):
    strip = sequencer.add_image(astronaut)
    table = talking.shared("controls")
    for control in table.POSE_CONTROLS:
        setattr(strip, control.property_name, control.maximum)
    assert bpy.ops.talkinghead.reset_controls(group=group) == {"FINISHED"}
    for control in table.POSE_CONTROLS:
        wanted = control.rest if group in ("all", control.group.value) else control.maximum
        assert getattr(strip, control.property_name) == pytest.approx(wanted), control.name


def test_find_and_choose_face(scene, saved_file, astronaut):
    strip = sequencer.add_image(astronaut)
    assert not bpy.ops.talkinghead.choose_face.poll()
    assert bpy.ops.talkinghead.find_faces() == {"FINISHED"}
    assert strip.th_role == "NONE"  # looking makes no source
    strip.th_face_index = 5
    assert bpy.ops.talkinghead.choose_face(index=0) == {"FINISHED"}
    assert strip.th_face_index == 0
    with pytest.raises(RuntimeError, match="1 faces"):
        bpy.ops.talkinghead.choose_face(index=3)


def test_face_is_chosen_by_the_point_that_was_clicked(scene, saved_file, astronaut):
    strip = sequencer.add_image(astronaut)
    bpy.ops.talkinghead.find_faces()
    faces = talking.core("preview.faces")
    analysis = faces.of(strip)
    left, top, right, bottom = analysis.faces[0].box
    assert faces.face_at(analysis, ((left + right) / 2, (top + bottom) / 2)) == 0
    assert faces.face_at(analysis, (0.99, 0.99)) is None


def test_points_begin_at_the_found_face_else_in_the_middle(scene, saved_file, astronaut):
    strip = sequencer.add_image(astronaut)
    rig_points = talking.core("preview.rig_points")
    bpy.ops.talkinghead.place_points()
    average = rig_points.points(strip)
    assert average[4] == pytest.approx((0.5, 0.49), abs=0.02)
    bpy.ops.talkinghead.clear_points()
    assert not strip.th_manual
    bpy.ops.talkinghead.find_faces()
    bpy.ops.talkinghead.place_points()
    found = talking.core("preview.faces").of(strip).faces[0].points
    assert np.allclose(rig_points.points(strip), found, atol=1e-6)
    assert not np.allclose(average, found, atol=0.05)


def test_point_moves_and_stays_inside(scene, astronaut):
    strip = sequencer.add_image(astronaut)
    assert not bpy.ops.talkinghead.move_point.poll()
    bpy.ops.talkinghead.place_points()
    rig_points = talking.core("preview.rig_points")
    others = rig_points.points(strip)[1:]
    assert bpy.ops.talkinghead.move_point(index=0, position=(0.25, 0.125)) == {"FINISHED"}
    assert rig_points.points(strip)[0] == (0.25, 0.125)
    assert rig_points.points(strip)[1:] == others
    rig_points.move(strip, 0, (-3.0, 7.0))
    assert rig_points.points(strip)[0] == (0.0, 1.0)


def test_nearest_point_is_taken_only_within_reach(scene, astronaut):
    rig_points = talking.core("preview.rig_points")
    placement = talking.core("preview.placement").Placement((512, 512))
    points = rig_points.average_points((512, 512))
    x, y = placement.to_view(points[9])
    assert rig_points.nearest(points, placement, (x + 3, y - 3), 10) == 9
    assert rig_points.nearest(points, placement, (x, y - 60), 10) is None


def test_export_writes_a_movie(scene, saved_file, astronaut, tmp_path):
    source = talking.animated(astronaut, length=3)
    talking.key(source, "jaw_open", 1, 0.0)
    talking.key(source, "jaw_open", 3, 1.0)
    path = tmp_path / "out.mp4"
    with pytest.raises(RuntimeError, match="not rendered yet"):
        bpy.ops.talkinghead.export_movie(filepath=str(path), codec="h264")
    bpy.ops.talkinghead.render_frames()
    assert bpy.ops.talkinghead.export_movie(filepath=str(path), codec="h264") == {"FINISHED"}
    strip = sequencer.add_movie(path, "Exported", channel=5)
    assert talking.core("compat").content_duration(strip) == 3


def test_clean_up_deletes_only_what_nothing_uses(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=2)
    source.th_jaw_open = 0.5
    bpy.ops.talkinghead.render_frames()
    old = set(talking.frame_files(source))
    source.th_jaw_open = 1.0
    bpy.ops.talkinghead.render_frames()
    used = set(talking.frame_files(source))
    assert bpy.ops.talkinghead.clean_up() == {"FINISHED"}
    assert [path.exists() for path in used] == [True] * len(used)
    assert [path.exists() for path in old] == [False] * len(old)


def test_job_file_rebuilds_strip_keys_and_frames(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=6)
    talking.key(source, "mouth_smile", 1, 0.0)
    talking.key(source, "mouth_smile", 6, 0.8)
    source.th_puppet_background = "hold"
    bpy.ops.talkinghead.render_frames()
    files = talking.frame_files(source)
    job = next(files[0].parent.glob("*.job.json"))
    for strip in list(sequencer.strips(scene)):
        sequencer.strips(scene).remove(strip)
    scene.frame_set(1)
    assert bpy.ops.talkinghead.rebuild_job(filepath=str(job)) == {"FINISHED"}
    rebuilt = scene.sequence_editor.active_strip
    assert rebuilt.th_puppet_background == "hold"
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert "none had to be rendered" in talking.core("jobs.service").runner.state.text
    assert talking.frame_files(rebuilt) == files


def test_job_file_that_is_none_is_refused(scene, tmp_path):
    path = tmp_path / "x.job.json"
    path.write_text("{}")
    with pytest.raises(RuntimeError, match="cannot be used"):
        bpy.ops.talkinghead.rebuild_job(filepath=str(path))
    assert len(sequencer.all_strips(scene)) == 0


def test_folder_is_chosen_and_shown(scene, saved_file, astronaut, tmp_path):
    sequencer.add_image(astronaut, length=2)
    assert bpy.ops.talkinghead.choose_folder(directory=str(tmp_path / "mine") + "/") == {"FINISHED"}
    assert bpy.ops.talkinghead.animate_portrait() == {"FINISHED"}
    assert bpy.ops.talkinghead.reveal_folder() == {"FINISHED"}
    assert list((tmp_path / "mine").glob("*/*.job.json"))
