# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from liveportrait_motion import LinearNetworks, motion, track

from inference.engines.engine import DrivingPlace
from inference.engines.liveportrait.keypoints import BROW_ROWS, EYE_ROWS, LIP_ROWS, MotionTrack
from inference.engines.liveportrait.ratios import Ratios
from inference.engines.liveportrait.transfer import (
    LIP_NEUTRAL,
    REGIONS,
    SUBSET,
    TransferOptions,
    driven,
    finish,
    strengths_of,
)

SOURCE = track(1)
ACTOR = track(10, 11, 12, 13, kp_seed=5)
NEUTRAL = ACTOR.taken([0])
PLAIN = TransferOptions(stitching=False)
OPEN = Ratios(np.array([[0.3, 0.4]]), np.array([0.2]))
ACTORS = Ratios(np.array([[0.1, 0.2], [0.3, 0.3], [0.0, 0.0], [0.4, 0.2]]), np.array([0.0, 0.1, 0.3, 0.2]))


def same(one: MotionTrack, other: MotionTrack, count=4):
    """Whether all frames have exactly this motion."""
    names = ("rotation", "exp", "t", "scale", "kp")
    pairs = [(getattr(one, name), getattr(other, name)) for name in names]
    return all(len(a) == count and np.array_equal(a, np.broadcast_to(b, a.shape)) for a, b in pairs)


def strengths(head=0.0, eyes=0.0, brows=0.0, mouth=0.0, count=4):
    return strengths_of([DrivingPlace(0.0, head, eyes, brows, mouth)] * count)


def changed_rows(found, source=SOURCE):
    return {int(row) for row in np.flatnonzero(np.abs(found.exp - source.exp).max(axis=(0, 2)) > 0)}


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize("region", REGIONS)
def test_at_no_strength_the_source_stays_exactly(region, relative):
    options = replace(PLAIN, region=region, relative=relative, lock_scale=False)
    assert same(driven(SOURCE, ACTOR, NEUTRAL, options, strengths()), SOURCE)


def test_the_neutral_picture_gives_the_source():
    found = driven(SOURCE, NEUTRAL, NEUTRAL, PLAIN)
    assert found.points() == pytest.approx(SOURCE.points(), abs=1e-12)


def test_any_picture_may_be_the_neutral_one():
    found = driven(SOURCE, ACTOR, ACTOR.taken([2]), PLAIN)
    assert found.points()[2] == pytest.approx(SOURCE.points()[0], abs=1e-12)
    assert not np.allclose(found.points()[0], SOURCE.points()[0])


def test_each_strength_moves_its_own_part():
    assert changed_rows(driven(SOURCE, ACTOR, NEUTRAL, PLAIN, strengths(eyes=1))) == set(EYE_ROWS)
    assert changed_rows(driven(SOURCE, ACTOR, NEUTRAL, PLAIN, strengths(brows=1))) == set(BROW_ROWS)
    mouth = driven(SOURCE, ACTOR, NEUTRAL, PLAIN, strengths(mouth=1))
    assert set(LIP_ROWS) <= changed_rows(mouth) and not changed_rows(mouth) & {*EYE_ROWS, *BROW_ROWS, 5}
    assert np.array_equal(mouth.rotation, np.broadcast_to(SOURCE.rotation, (4, 3, 3)))
    head = driven(SOURCE, ACTOR, NEUTRAL, PLAIN, strengths(head=1))
    assert not changed_rows(head) & {*EYE_ROWS, *BROW_ROWS, *LIP_ROWS}
    assert not np.allclose(head.rotation[1], SOURCE.rotation[0]) and not np.allclose(head.t[1], SOURCE.t[0])


def test_strengths_grow_evenly():
    half, full, double = (
        driven(SOURCE, ACTOR, NEUTRAL, PLAIN, strengths(head=s, eyes=s, brows=s, mouth=s)) for s in (0.5, 1.0, 2.0)
    )  # fmt: skip
    assert full.exp - SOURCE.exp == pytest.approx(2 * (half.exp - SOURCE.exp))
    assert double.t - SOURCE.t == pytest.approx(2 * (full.t - SOURCE.t))
    turn = np.swapaxes(SOURCE.rotation, 1, 2)
    assert full.rotation @ turn == pytest.approx(half.rotation @ turn @ half.rotation @ turn)


def test_regions_choose_what_is_used():
    found = {r: driven(SOURCE, ACTOR, NEUTRAL, replace(PLAIN, region=r, lock_scale=False)) for r in REGIONS}
    assert changed_rows(found["all"]) == changed_rows(found["exp"]) == set(range(21))
    assert changed_rows(found["lip"]) == set(LIP_ROWS) and changed_rows(found["eyes"]) == set(EYE_ROWS)
    assert changed_rows(found["pose"]) == set()
    turned = {name for name, motion in found.items() if not np.allclose(motion.rotation, SOURCE.rotation)}
    moved = {name for name, motion in found.items() if not np.allclose(motion.t, SOURCE.t)}
    grown = {name for name, motion in found.items() if not np.allclose(motion.scale, SOURCE.scale)}
    assert turned == moved == grown == {"all", "pose"}
    with pytest.raises(ValueError, match="nose"):
        TransferOptions(region="nose")


def test_the_size_is_locked_unless_it_shall_follow():
    assert (driven(SOURCE, ACTOR, NEUTRAL, PLAIN).scale == SOURCE.scale).all()
    free = driven(SOURCE, ACTOR, NEUTRAL, replace(PLAIN, lock_scale=False))
    assert free.scale == pytest.approx(SOURCE.scale * ACTOR.scale / NEUTRAL.scale)


def test_shifts_fit_the_sizes_of_both_faces():
    fitted = driven(SOURCE, ACTOR, NEUTRAL, PLAIN).t - SOURCE.t
    plain = driven(SOURCE, ACTOR, NEUTRAL, replace(PLAIN, expression_friendly=False)).t - SOURCE.t
    assert plain == pytest.approx(ACTOR.t - NEUTRAL.t)
    assert fitted == pytest.approx(plain * SOURCE.scale / NEUTRAL.scale)


def test_absolute_motion_is_the_actors():
    found = driven(SOURCE, ACTOR, NEUTRAL, replace(PLAIN, relative=False))
    assert found.rotation == pytest.approx(ACTOR.rotation)
    assert found.t == pytest.approx(ACTOR.t)
    assert found.exp[:, SUBSET] == pytest.approx(ACTOR.exp[:, SUBSET])
    assert np.array_equal(found.exp[:, ~SUBSET], np.broadcast_to(SOURCE.exp[:, ~SUBSET], (4, (~SUBSET).sum())))


def test_a_single_picture_is_measured_from_closed_lips():
    found = driven(SOURCE, ACTOR.taken([1]), None, PLAIN)
    assert found.exp == pytest.approx(SOURCE.exp + ACTOR.exp[1] - LIP_NEUTRAL)
    assert found.rotation == pytest.approx(SOURCE.rotation) and found.t == pytest.approx(SOURCE.t)


def test_a_movie_source_is_driven_frame_by_frame():
    movie = track(1, 2, 3, 4)
    found = driven(movie, ACTOR, NEUTRAL, PLAIN)
    for frame in range(4):
        alone = driven(movie.taken([frame]), ACTOR.taken([frame]), NEUTRAL, PLAIN)
        assert found.points()[frame] == pytest.approx(alone.points()[0])


def test_rotations_stay_rotations_at_double_strength():
    wild = MotionTrack.of([motion(seed, turn_deg=60) for seed in range(4)])
    found = driven(SOURCE, wild, wild.taken([0]), PLAIN, strengths(head=2))
    product = found.rotation @ np.swapaxes(found.rotation, 1, 2)
    assert product == pytest.approx(np.broadcast_to(np.eye(3), product.shape), abs=1e-9)


def moved():
    x_s = SOURCE.points()
    return x_s, driven(SOURCE, ACTOR, NEUTRAL, PLAIN).points()


def test_points_at_rest_stay_exactly_through_stitching():
    x_s, _ = moved()
    found = finish(x_s, x_s, TransferOptions(), LinearNetworks())
    assert np.array_equal(found, x_s)


def test_stitching_moves_continuously_away_from_the_source():
    x_s, x_d = moved()
    step = finish(x_s, x_s + 1e-4 * (x_d - x_s), TransferOptions(), LinearNetworks()) - x_s
    assert 0 < np.abs(step).max() < 1e-3


def test_the_multiplier_scales_all_motion():
    x_s, x_d = moved()
    one, other = (finish(x_s, x_d, TransferOptions(multiplier=m), LinearNetworks()) - x_s for m in (1.0, 1.7))
    assert other == pytest.approx(1.7 * one)
    assert np.array_equal(finish(x_s, x_d, TransferOptions(multiplier=0.0), LinearNetworks())[0], x_s[0])


def test_retargeting_keeps_the_driving_motion():
    x_s, x_d = moved()
    options = replace(PLAIN, eye_retargeting=True, lip_retargeting=True)
    found = finish(x_s, x_d, options, LinearNetworks(), OPEN, ACTORS)
    still = finish(x_s, np.repeat(x_s, 4, axis=0), options, LinearNetworks(), OPEN, ACTORS)
    assert found - still == pytest.approx(x_d - x_s)
    dropped = finish(x_s, x_d, replace(options, reference=True), LinearNetworks(), OPEN, ACTORS)
    assert not np.allclose(dropped, found)


def test_eyes_are_asked_to_open_as_far_as_both_of_the_actors():
    networks, (x_s, x_d) = LinearNetworks(), moved()
    finish(x_s, x_d, replace(PLAIN, eye_retargeting=True), networks, OPEN, ACTORS)
    (asked,) = networks.eye_ratios
    assert asked[:, :2] == pytest.approx(np.broadcast_to(OPEN.eyes, (4, 2)))
    assert asked[:, 2] == pytest.approx(ACTORS.eyes.mean(axis=1))


def test_retargeting_weakens_with_the_strengths():
    x_s, x_d = moved()
    options = replace(PLAIN, eye_retargeting=True, lip_retargeting=True)
    none = finish(x_s, x_d, options, LinearNetworks(), OPEN, ACTORS, strengths())
    assert np.array_equal(none, x_s + (x_d - x_s))
    half, full = (
        finish(x_s, x_d, options, LinearNetworks(), OPEN, ACTORS, strengths(eyes=s, mouth=s)) for s in (0.5, 1.0)
    )  # fmt: skip
    assert full - x_d == pytest.approx(2 * (half - x_d))


@pytest.mark.parametrize(("option", "rows"), [("eye_retargeting", {11, 13, 15, 16}), ("lip_retargeting", {17, 19})])
def test_what_is_retargeted_is_not_driven_twice(option, rows):
    """Only openings go: everything else that the actor does there, such as a glance to the side, stays."""
    plain = driven(SOURCE, ACTOR, NEUTRAL, PLAIN).exp
    found = driven(SOURCE, ACTOR, NEUTRAL, replace(PLAIN, **{option: True})).exp
    differing = {int(row) for row in np.flatnonzero(np.abs(found - plain).max(axis=(0, 2)) > 1e-12)}
    assert differing == rows
    assert np.array_equal(found[..., 0], plain[..., 0])


def test_lips_close_gradually_with_how_open_they_are():
    x_s, _ = moved()
    options = replace(PLAIN, normalize_lip=True)

    def offset(opening, reference=False):
        source = Ratios(OPEN.eyes, np.array([opening]))
        return np.abs(finish(x_s, x_s, replace(options, reference=reference), LinearNetworks(), source) - x_s).max()

    assert offset(0.02) == offset(0.03) == 0
    assert 0 < offset(0.031) < 0.1 * offset(0.06)
    assert offset(0.029, reference=True) == 0 < offset(0.031, reference=True)


def test_absolute_motion_does_not_close_lips():
    x_s, x_d = moved()
    options = replace(PLAIN, normalize_lip=True, relative=False)
    assert np.allclose(finish(x_s, x_d, options, LinearNetworks(), OPEN), x_d)


def test_eyes_of_a_movie_stay_open():
    movie = track(1, 2, 3, 4)
    eyes = Ratios(np.array([[0.1, 0.1], [0.3, 0.3], [0.0, 0.0], [0.4, 0.2]]), np.zeros(4))
    networks = LinearNetworks()
    finish(movie.points(), movie.points(), replace(PLAIN, open_source_eyes=True), networks, eyes)
    assert [float(rows[0, 2]) for rows in networks.eye_ratios] == [0.39] * 4
    networks.eye_ratios.clear()
    later = Ratios(eyes.eyes[[1, 2, 3, 0]], eyes.lips)
    finish(movie.points(), movie.points(), replace(PLAIN, open_source_eyes=True), networks, later)
    assert [float(rows[0, 2]) for rows in networks.eye_ratios] == pytest.approx([0.3] * 4)


@pytest.mark.parametrize("option", ["eye_retargeting", "lip_retargeting", "normalize_lip"])
def test_missing_openness_is_told(option):
    x_s, x_d = moved()
    with pytest.raises(ValueError, match="how open"):
        finish(x_s, x_d, replace(PLAIN, **{option: True}), LinearNetworks())


def test_a_movie_is_finished_frame_by_frame():
    movie = track(1, 2, 3, 4)
    x_s, x_d = movie.points(), driven(movie, ACTOR, NEUTRAL, PLAIN).points()
    options = TransferOptions(eye_retargeting=True, normalize_lip=True)
    source = Ratios(ACTORS.eyes[::-1], ACTORS.lips[::-1])
    found = finish(x_s, x_d, options, LinearNetworks(), source, ACTORS)
    for frame in range(4):
        part = slice(frame, frame + 1)
        ratios = (Ratios(r.eyes[part], r.lips[part]) for r in (source, ACTORS))
        assert found[frame] == pytest.approx(finish(x_s[part], x_d[part], options, LinearNetworks(), *ratios)[0])
