# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers in Blender, with made-up tracks: following strips in time, strengths, ends, and what goes into a job."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import bpy
import driving
import numbered
import numpy as np
import pytest
import sequencer
import talking

COUNT = 40
YAW_A_PICTURE = 0.25


@pytest.fixture
def portrait(scene, astronaut):
    strip = sequencer.add_image(astronaut, length=120)
    strip.th_role = "SOURCE"
    return strip


@pytest.fixture
def actor(scene, portrait, tmp_path):
    """A movie strip at frame 21 whose track turns the head a little further at each picture."""
    movie = numbered.movie(tmp_path / "actor.mp4", COUNT, 24, 1.0)
    strip = sequencer.add_movie(movie, name="Actor", channel=2, start=21)
    driving.act(portrait, strip)
    driving.remember(portrait, "acting", ramp())
    return strip


@pytest.fixture
def sound(scene, portrait, tmp_path):
    """A sound strip at frame 21: its jaw opens as time passes, 0.1 a second, while all is spoken."""
    if not bpy.app.build_options.audaspace:
        pytest.skip("this Blender was built without sound")
    path = driving.write_vowels(tmp_path / "vowels.wav")
    strip = sequencer.strips().new_sound(name="Voice", filepath=str(path), channel=3, frame_start=21)
    driving.speak(portrait, strip, strength_blinks=0.0, strength_sway=0.0)
    hear(portrait)
    return strip


def ramp():
    return driving.ramp("head_yaw", YAW_A_PICTURE, COUNT)


def hear(portrait):
    jaw = driving.ramp("jaw_open", 0.001, 250)
    driving.remember(portrait, "speech", jaw, Fraction(100), activity=np.ones(250))


def error_of(call) -> object:
    with pytest.raises(talking.shared("errors").TalkingHeadError) as caught:
        call()
    assert caught.value.hint
    return caught.value


def pictures(portrait, frames) -> list[float]:
    """Which place in the driver's pictures the head shows."""
    return (np.array(driving.mixed(portrait, frames)("head_yaw")) / YAW_A_PICTURE).round(3).tolist()


def test_acting_adds_to_the_sliders(portrait, actor):
    portrait.th_head_yaw, portrait.th_mouth_smile = 5.0, 0.5
    column = driving.mixed(portrait, [21, 25, 60])
    assert column("head_yaw") == pytest.approx([5.0, 6.0, 5 + 39 * YAW_A_PICTURE])
    assert column("mouth_smile") == [0.5] * 3


def test_strength_can_be_animated(portrait, actor):
    for frame, value in ((30, 0.0), (40, 2.0)):
        portrait.th_strength_head = value
        portrait.keyframe_insert("th_strength_head", frame=frame)
    for curve in talking.core("compat").fcurves_of(portrait.id_data):
        for key in curve.keyframe_points:
            key.interpolation = "LINEAR"
    assert driving.mixed(portrait, [30, 35, 40])("head_yaw") == pytest.approx([0, 14 * 0.25, 19 * 0.5], abs=1e-3)


def test_switched_off_it_does_nothing(portrait, actor):
    portrait.th_acting_on = False
    assert not talking.core("drivers.drivers").driven(portrait)
    assert driving.mixed(portrait, [25])("head_yaw") == [0.0]


def test_muted_driver_drives(portrait, actor):
    actor.mute = True
    assert pictures(portrait, [25]) == [4]


def test_cut_through_portrait_and_driver_changes_nothing(portrait, actor):
    whole = driving.mixed(portrait, range(21, 61))("head_yaw")
    sequencer.select(portrait, actor)
    with sequencer.override():
        bpy.ops.sequencer.split("EXEC_DEFAULT", frame=41, type="SOFT", side="BOTH")
    pieces = sorted((strip for strip in sequencer.all_strips() if strip.type == "IMAGE"), key=lambda s: s.name)
    assert [strip.frame_final_start for strip in pieces] == [1, 41]
    cut = [
        driving.mixed(piece, frames)("head_yaw")
        for piece, frames in zip(pieces, (range(21, 41), range(41, 61)), strict=True)
    ]
    assert cut[0] + cut[1] == whole


def test_before_and_behind_the_strip_its_ends_are_held_and_eased_to_rest(portrait, actor):
    actor.frame_final_start, actor.frame_final_end = 31, 51
    column = driving.mixed(portrait, range(1, 81))("head_yaw")
    at = {frame: column[frame - 1] for frame in range(1, 81)}
    assert pictures(portrait, [31, 50]) == [10, 29]
    assert at[23] == at[58] == at[80] == 0.0
    assert at[27] == pytest.approx(0.5 * 10 * YAW_A_PICTURE)
    assert at[54] == pytest.approx(0.5 * 29 * YAW_A_PICTURE)
    assert [at[f] for f in range(50, 59)] == sorted((at[f] for f in range(50, 59)), reverse=True)


EDITS = {
    "moved": lambda strip: setattr(strip, "frame_start", 40),
    "trimmed for good": lambda strip: setattr(strip, "animation_offset_start", 7),
    "reversed": lambda strip: setattr(strip, "use_reverse_frames", True),
    "strobe": lambda strip: setattr(strip, "strobe", 3.0),
}


@pytest.mark.parametrize("edit", EDITS)
def test_edited_driver_is_followed_picture_by_picture(portrait, actor, tmp_path, scene, edit):
    EDITS[edit](actor)
    frames = range(actor.frame_final_start, actor.frame_final_end)
    portrait.mute = True
    assert pictures(portrait, frames) == numbered.shown_numbers(scene, frames, tmp_path)


def test_speed_is_followed_between_pictures(portrait, actor):
    sequencer.select(actor)
    with sequencer.override():
        bpy.ops.sequencer.retiming_segment_speed_set("EXEC_DEFAULT", speed=50.0)
    time = talking.core("strips.sources").movie_time(portrait.id_data, actor)
    frames = range(actor.frame_final_start, actor.frame_final_end)
    assert pictures(portrait, frames) == pytest.approx([float(time.position_at(f)) for f in frames], abs=1e-3)
    assert any(place % 1 for place in pictures(portrait, frames))


@pytest.mark.parametrize("fps, fps_base", [(24, 1.001), (25, 1.0), (60, 1.001)])
def test_clip_of_another_rate_is_followed_at_its_own_speed(scene, portrait, tmp_path, fps, fps_base):
    scene.render.fps, scene.render.fps_base = fps, fps_base
    movie = numbered.movie(tmp_path / "ntsc.mp4", COUNT, 30, 1.001)
    strip = sequencer.add_movie_at_own_speed(movie, channel=2, start=21)
    driving.act(portrait, strip)
    driving.remember(portrait, "acting", ramp(), Fraction(30000, 1001))
    frames = range(strip.frame_final_start, strip.frame_final_end)
    places = pictures(portrait, frames)
    exact = [(frame - 21) / (fps / fps_base) * 30000 / 1001 for frame in frames]
    assert places == pytest.approx([min(place, COUNT - 1) for place in exact], abs=1e-3)
    portrait.mute = True
    shown = numbered.shown_numbers(scene, frames, tmp_path)
    assert max(abs(place - picture) for place, picture in zip(places, shown, strict=True)) <= 0.501


def test_image_sequence_has_a_picture_for_each_element(portrait, scene, tmp_path):
    files = numbered.sequence(tmp_path / "pictures", 3)
    strip = numbered.add_sequence(scene, [files[0], files[1], files[0], files[2]], start=5)
    strip.channel = 4
    driving.act(portrait, strip)
    spec = talking.core("drivers.driver_tracks").wanted(scene, portrait, acting_part()).medium.spec
    assert spec.source.files == tuple(str(files[i]) for i in (0, 1, 0, 2))
    assert spec.rate == 24
    driving.remember(portrait, "acting", driving.ramp("head_yaw", YAW_A_PICTURE, 4))
    assert pictures(portrait, range(5, 9)) == [0, 1, 2, 3]


def acting_part():
    return talking.core("drivers.driver_strips").Part.ACTING


def test_single_picture_does_not_act(portrait, astronaut):
    other = sequencer.add_image(astronaut, name="Still", channel=4)
    driving.act(portrait, other)
    assert "does not act" in error_of(lambda: driving.mixed(portrait, [1])).message


def test_file_without_a_strip_begins_with_the_portrait(portrait, actor):
    portrait.th_acting, portrait.th_acting_file = "", actor.filepath
    compat = talking.core("compat")
    compat.set_content_start(portrait, 11)
    driving.remember(portrait, "acting", ramp(), Fraction(12))
    assert pictures(portrait, [11, 13, 21, 90]) == [0, 1, 5, pytest.approx(COUNT - 1)]
    assert driving.mixed(portrait, [110])("head_yaw") == [0.0]


def test_speech_follows_its_sound(portrait, sound):
    column = driving.mixed(portrait, [21, 33, 45, 80])("jaw_open")
    assert column == pytest.approx([0.0, 0.05, 0.1, 59 / 240], abs=2e-4)


def test_trimmed_moved_and_offset_sound(portrait, sound):
    sound.frame_start, sound.frame_final_start = 41, 53
    assert driving.mixed(portrait, [53, 65])("jaw_open") == pytest.approx([0.05, 0.1], abs=2e-4)
    sound.sound_offset = 0.25
    assert driving.mixed(portrait, [53, 65])("jaw_open") == pytest.approx([0.025, 0.075], abs=2e-4)


def test_sound_that_ends_before_its_strip_eases_out_there(portrait, sound):
    sound.frame_final_end = 118
    assert driving.mixed(portrait, [95])("jaw_open")[0] < 0.1
    assert driving.mixed(portrait, [110])("jaw_open") == [0.0]


def test_movie_strip_speaks_with_its_own_sound(portrait, actor):
    portrait.th_acting_on = False
    driving.speak(portrait, actor, strength_blinks=0.0, strength_sway=0.0)
    hear(portrait)
    assert driving.mixed(portrait, [21, 33])("jaw_open") == pytest.approx([0.0, 0.05], abs=2e-4)


def test_both_drivers_share_the_face(portrait, actor, sound):
    driving.remember(portrait, "acting", {**ramp(), "jaw_open": np.full(COUNT, 0.9), "brow": np.full(COUNT, 0.4)})
    column = driving.mixed(portrait, [33])
    assert column("jaw_open") == pytest.approx([0.05], abs=2e-4)
    assert (column("head_yaw"), column("brow")) == ([pytest.approx(3.0)], [pytest.approx(0.4)])


def test_speech_alone_blinks_and_sways(portrait, sound):
    portrait.th_strength_blinks = portrait.th_strength_sway = 1.0
    column = driving.mixed(portrait, range(21, 81))
    assert min(column("eye_open")) < 0.3
    assert np.ptp(column("head_yaw")) > 0.2
    one = driving.mixed(portrait, [40])
    assert one("head_yaw")[0] == column("head_yaw")[19]  # the range does not count
    portrait.th_idle_seed = 7
    assert driving.mixed(portrait, range(21, 81))("head_yaw") != column("head_yaw")


def test_blinks_and_sway_move_with_portrait_and_speech(portrait, sound):
    portrait.th_strength_blinks = portrait.th_strength_sway = 1.0
    before = driving.mixed(portrait, range(21, 81))
    compat = talking.core("compat")
    for strip in (portrait, sound):
        compat.set_content_start(strip, compat.content_start(strip) + 13)
    after = driving.mixed(portrait, range(34, 94))
    for name in ("eye_open", "head_yaw"):
        assert after(name) == pytest.approx(before(name), abs=1e-6)


def test_acting_takes_the_place_of_blinks_and_sway(portrait, actor, sound):
    portrait.th_strength_blinks = portrait.th_strength_sway = 1.0
    column = driving.mixed(portrait, range(21, 61))
    assert set(column("eye_open")) == {1.0}
    assert set(column("head_roll")) == {0.0}


def test_animate_is_not_driven(scene, portrait, actor):
    prepared = talking.core("jobs.builder").prepare(scene, portrait, "STRIP", with_drivers=False)
    assert not prepared.job.performance.values[:, 1].any()


def test_track_that_was_not_read_is_asked_for(portrait, actor):
    portrait.th_acting_smoothing = 0.9
    error = error_of(lambda: driving.mixed(portrait, [21]))
    assert str(error) == "The driver has not been read yet. Press Read Driver."
    assert error.action.value == "READ_DRIVER"
    assert [item.medium.name for item in talking.core("drivers.drivers").pending(portrait.id_data, portrait)] == [
        "Actor"
    ]
    portrait.th_acting_smoothing = 0.5
    assert pictures(portrait, [25]) == [4]


@pytest.mark.parametrize("name, value", [("th_acting_neutral", 3), ("th_acting_smoothing", 0.1)])
def test_settings_that_decide_the_track(portrait, actor, name, value):
    assert not talking.core("drivers.drivers").pending(portrait.id_data, portrait)
    setattr(portrait, name, value)
    assert talking.core("drivers.drivers").pending(portrait.id_data, portrait)


def test_face_of_the_driving_strip_decides_the_track(portrait, actor):
    actor.th_face_index, actor.th_face_picture = 1, 12
    (item,) = talking.core("drivers.drivers").pending(portrait.id_data, portrait)
    assert (item.medium.spec.face.index, item.medium.spec.face.picture) == (1, 12)


def test_changed_file_is_read_again(portrait, actor):
    path = Path(bpy.path.abspath(actor.filepath))
    state = path.stat()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 10**9))
    assert talking.core("drivers.drivers").pending(portrait.id_data, portrait)


def test_missing_file_is_told(portrait, actor):
    Path(bpy.path.abspath(actor.filepath)).unlink()
    error = error_of(lambda: driving.mixed(portrait, [21]))
    assert error.code.value == "SOURCE_MISSING"


def test_moving_the_driver_needs_no_reading(portrait, actor):
    actor.frame_start += 30
    assert not talking.core("drivers.drivers").pending(portrait.id_data, portrait)


def test_another_file_forgets_the_tracks(portrait, actor):
    tracks = talking.core("drivers.driver_tracks")
    assert tracks.shown(portrait, acting_part()) is not None
    before = tracks.changes()
    bpy.ops.wm.read_homefile(use_empty=True)
    assert tracks.changes() > before
    assert not tracks._tracks


def test_neutral_is_the_picture_shown_at_the_frame(scene, portrait, actor):
    sequencer.select(portrait)
    scene.frame_set(33)
    assert bpy.ops.talkinghead.neutral_here() == {"FINISHED"}
    assert portrait.th_acting_neutral == 12
    assert bpy.ops.talkinghead.neutral_automatic() == {"FINISHED"}
    assert portrait.th_acting_neutral == -1
    assert not bpy.ops.talkinghead.neutral_automatic.poll()


def test_retimed_in_parts_must_be_rendered(scene, portrait, actor):
    retime_in_parts(actor)
    wanted = talking.core("drivers.driver_tracks").wanted(scene, portrait, acting_part())
    assert wanted.medium.prerendering.rendering.value.startswith("its pictures")
    assert wanted.medium.spec.source.kind.value == "sequence"


def test_retimed_in_parts_and_played_backwards_is_rendered_again(scene, portrait, actor):
    retime_in_parts(actor)
    driving.remember(portrait, "acting", ramp())
    actor.frame_start += 5
    assert not talking.core("drivers.drivers").pending(scene, portrait)  # moved: it shows the same
    actor.use_reverse_frames = True
    assert talking.core("drivers.drivers").pending(scene, portrait)


@pytest.mark.parametrize("name, value", [("fps", 30), ("fps_base", 1.001)])
def test_previews_see_another_frame_rate(scene, portrait, actor, name, value):
    before = talking.core("drivers.drivers").state_of(portrait)
    setattr(scene.render, name, value)
    assert talking.core("drivers.drivers").state_of(portrait) != before


def retime_in_parts(strip):
    sequencer.select(strip)
    with sequencer.override():
        bpy.ops.sequencer.retiming_key_add("EXEC_DEFAULT", timeline_frame=35)


def test_sound_retimed_in_parts_must_be_mixed(scene, portrait, sound):
    retime_in_parts(sound)
    part = talking.core("drivers.driver_strips").Part.SPEECH
    medium = talking.core("drivers.driver_tracks").wanted(scene, portrait, part).medium
    assert medium.mixdown.path == medium.sound
    hear(portrait)
    assert driving.mixed(portrait, [21, 33])("jaw_open") == pytest.approx([0.0, 0.05], abs=2e-4)
    sound.frame_start += 5
    assert not talking.core("drivers.drivers").pending(scene, portrait)  # moved: it sounds the same
    sound.sound_offset = 0.5
    assert talking.core("drivers.drivers").pending(scene, portrait)


def test_sound_of_a_movie_retimed_in_parts_is_refused(portrait, actor):
    portrait.th_acting_on = False
    driving.speak(portrait, actor)
    retime_in_parts(actor)
    assert "changes on the way" in error_of(lambda: driving.mixed(portrait, [21])).message


def test_driver_that_lies_elsewhere_is_warned_about(scene, portrait, actor):
    assert not talking.core("jobs.builder").prepare(scene, portrait, "STRIP").warnings[1:]
    actor.frame_start = 500
    warnings = talking.core("jobs.builder").prepare(scene, portrait, "STRIP").warnings
    assert "The driver 'Actor' does not lie at the same time" in " ".join(warnings)


def test_renamed_driver_needs_no_reading(portrait, actor):
    actor.name = "Bob"
    assert talking.core("drivers.driver_tracks").shown(portrait, acting_part()) is not None
    assert pictures(portrait, [25]) == [4]
