# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pickle
from fractions import Fraction

import motion_pickles
import numpy as np
import pytest
from liveportrait_motion import motion

from inference.engines.liveportrait.ratios import Ratios
from inference.engines.liveportrait.template import MotionTemplate, template_content, template_of
from inference.errors import ErrorCode, TalkingHeadError

MOTIONS = [motion(seed) for seed in range(3)]
OPENNESS = Ratios(np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]), np.array([0.1, 0.0, 0.3]))


def written(motions=MOTIONS, fps=25, **more):
    """A template as LivePortrait writes it, without the face's own points: the older form."""
    frames = [motion_pickles.frame(m.rotation(), m.exp, m.scale, tuple(m.t)) for m in motions]
    return motion_pickles.template(frames, fps, **more)


def check_same(found, motions=MOTIONS, kp=True):
    assert len(found) == len(motions)
    for one, other in zip(found, motions, strict=True):
        assert (one.pitch, one.yaw, one.roll) == pytest.approx((other.pitch, other.yaw, other.roll), abs=1e-4)
        assert one.exp == pytest.approx(other.exp, abs=1e-6) and one.t == pytest.approx(other.t, abs=1e-6)
        assert one.scale == pytest.approx(other.scale, abs=1e-6)
        assert one.kp == pytest.approx(other.kp if kp else 0 * other.kp, abs=1e-6)


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30000, 1001), Fraction(25, 2), None])
def test_what_is_written_is_read(rate):
    found = template_of(template_content(MotionTemplate(MOTIONS, rate, OPENNESS)))
    check_same(found.motions)
    assert found.rate == rate
    assert found.openness.eyes == pytest.approx(OPENNESS.eyes) and found.openness.lips == pytest.approx(OPENNESS.lips)


def test_a_written_template_has_liveportraits_form():
    data = pickle.loads(template_content(MotionTemplate(MOTIONS, Fraction(25), OPENNESS)))
    assert data["n_frames"] == 3 and data["output_fps"] == 25
    shapes = {name: value.shape for name, value in data["motion"][0].items()}
    assert shapes == {
        "scale": (1, 1), "R": (1, 3, 3), "exp": (1, 21, 3), "t": (1, 3), "kp": (1, 21, 3), "x_s": (1, 21, 3),
    }  # fmt: skip
    assert {value.dtype for value in data["motion"][0].values()} == {np.dtype(np.float32)}
    assert data["motion"][1]["x_s"][0] == pytest.approx(MOTIONS[1].points(), abs=1e-6)
    assert data["c_eyes_lst"][2] == pytest.approx(OPENNESS.eyes[2:]) and data["c_lip_lst"][2].shape == (1, 1)


def test_templates_of_animals_have_no_openness():
    found = template_of(written())
    check_same(found.motions, kp=False)
    assert found.openness is None
    assert template_of(written(c_eyes_lst=[], c_lip_lst=[])).openness is None


def test_older_names_are_known():
    eyes, lips = [row[None] for row in OPENNESS.eyes], [np.array([[value]]) for value in OPENNESS.lips]
    data = pickle.loads(written(c_d_eyes_lst=eyes, c_d_lip_lst=lips))
    for frame in data["motion"]:
        frame["R_d"] = frame.pop("R")
    found = template_of(pickle.dumps(data))
    check_same(found.motions, kp=False)
    assert found.openness.eyes == pytest.approx(OPENNESS.eyes)


@pytest.mark.parametrize("fps", ["fast", None, 0, float("nan"), 1e9])
def test_a_strange_rate_is_none(fps):
    assert template_of(written(fps=fps)).rate is None


def refusal(content):
    with pytest.raises(TalkingHeadError) as error:
        template_of(content)
    assert error.value.code is ErrorCode.INVALID_REQUEST
    return str(error.value)


def test_what_holds_no_motion_is_refused():
    assert "no motion" in refusal(pickle.dumps({"frames": 3}))
    assert "0 frames" in refusal(written(motions=[]))
    assert "damaged" in refusal(written()[:200])
    assert "3 rows" in refusal(written(c_eyes_lst=[np.zeros((1, 2))], c_lip_lst=[]))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("R", np.zeros((1, 3, 3)), "rotation"),
        ("R", np.full((1, 3, 3), np.nan), "finite"),
        ("scale", np.zeros((1, 1)), "positive"),
        ("exp", np.zeros((1, 20, 3)), "shape"),
        ("t", "left", "numbers"),
    ],
)
def test_impossible_numbers_are_refused(name, value, reason):
    data = pickle.loads(written())
    data["motion"][1][name] = value
    assert reason in refusal(pickle.dumps(data))


def test_nothing_is_run():
    class Evil:
        def __reduce__(self):
            return print, ("run",)

    assert "print" in refusal(pickle.dumps({"motion": [Evil()]}))
