# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sliders and panels that Thin-Plate Spline and EDTalk alone have, and whole figures, without their networks."""

from __future__ import annotations

import shutil

import bpy
import driving
import media
import numbered
import pytest
import recording_layout
import sequencer
import talking

OWN = {"tpsmm": ("tpsmm",), "edtalk": ("emotion", "motion_weights")}
GROUPS = {"tpsmm": "tpsmm", "emotion": "emotion", "motion_weights": "edtalk weights"}


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    talking.core("drivers.driver_tracks").forget_all()
    yield
    talking.fresh_start()


@pytest.fixture
def portrait(scene, astronaut):
    strip = sequencer.add_image(astronaut, length=24)
    strip.th_role = "SOURCE"
    return strip


@pytest.fixture
def actor(portrait, tmp_path):
    strip = sequencer.add_movie(numbered.movie(tmp_path / "actor.mp4", 24, 24, 1.0), name="Actor", channel=2)
    driving.act(portrait, strip)
    sequencer.select(portrait)
    return strip


def controls(group: str) -> list:
    table = talking.shared("controls")
    return list(table.controls_in(table.Group(group)))


def draw(name: str) -> recording_layout.RecordingLayout:
    return recording_layout.draw(getattr(bpy.types, f"TALKINGHEAD_PT_{name}"))


@pytest.mark.parametrize("engine", OWN)
def test_panels_show_every_own_slider_once_and_with_their_engine_only(portrait, engine):
    for portrait.th_engine in ("puppet", "liveportrait", "tpsmm", "edtalk"):
        for name in OWN[engine]:
            wanted = [control.property_name for control in controls(GROUPS[name])]
            shown = draw(name).of("prop")
            assert sorted(shown) == (sorted(wanted) if portrait.th_engine == engine else [])
    portrait.th_engine = engine
    assert all(draw(name).of("operator") == ["talkinghead.reset_controls"] for name in OWN[engine])


def test_emotions_begin_with_neutral_and_need_the_full_model(portrait):
    portrait.th_engine = "edtalk"
    assert draw("emotion").of("prop")[0] == "th_edtalk_neutral"
    assert "no emotions" not in draw("emotion").text
    portrait.th_edtalk_model = "lip_pose"
    assert "The model Mouth and Head has no emotions." in draw("emotion").text


def test_motion_weights_are_shown_by_what_they_belong_to(portrait):
    portrait.th_engine = "edtalk"
    drawn = draw("motion_weights")
    names = drawn.of("prop")
    assert [label for label in drawn.of("label") if label in ("Mouth", "Pose", "Expression")] == [
        "Mouth", "Pose", "Expression",
    ]  # fmt: skip
    assert (names[0], names[20], names[26], len(names)) == (
        "th_edtalk_mouth_01", "th_edtalk_pose_01", "th_edtalk_expression_01", 36,
    )  # fmt: skip
    assert "DEFAULT_CLOSED" in bpy.types.TALKINGHEAD_PT_motion_weights.bl_options


@pytest.mark.parametrize("group", ["tpsmm", "emotion", "edtalk weights"])
def test_reset_puts_a_group_back(portrait, group):
    for control in controls(group):
        setattr(portrait, control.property_name, control.maximum)
    portrait.th_jaw_open = 0.25
    assert bpy.ops.talkinghead.reset_controls(group=group) == {"FINISHED"}
    assert all(getattr(portrait, control.property_name) == control.rest for control in controls(group))
    assert portrait.th_jaw_open == 0.25


def test_every_group_of_pose_sliders_is_offered_everywhere():
    table, groups = talking.shared("controls"), talking.shared("motion.poses").GROUPS
    assert {control.group for control in table.POSE_CONTROLS} == set(groups)
    offered = {group.value for group in groups}
    for name in ("reset_controls", "retime_performance", "copy_performance"):
        items = getattr(bpy.ops.talkinghead, name).get_rna_type().properties["group"].enum_items
        assert offered <= set(items.keys())
    labels = {item.identifier: item.name for item in items}
    assert (labels["edtalk weights"], labels["tpsmm"], labels["emotion"]) == (
        "Motion Weights", "Thin-Plate Spline", "Emotion",
    )  # fmt: skip


def test_own_sliders_are_sampled_with_their_engine_only(scene, portrait):
    talking.key(portrait, "edtalk_happy", 1, 0.0)
    talking.key(portrait, "edtalk_happy", 11, 1.0)
    portrait.th_tpsmm_gain = 2.0
    sampling, preview = talking.core("strips.sampling"), talking.core("preview.preview_state")
    column = talking.shared("controls").POSE_NAMES.index("edtalk_happy")
    scene.frame_set(11)
    for portrait.th_engine, happy in (("edtalk", 1.0), ("puppet", 0.0)):
        pose = sampling.sample(scene, portrait, [11]).pose(0)
        assert (pose["edtalk_happy"], pose["tpsmm_gain"]) == (pytest.approx(happy), 1.0)
        assert preview.state_of(scene, portrait, 512).sliders[column] == pytest.approx(happy)
    portrait.th_engine = "tpsmm"
    assert sampling.sample(scene, portrait, [11]).pose(0)["tpsmm_gain"] == 2.0


def test_a_performance_file_keeps_the_sliders_of_every_engine(portrait, tmp_path):
    talking.key(portrait, "edtalk_happy", 1, 0.0)
    talking.key(portrait, "edtalk_happy", 24, 1.0)
    portrait.th_engine = "puppet"
    path = tmp_path / "happy.json"
    assert bpy.ops.talkinghead.save_performance(filepath=str(path)) == {"FINISHED"}
    loaded = talking.shared("performance").load(path)
    assert loaded.pose(23)["edtalk_happy"] == pytest.approx(1.0)


def test_poses_hold_and_let_go_of_emotions(portrait):
    portrait.th_engine = "edtalk"
    portrait.th_edtalk_angry = portrait.th_edtalk_mouth_03 = 1.0
    pose = talking.core("poses.poses").current_pose(portrait, "Angry")
    assert (pose.values["edtalk_angry"], pose.values["edtalk_mouth_03"]) == (1.0, 1.0)
    assert "tpsmm_gain" not in pose.values
    bpy.ops.talkinghead.apply_pose(pose="Smile")
    assert (portrait.th_edtalk_angry, portrait.th_edtalk_mouth_03) == (0.0, 1.0)
    bpy.ops.talkinghead.apply_pose(pose="Neutral")
    assert portrait.th_edtalk_mouth_03 == 0.0


def test_poses_offer_the_groups_of_the_engine(portrait):
    portrait.th_engine = "edtalk"
    assert draw("poses").of("prop_enum")[-2:] == ["th_pose_groups:emotion", "th_pose_groups:edtalk weights"]
    portrait.th_engine = "tpsmm"
    assert draw("poses").of("prop_enum")[-1] == "th_pose_groups:tpsmm"


def test_figures_are_mirrored(portrait):
    portrait.th_engine = "tpsmm"
    portrait.th_tpsmm_move_x, portrait.th_tpsmm_move_y, portrait.th_tpsmm_turn = 0.5, 0.25, 30.0
    bpy.ops.talkinghead.mirror_pose()
    assert (portrait.th_tpsmm_move_x, portrait.th_tpsmm_move_y, portrait.th_tpsmm_turn) == (-0.5, 0.25, -30.0)


def test_only_engines_that_hear_have_the_switch(portrait):
    for portrait.th_engine in ("puppet", "liveportrait", "tpsmm", "edtalk"):
        assert ("th_speech_exact" in draw("speech").of("prop")) == (portrait.th_engine == "edtalk")
    assert "EDTalk listens to the sound itself" in draw("speech").text
    portrait.th_speech_exact = False
    assert "The mouth follows by the sliders" in draw("speech").text


def test_settings_for_drivers_are_used_with_sounds_as_well(portrait, tmp_path):
    portrait.th_engine = "edtalk"
    assert "Acting or Speech and Exact only" in draw("engine_driving").text
    portrait.th_speech_file, portrait.th_speech_on = str(tmp_path / "voice.wav"), True
    assert "only" not in draw("engine_driving").text


def test_acting_tells_which_clip_is_followed_how(portrait, actor):
    portrait.th_engine, portrait.th_acting_exact = "edtalk", True
    assert "EDTalk follows the clip itself: head, eyes, brows and mouth." in draw("acting").text
    portrait.th_acting_head = "Actor"
    assert "EDTalk follows the clips themselves: head, eyes, brows and mouth." in draw("acting").text
    portrait.th_engine = "liveportrait"
    assert "itself: eyes, brows and mouth. By the sliders: head." in draw("acting").text
    portrait.th_engine, portrait.th_acting_expression = "puppet", "Actor"
    assert "Mouth follows the actor point by point, the rest by the sliders." in draw("acting").text
    portrait.th_engine, portrait.th_acting_head, portrait.th_acting_file = "edtalk", "", ""
    portrait.th_acting, portrait.th_acting_file = "", "//motion.pkl"
    assert "EDTalk cannot follow a motion template itself" in draw("acting").text


def test_clips_for_parts_of_the_face_are_chosen_and_told(portrait, actor):
    shown = draw("acting").of("prop")
    own = ["th_acting_head", "th_acting_head_file", "th_acting_expression", "th_acting_expression_file"]
    assert [name for name in shown if name in own] == own
    portrait.th_acting_head = "Actor"
    assert "th_acting_head_file" not in draw("acting").of("prop")
    assert draw("acting").text.count("Not read yet") == 2
    sequencer.strips().remove(actor)
    assert draw("acting").text.count("The strip 'Actor' is gone") == 2


def whole_figure(portrait, *, area="whole", exact=True):
    portrait.th_engine, portrait.th_tpsmm_area, portrait.th_acting_exact = "tpsmm", area, exact


def spec_of(portrait) -> object:
    part = talking.core("drivers.driver_strips").Part.ACTING
    return talking.core("drivers.driver_tracks").wanted(portrait.id_data, portrait, part).medium.spec


def test_a_clip_is_shown_whole_where_the_engine_sees_whole_figures(portrait, actor):
    for area, exact, whole in (
        ("whole", True, True),
        ("body", True, True),
        ("face", True, False),
        ("body", False, False),
    ):
        whole_figure(portrait, area=area, exact=exact)
        assert spec_of(portrait).whole == whole
    whole_figure(portrait)
    portrait.th_engine = "liveportrait"
    assert not spec_of(portrait).whole


def test_whole_figures_need_exact_and_are_told_so(portrait, actor):
    whole_figure(portrait, exact=False)
    assert "Whole figures follow a clip with Exact only." in draw("acting").text
    assert "Thin-Plate Spline needs no face while Area is Whole Picture." in draw("face").text
    portrait.th_acting_exact = True
    assert "moves all that it sees as the clip moves. No face is looked for." in draw("acting").text
    whole_figure(portrait, area="face")
    assert "moves all that it sees as the clip moves. Head Strength" in draw("acting").text


def test_parts_of_the_face_do_not_count_where_a_clip_moves_all_at_once(portrait, actor):
    portrait.th_acting_head = "Actor"
    for area in ("whole", "face"):
        whole_figure(portrait, area=area)
        driving.remember(portrait, "acting", driving.ramp("head_yaw", 0.0, 24))
        job = talking.core("jobs.builder").prepare(portrait.id_data, portrait, "STRIP").job
        assert (job.exact.head[3], job.exact.mouth[3], job.exact_head) == (1.0, 1.0, None)
    portrait.th_acting_exact = False
    strips = talking.core("drivers.driver_strips")
    assert strips.is_on(portrait, strips.Part.HEAD)


def test_another_area_needs_the_clip_to_be_read_again(portrait, actor):
    whole_figure(portrait)
    driving.remember(portrait, "acting", driving.ramp("head_yaw", 0.0, 24))
    assert draw("acting").text.count("Not read yet") == 0
    assert "24 pictures, shown whole" in draw("acting").text
    whole_figure(portrait, area="face")
    assert draw("acting").text.count("Not read yet") == 1


def test_whole_figures_are_not_baked(portrait, actor):
    whole_figure(portrait)
    driving.remember(portrait, "acting", driving.ramp("head_yaw", 0.0, 24))
    with pytest.raises(RuntimeError, match="no keyframes can do"):
        bpy.ops.talkinghead.bake_performance()
    assert portrait.th_acting_on and portrait.th_acting_exact


def test_a_performance_of_a_whole_figure_is_that_of_its_sliders(portrait, actor, tmp_path):
    whole_figure(portrait)
    driving.remember(portrait, "acting", driving.ramp("head_yaw", 0.0, 24))
    talking.key(portrait, "tpsmm_turn", 1, 0.0)
    talking.key(portrait, "tpsmm_turn", 24, 20.0)
    assert bpy.ops.talkinghead.save_performance(filepath=str(tmp_path / "turn.json")) == {"FINISHED"}
    assert talking.shared("performance").load(tmp_path / "turn.json").pose(23)["tpsmm_turn"] == pytest.approx(20.0)
    assert "no keyframes can do" in " ".join(talking.core("jobs.service").runner.state.warnings)


def test_a_face_is_looked_for_unless_the_engine_sees_whole_pictures(scene, saved_file, tmp_path):
    strip = sequencer.add_image(shutil.copy(media.coffee(), tmp_path / "coffee.png"), length=2)
    with pytest.raises(RuntimeError, match="Thin-Plate Spline"):
        bpy.ops.talkinghead.animate_portrait()
    assert strip.th_role == "NONE"
    job = talking.shared("job")
    jobs, builder = talking.core("jobs.jobs"), talking.core("jobs.builder")
    asked = []
    for area in ("face", "whole"):
        whole_figure(strip, area=area)
        prepared = builder.prepare_frame(scene, strip, 1)
        assert isinstance(prepared.job, job.Job)
        control, state = talking.core("jobs.runner").JobControl(), talking.core("jobs.runner").JobState("Test")
        steps = jobs._check_face(prepared, state, control)
        asked.append(next(steps, None) is not None)
        steps.close()
    assert asked == [True, False]
