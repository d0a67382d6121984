# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rig's and LivePortrait's own sliders on key points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from liveportrait_motion import LinearNetworks, motion, track

from inference.controls import BY_NAME, names_for, rest_pose
from inference.engines.liveportrait.ratios import Ratios
from inference.engines.liveportrait.sliders import Sliders, face_axes, kept, moved, opened
from inference.workflow import expression_editor, keypoints

NAMES = names_for("liveportrait")
SAMPLED = ("liveportrait_sample_expression", "liveportrait_sample_rotation", "liveportrait_sample_mouth",
           "liveportrait_sample_eyes")  # fmt: skip
NETWORK_ONLY = ("liveportrait_eye_ratio", "liveportrait_lip_ratio")
AXES = face_axes(0.8, 0.0)
SOURCE = track(1)
SAMPLE = motion(7)
OPEN = Ratios(np.array([[0.3, 0.4]]), np.array([0.2]))
EDITOR = st.fixed_dictionaries({name: st.floats(*expression_editor.limits(name)) for name in expression_editor.NAMES})


def of(**values: float) -> Sliders:
    return Sliders.of({**rest_pose(), **values})


def end(name: str, part: float = 1.0) -> float:
    """A value on the way from rest to the end that is farther away."""
    control = BY_NAME[name]
    farthest = max((control.minimum, control.maximum), key=lambda limit: abs(limit - control.rest))
    return control.rest + part * (farthest - control.rest)


def points(pose: dict[str, float]) -> np.ndarray:
    """(21, 3) key points of the source in a pose, with a sample picture."""
    sliders = [of(**pose)]
    placed = moved(kept(SOURCE, sliders), sliders, AXES, SAMPLE).points()
    return (placed + opened(SOURCE.points(), sliders, OPEN, LinearNetworks()))[0]


def test_at_rest_everything_is_exactly_as_it_is():
    sliders = [of(), Sliders.of({})]
    found = moved(kept(SOURCE, sliders), sliders, AXES, SAMPLE)
    for name in ("rotation", "exp", "t", "scale", "kp"):
        np.testing.assert_array_equal(getattr(found, name), np.repeat(getattr(SOURCE, name), 2, axis=0))
    assert not opened(SOURCE.points(), sliders, OPEN, LinearNetworks()).any()
    assert not sliders[0].uses_sample
    assert not sliders[0].exp.any() and not sliders[0].angles_deg.any() and not sliders[0].shift.any()


@pytest.mark.parametrize("name", NAMES)
def test_every_slider_does_something_and_begins_gently(name):
    rest = points({})
    whole = np.abs(points({name: end(name)}) - rest).max()
    assert whole > 1e-4
    for part in (1e-2, 1e-4):
        moved_by = np.abs(points({name: end(name, part)}) - rest).max()
        assert 0 < moved_by < 4 * part * whole, "no jump at rest"


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"head_pitch", "head_yaw", "head_roll", *NETWORK_ONLY, *SAMPLED}))
def test_half_a_slider_is_half_the_way_of_the_expression(name):
    half, whole = of(**{name: end(name, 0.5)}), of(**{name: end(name)})
    np.testing.assert_allclose(half.exp, whole.exp / 2, atol=1e-12)
    np.testing.assert_allclose(half.angles_deg, whole.angles_deg / 2, atol=1e-12)
    np.testing.assert_allclose(half.shift, whole.shift / 2, atol=1e-12)
    assert half.scale - 1 == pytest.approx((whole.scale - 1) / 2)


@given(EDITOR)
def test_what_the_rig_holds_of_the_expression_editor_moves_points_as_it_does(editor):
    pose, losses = expression_editor.to_rig(editor)
    assert not losses
    found = Sliders.of(pose)
    np.testing.assert_allclose(found.exp, keypoints.offsets(editor), atol=1e-9)
    np.testing.assert_allclose(found.angles_deg, keypoints.rotation(editor), atol=1e-9)


def changed(sliders: Sliders) -> dict[int, list[float]]:
    return {int(row): sliders.exp[row].round(9).tolist() for row in np.flatnonzero(np.any(sliders.exp != 0, axis=1))}


def test_the_left_wink_is_the_right_one_in_the_mirror():
    right, left = of(wink_r=1), of(wink_l=1)
    assert changed(right) == {
        3: [0, -0.0075, 0], 11: [0, 0.025, 0], 13: [0, -0.0075, 0], 17: [0.0075, 0.0075, 0]
    }  # fmt: skip
    assert changed(left) == {7: [0, -0.0075, 0], 15: [0, 0.025, 0], 16: [0, -0.0075, 0], 17: [-0.0075, 0.0075, 0]}
    assert right.angles_deg.tolist() == [0, -2.5, -2.5]
    assert left.angles_deg.tolist() == [0, 2.5, 2.5]


def test_both_winks_lean_the_head_no_way():
    assert not of(wink_l=1, wink_r=1).angles_deg.any()


def test_one_brow_counts_half():
    both = of(brow=0.6).exp
    np.testing.assert_allclose(of(brow_l=0.6, brow_r=0.6).exp, both, atol=1e-12)
    np.testing.assert_allclose(of(brow_l=0.6).exp, both / 2, atol=1e-12)
    np.testing.assert_allclose(of(brow_r=0.6).exp, both / 2, atol=1e-12)
    np.testing.assert_allclose(of(brow=-0.4, brow_l=1).exp, of(brow=0.1).exp, atol=1e-12)


def test_ends_of_the_image_editors_sliders():
    assert changed(of(liveportrait_pout=1)) == {19: [0.09, 0, 0]}
    np.testing.assert_allclose(of(liveportrait_purse=1).exp, keypoints.offsets({"woo": 15}), atol=1e-12)
    np.testing.assert_allclose(of(liveportrait_grin=1).exp, keypoints.offsets({"eee": 15}), atol=1e-12)
    open_lips = of(liveportrait_lip_open=1)
    np.testing.assert_allclose(open_lips.exp, keypoints.offsets({"aaa": 120}), atol=1e-12)
    assert not open_lips.angles_deg.any(), "unlike the jaw, it leaves the head"
    assert of(jaw_open=1).angles_deg.tolist() == [-6, 0, 0]


def test_sliders_of_one_region_add_up():
    together = of(jaw_open=0.5, mouth_close=0.2, liveportrait_lip_open=0.3, liveportrait_grin=0.5, mouth_wide=0.5)
    alone = [of(jaw_open=0.5), of(mouth_close=0.2), of(liveportrait_lip_open=0.3), of(liveportrait_grin=0.5),
             of(mouth_wide=0.5)]  # fmt: skip
    np.testing.assert_allclose(together.exp, sum(one.exp for one in alone), atol=1e-12)


def test_the_head_moves_along_the_pictures_axes():
    sliders = [of(head_x=0.5, head_y=0.25, head_scale=1.5)]
    found = moved(SOURCE, sliders, face_axes(0.8, 0.0))
    np.testing.assert_allclose(found.t - SOURCE.t, [[0.4, -0.2, 0.0]], atol=1e-12)  # y is down
    assert found.scale == pytest.approx(SOURCE.scale * 1.5)
    # In a crop that stands on its head, the picture's right is the crop's left.
    turned = moved(SOURCE, sliders, face_axes(0.8, math.pi))
    np.testing.assert_allclose(turned.t - SOURCE.t, [[-0.4, 0.2, 0.0]], atol=1e-12)
    # In a crop whose x axis points down in the picture, right is up.
    quarter = moved(SOURCE, [of(head_x=0.5)], face_axes(1.0, math.pi / 2))
    np.testing.assert_allclose(quarter.t - SOURCE.t, [[0.0, -0.5, 0.0]], atol=1e-12)


def test_angles_are_added_to_the_sources():
    source, sliders = motion(3), [of(head_pitch=5, head_yaw=-7, head_roll=2)]
    found = moved(track(3), sliders, AXES).motion(0)
    wanted = [source.pitch - 5, source.yaw + 7, source.roll + 2]
    assert [found.pitch, found.yaw, found.roll] == pytest.approx(wanted)


def test_the_sources_own_expression_goes_but_for_the_neck():
    exp = SOURCE.exp[0]
    found = kept(SOURCE, [of(liveportrait_source_ratio=0.25), of()]).exp
    wanted = exp * 0.25
    wanted[5] = exp[5]
    np.testing.assert_allclose(found[0], wanted)
    np.testing.assert_array_equal(found[1], exp)


@pytest.mark.parametrize(
    ("name", "rows"),
    [("expression", range(21)), ("mouth", (14, 17, 19, 20)), ("eyes", (1, 2, 11, 13, 15, 16)), ("rotation", ())],
)
def test_parts_of_the_sample_picture(name, rows):
    sliders = [of(**{f"liveportrait_sample_{name}": 0.5})]
    found = moved(SOURCE, sliders, AXES, SAMPLE)
    wanted = np.zeros((21, 3))
    wanted[list(rows)] = 0.5 * SAMPLE.exp[list(rows)]
    wanted[5, :2] = 0
    np.testing.assert_allclose(found.exp[0] - SOURCE.exp[0], wanted, atol=1e-12)
    turned = np.array([found.motion(0).pitch - SOURCE.motion(0).pitch, found.motion(0).yaw - SOURCE.motion(0).yaw])
    half = 0.5 * (name == "rotation")
    np.testing.assert_allclose(turned, [half * SAMPLE.pitch, half * SAMPLE.yaw], atol=1e-9)
    assert sliders[0].uses_sample
    np.testing.assert_array_equal(moved(SOURCE, sliders, AXES).exp, SOURCE.exp)  # without a sample picture


class Asked(LinearNetworks):
    """Remembers what openness was asked for."""

    def __init__(self):
        super().__init__()
        self.eyes, self.lips = [], []

    def eye(self, x_s, ratios):
        self.eyes.append(ratios.tolist())
        return super().eye(x_s, ratios)

    def lip(self, x_s, ratios):
        self.lips.append(ratios.tolist())
        return super().lip(x_s, ratios)


def test_openness_is_asked_for_relative_to_the_sources():
    asked = Asked()
    opened(SOURCE.points(), [of(liveportrait_eye_ratio=0.1, liveportrait_lip_ratio=0.3), of()], OPEN, asked)
    np.testing.assert_allclose(asked.eyes, [[[0.3, 0.4, 0.45], [0.3, 0.4, 0.35]], [[0.3, 0.4, 0.35]] * 2])
    np.testing.assert_allclose(asked.lips, [[[0.2, 0.5], [0.2, 0.2]], [[0.2, 0.2]] * 2])


@pytest.mark.parametrize(("close", "wanted"), [(0.5, 0.1), (1.0, 0.0)])
def test_mouth_close_closes_the_sources_lips(close, wanted):
    asked = Asked()
    opened(SOURCE.points(), [of(mouth_close=close)], OPEN, asked)
    np.testing.assert_allclose(asked.lips[0], [[0.2, wanted]])
    assert not asked.eyes


def test_no_openness_below_zero_is_asked_for():
    asked = Asked()
    opened(SOURCE.points(), [of(liveportrait_lip_ratio=-0.8, liveportrait_eye_ratio=-0.8)], OPEN, asked)
    assert (asked.eyes[0][0][2], asked.lips[0][0][1]) == (0, 0)


def test_networks_are_left_alone_at_rest():
    asked = Asked()
    opened(SOURCE.points(), [of(jaw_open=1)], OPEN, asked)
    assert not asked.eyes and not asked.lips
