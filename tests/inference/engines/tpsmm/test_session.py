# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames of still and moving sources: what moves, what stays, what is passed through. The networks are stand-ins."""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import cv2
import numpy as np
import pytest
from acting_clips import carphone
from faces import picture
from tpsmm_stand_in import Clip, StandInModel, blob, frame, frames, open_session, place

from inference.controls import pose_from
from inference.engines.engine import FrameRequest, Quality
from inference.engines.tpsmm.motion import hull_size
from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.media.picture import Alpha, Picture

TURN = {"tpsmm_turn": 6.0}
WHOLE = {"area": "whole"}


def astronaut() -> Picture:
    return Picture(picture("astronaut"))


def shot(count: int) -> list[Picture]:
    return [Picture(pixels) for pixels in carphone()[:count]]


def spots(*places: float) -> Clip:
    """A clip shown whole of a spot at some places."""
    return Clip([blob(x) for x in places], True, smoothing=0.0)


def changed(one: Picture, other: Picture) -> np.ndarray:
    """(H, W) bool."""
    return (one.pixels != other.pixels).any(axis=2)


def middle(made: Picture) -> tuple[float, float]:
    """Where the bright spot of a picture is, -1 to 1."""
    grey = made.pixels[..., :3].mean(axis=2).astype(np.float64) ** 3
    places = [np.linspace(-1, 1, extent) for extent in (grey.shape[1], grey.shape[0])]
    return float(grey.sum(axis=0) @ places[0] / grey.sum()), float(grey.sum(axis=1) @ places[1] / grey.sum())


@pytest.mark.parametrize("area", ["face", "body", "whole"])
def test_at_rest_the_source_comes_back_and_no_network_runs(area):
    model = StandInModel()
    session = open_session([astronaut()], {"area": area}, model=model)
    assert frame(session).pixels is picture("astronaut")
    # A gain has nothing to make larger without a driver.
    assert frame(session, tpsmm_gain=2.0).pixels is picture("astronaut")
    assert (model.encoded, model.looked, model.drawn) == ([], [], [])


def test_only_the_square_around_the_face_changes():
    moved = changed(frame(open_session([astronaut()], {"crop_scale": 1.5}), **TURN), astronaut())
    rows, columns = np.flatnonzero(moved.any(axis=1)), np.flatnonzero(moved.any(axis=0))
    assert moved.mean() > 0.03
    assert np.ptp(rows) < 200 and np.ptp(columns) < 200


@pytest.mark.parametrize("resolution", ["source", "network"])
def test_moves_in_the_plane(resolution):
    settings = {**WHOLE, "resolution": resolution}
    source = Picture(blob(0.0))
    session = open_session([source], settings)
    assert middle(frame(session, tpsmm_move_x=0.3))[0] == pytest.approx(0.3, abs=0.06)
    assert middle(frame(session, tpsmm_move_y=0.3))[1] == pytest.approx(-0.3, abs=0.06)
    larger = frame(session, tpsmm_scale=1.5).pixels
    assert (larger > 128).sum() > 1.8 * (source.pixels > 128).sum()


def test_relative_motion_is_measured_from_the_neutral_picture():
    session = open_session([Picture(blob(0.2))], WHOLE, spots(-0.4, -0.2, 0.0))
    at = [middle(frame(session, driving=place(position)))[0] for position in (0.0, 1.0, 1.5, 2.0)]
    assert at[0] == pytest.approx(0.2, abs=0.05)
    assert at[1] == pytest.approx(0.4, abs=0.08) and at[3] == pytest.approx(0.6, abs=0.08)
    assert at[2] == pytest.approx((at[1] + at[3]) / 2, abs=0.03)


def test_the_reference_may_be_another_picture():
    settings = {**WHOLE, "reference": "first"}
    clip = spots(-0.4, -0.2, 0.0)
    clip.neutral = 2
    neutral = middle(frame(open_session([Picture(blob(0.2))], WHOLE, clip), driving=place(1.0)))[0]
    first = middle(frame(open_session([Picture(blob(0.2))], settings, clip), driving=place(1.0)))[0]
    assert neutral == pytest.approx(0.0, abs=0.05) and first == pytest.approx(0.4, abs=0.05)


def test_the_best_match_is_the_reference_of_shapes_that_change():
    clip = Clip([blob(0.0, stretch=0.6), blob(-0.3), blob(0.0, stretch=1.7)], True, smoothing=0.0)
    model = StandInModel()
    session = open_session([Picture(blob(0.3))], {**WHOLE, "reference": "best"}, clip, model=model)
    frame(session, driving=place(1.0))
    assert session._targets._reference_picture == 1
    assert np.abs(model.wanted[-1] - session._sources.of(0, Quality.FINAL).kp).max() < 1e-5


def test_the_best_match_of_faces_is_found_by_landmarks():
    pictures = carphone()[:60:12]
    session = open_session([Picture(pictures[3])], {"reference": "best"}, Clip(pictures))
    frame(session, driving=place(0.0))
    assert session._targets._reference_picture == 3


def test_standard_motion_takes_the_drivers_place():
    session = open_session([Picture(blob(0.3))], {**WHOLE, "mode": "standard"}, spots(-0.4, -0.2))
    assert middle(frame(session, driving=place(0.0)))[0] == pytest.approx(-0.4, abs=0.1)


def test_disentangled_motion_asks_the_network():
    model = StandInModel()
    session = open_session([Picture(blob(0.4))], {**WHOLE, "mode": "avd"}, spots(-0.4, -0.2), model=model)
    frame(session, driving=place(0.0))
    view = session._sources.of(0, Quality.FINAL)
    driving = session._driving.at([0.0], Quality.FINAL)[0]
    assert np.allclose(model.wanted[-1], (view.kp + driving) / 2, atol=1e-6)


def test_strength_and_gain_scale_the_drivers_motion():
    session = open_session([Picture(blob(0.0))], WHOLE, spots(0.0, 0.2))
    plain, half, double = (
        middle(frame(session, driving=place(1.0, strength), tpsmm_gain=gain))[0]
        for strength, gain in ((1.0, 1.0), (0.5, 1.0), (1.0, 2.0))
    )
    assert plain == pytest.approx(0.2, abs=0.04)
    assert half == pytest.approx(0.1, abs=0.04) and double == pytest.approx(0.4, abs=0.05)


def test_a_larger_figure_moves_further():
    model = StandInModel()
    small, large = Picture(blob(0.0, radius=0.12)), Picture(blob(0.0, radius=0.3))
    moves = []
    for source in (small, large):
        session = open_session([source], WHOLE, spots(0.0, 0.2), model=model)
        frame(session, driving=place(1.0))
        view = session._sources.of(0, Quality.FINAL)
        moves.append((hull_size(view.kp), float((model.wanted[-1] - view.kp).mean(axis=0)[0])))
    assert moves[1][1] / moves[0][1] == pytest.approx(moves[1][0] / moves[0][0], rel=1e-3)


def test_the_background_follows_the_camera_when_asked():
    for follows in (False, True):
        model = StandInModel()
        clip = Clip([blob(0.0), np.full((120, 160, 3), 200, np.uint8)], True, smoothing=0.0)
        session = open_session([Picture(blob(0.0))], {**WHOLE, "background": follows}, clip, model=model)
        for position, strength in ((0.0, 1.0), (1.0, 1.0), (0.5, 1.0), (1.0, 0.25)):
            frame(session, driving=place(position, strength))
        if not follows:
            assert model.backgrounds == [None] * 4
            continue
        rest, full, between, quarter = (float(moved[0, 2]) for moved in model.backgrounds)
        assert abs(rest) < 1e-6 and full > 0.1
        assert between == pytest.approx(full / 2) and quarter == pytest.approx(full / 4)


def test_the_rig_moves_key_points_through_the_puppet():
    model = StandInModel()
    session = open_session([astronaut()], model=model)
    assert changed(frame(session, head_yaw=15.0), astronaut()).any()
    view = session._sources.of(0, Quality.FINAL)
    right = model.wanted[-1] - view.kp
    frame(session, head_yaw=-15.0)
    left = model.wanted[-1] - view.kp
    assert np.abs(right).max() > 0.003
    assert float((right * left).sum()) < 0
    looked = len(model.looked)
    frame(session, head_yaw=15.0)
    assert len(model.looked) == looked  # acted once


def test_the_rig_adds_to_the_clip_and_to_moves_in_the_plane():
    model = StandInModel()
    session = open_session([astronaut()], {}, Clip(carphone()[:2], smoothing=0.0), model=model)
    wanted = []
    for sliders, driving in (({"head_yaw": 15.0}, None), ({}, place(1.0)), ({"head_yaw": 15.0}, place(1.0))):
        frame(session, driving=driving, **sliders)
        wanted.append(model.wanted[-1] - session._sources.of(0, Quality.FINAL).kp)
    assert np.allclose(wanted[2], wanted[0] + wanted[1], atol=1e-5)
    frame(session, head_yaw=15.0, tpsmm_move_x=0.1)
    moved = model.wanted[-1] - session._sources.of(0, Quality.FINAL).kp
    assert np.allclose(moved, wanted[0] + [0.1, 0], atol=1e-5)


def test_the_chosen_face_of_several_is_acted():
    both = Picture(np.hstack([picture("hopper")[:512], picture("astronaut")]))
    model = StandInModel()
    session = open_session([both], {"crop_scale": 2.5}, model=model)
    frame(session, head_yaw=15.0)
    assert np.abs(model.wanted[-1] - session._sources.of(0, Quality.FINAL).kp).max() > 0.002
    assert session.warnings == []


def test_without_a_face_sliders_are_ignored_with_a_word():
    session = open_session([Picture(blob(0.0))], WHOLE)
    first = frame(session, head_yaw=15.0)
    assert not changed(first, Picture(blob(0.0))).any()
    frame(session, jaw_open=0.5)
    assert session.warnings == [
        "There is no face in the source that is large enough; sliders of head and face move nothing."
    ]
    assert changed(frame(session, head_yaw=15.0, tpsmm_move_x=0.2), Picture(blob(0.0))).any()


def test_the_area_body_needs_no_face_and_face_does():
    empty = Picture(np.full((200, 200, 3), 60, np.uint8))
    session = open_session([empty], {"area": "body"})
    assert session.warnings == ["No person was found in the source; all of the picture is animated."]
    with pytest.raises(TalkingHeadError) as caught:
        open_session([empty])
    assert caught.value.code is ErrorCode.NO_FACE and caught.value.action is Action.PLACE_POINTS


def test_a_figure_that_is_cut_out_is_framed_by_its_transparency():
    rgba = np.zeros((300, 400, 4), np.uint8)
    rgba[100:200, 150:200] = (90, 60, 30, 255)
    area = open_session([Picture(rgba, Alpha.STRAIGHT)], {"area": "body"})._sources.chosen_area
    assert (area.left + area.width / 2, area.top + area.height / 2, area.width) == (174.5, 149.5, 120)


def test_the_size_is_the_trained_one_or_as_set():
    for settings, size in (
        ({}, 256),
        ({"model": "ted"}, 384),
        ({"size": "512"}, 512),
        ({"model": "ted", "size": "256"}, 256),
    ):
        model = StandInModel()
        frame(open_session([Picture(blob(0.0))], {**WHOLE, **settings}, model=model), tpsmm_move_x=0.1)
        assert model.encoded == [size]


def test_the_same_frame_is_drawn_once_and_a_still_is_encoded_once():
    model = StandInModel()
    session = open_session([astronaut()], model=model)
    poses = [TURN, TURN, {"tpsmm_turn": 2.0}, {}, TURN]
    made = frames(session, [FrameRequest(n, 0, pose_from(pose)) for n, pose in enumerate(poses)])
    assert model.drawn == [1, 1, 1] and model.encoded == [256]
    assert np.array_equal(made[0].pixels, made[4].pixels) and not np.array_equal(made[0].pixels, made[2].pixels)


def test_a_graphics_card_draws_frames_together():
    cpu, gpu = StandInModel("cpu"), StandInModel("cuda")
    requests = [FrameRequest(n, 0, pose_from({"tpsmm_turn": float(n)})) for n in range(1, 12)]
    each = [frames(open_session([astronaut()], model=model), requests) for model in (cpu, gpu)]
    assert cpu.drawn == [1] * 11 and gpu.drawn == [8, 3]
    assert all(np.array_equal(each[0][n].pixels, each[1][n].pixels) for n in range(1, 12))


def test_frames_come_in_order_and_unchanging():
    session = open_session([astronaut()])
    requests = [FrameRequest(n, 0, pose_from({"tpsmm_turn": float(n % 3)})) for n in range(9)]
    seen, sums = [], []
    for index, made in session.frames(requests, Quality.FINAL):
        seen.append((index, made))
        sums.append(int(made.pixels.sum()))
    assert [index for index, _ in seen] == list(range(9))
    assert [int(made.pixels.sum()) for _, made in seen] == sums


@pytest.mark.parametrize("area", ["face", "body"])
def test_a_frame_is_the_same_alone_and_in_a_range(area):
    def opened() -> object:
        return open_session(shot(8), {"area": area}, Clip(carphone()[20:28], area == "body"))

    pose = pose_from({"tpsmm_turn": 3.0, "head_yaw": 5.0})
    requests = [FrameRequest(n, n, pose, driving=place(0.7 * n)) for n in range(8)]
    whole = frames(opened(), requests)
    for number in (0, 5):
        assert np.array_equal(frames(opened(), [requests[number]])[number].pixels, whole[number].pixels)


def test_the_square_follows_the_face_and_stays_around_a_body():
    session = open_session([Picture(pixels) for pixels in carphone()[:90:30]])
    areas = [session._sources.of(number, Quality.FINAL).area for number in range(3)]
    assert len(set(areas)) == 3
    session = open_session(shot(3), {"area": "body"})
    assert len({session._sources.of(number, Quality.FINAL).area for number in range(3)}) == 1


def test_pictures_without_a_face_are_passed_through_with_a_warning():
    grey = Picture(np.full((144, 176, 3), 90, np.uint8))
    session = open_session([*shot(2), grey, *shot(2)])
    made = frames(session, [FrameRequest(n, n, pose_from(TURN)) for n in range(5)])
    assert made[2].pixels is grey.pixels
    assert "The face was lost in picture 3; it is passed through unchanged." in session.warnings


def test_an_actors_lost_face_is_told():
    grey = np.full((144, 176, 3), 90, np.uint8)
    session = open_session([astronaut()], {}, Clip([*carphone()[:3], grey], lost=(3,)))
    assert session.warnings == ["The actor's face was lost in 1 picture of the driving clip; its motion is held there."]


def test_people_who_are_not_in_the_clip_are_told():
    session = open_session([astronaut()], {"area": "body"}, Clip([np.zeros((60, 80, 3), np.uint8)] * 2, True))
    frame(session, driving=place(1.0))
    assert session.warnings == ["No person was found in the driving clip; all of its picture is followed."]


def test_cut_out_gives_alpha_also_at_rest():
    session = open_session([astronaut()], {"cut_out": True})
    for pose in ({}, TURN):
        made = frame(session, **pose)
        assert made.alpha is Alpha.STRAIGHT and made.pixels.shape == (512, 512, 4)
        assert made.pixels[100, 225, 3] == 255 and made.pixels[20, 400, 3] == 0
    assert np.array_equal(frame(session).pixels[100, 225, :3], picture("astronaut")[100, 225])


def test_a_body_is_cut_out_without_a_face_and_a_drawing_told():
    made = frame(open_session([astronaut()], {"area": "body", "cut_out": True}), tpsmm_move_x=0.02)
    assert made.pixels[300, 200, 3] > 250 and made.pixels[20, 400, 3] == 0
    session = open_session([Picture(np.full((200, 200, 3), 60, np.uint8))], {**WHOLE, "cut_out": True})
    frame(session)
    assert session.warnings == ["No person was found who could be cut out."]


@pytest.mark.parametrize(
    ("factor", "settings", "text"),
    [
        (0.35, {}, "px large"),
        (4.0, {"resolution": "network"}, "The network draws 256 px"),
        (1.0, {"crop_scale": 3.2}, "outside of the picture"),
    ],
)
def test_what_makes_the_result_worse_is_told(factor, settings, text):
    sized = cv2.resize(picture("astronaut"), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    assert any(text in sentence for sentence in open_session([Picture(sized)], settings).warnings)
    assert open_session([astronaut()]).warnings == []


def test_half_precision_that_fails_is_told():
    model = StandInModel()
    model.half = "16 bit"
    session = open_session([astronaut()], model=model)
    frame(session, **TURN)
    assert session.warnings == []
    model.half = None
    frame(session, tpsmm_turn=1.0)
    assert session.warnings == ["Half precision fails on this device; full precision is used."]


def test_a_preview_of_a_moving_source_reads_no_neighbours():
    session = open_session(shot(8))
    reader = session._sources._pictures
    reader.reads.clear()
    frame(session, 4, Quality.PREVIEW, **TURN)
    assert set(reader.reads) == {4}
    frame(session, 4, **TURN)
    assert set(reader.reads) == set(range(1, 8))


def test_a_canceled_clip_ends_the_frame():
    clip = Clip([blob(0.0)] * 20, True, cancel_at=8)
    session = open_session([Picture(blob(0.0))], WHOLE, clip)
    with pytest.raises(TalkingHeadError) as caught:
        frame(session, driving=place(3.0))
    assert caught.value.code is ErrorCode.CANCELLED


def test_memory_does_not_grow_with_the_clip():
    session = open_session(shot(60), WHOLE, Clip(carphone()[:60], True))
    requests = (FrameRequest(n, n, pose_from(TURN), driving=place(float(n))) for n in range(60))
    tracemalloc.start()
    try:
        held = [tracemalloc.get_traced_memory()[0] for _ in session.frames(requests, Quality.FINAL)]
    finally:
        tracemalloc.stop()
    slope = np.polyfit(np.arange(40), held[20:], 1)[0]
    print(f"memory grows by {slope / 1e3:.2f} kB a frame")
    assert abs(slope) < 5e3


def test_a_closed_session_lets_go_of_its_pictures():
    session = open_session(shot(3))
    for number in range(3):
        frame(session, number, **TURN)
    kept = [weakref.ref(view) for view in session._sources._kept.values()]
    assert len(kept) == 2 and len(session._last) == 1
    session.close()
    gc.collect()
    assert not any(reference() for reference in kept)
