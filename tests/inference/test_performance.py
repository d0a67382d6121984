# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Performances: JSON there and back, and what is refused."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.controls import POSE_CONTROLS, POSE_NAMES, rest_pose
from inference.errors import ErrorCode, TalkingHeadError
from inference.performance import Performance, load, parse_rate, save

NTSC = Fraction(30000, 1001)
poses = st.fixed_dictionaries({}, optional={c.name: st.floats(c.minimum, c.maximum) for c in POSE_CONTROLS})


@given(st.lists(poses, min_size=1, max_size=8), st.fractions(min_value=Fraction(1, 100), max_value=1000))
def test_json_there_and_back(frames, rate):
    performance = Performance.from_poses(rate, frames)
    again = Performance.from_dict(json.loads(json.dumps(performance.to_dict())))
    assert again.rate == rate
    assert np.array_equal(again.values, performance.values)


def test_what_rests_is_not_saved():
    data = Performance.from_poses(NTSC, [{"head_yaw": 1}, {"jaw_open": 0.5}]).to_dict()
    assert data["controls"] == ["head_yaw", "jaw_open"]
    assert data["rate"] == "30000/1001"
    assert data["length"] == 2


def test_pose_by_name():
    performance = Performance.from_poses(NTSC, [{}, {"gaze_x": -1}])
    assert len(performance) == 2
    assert performance.pose(0) == rest_pose()
    assert performance.pose(1)["gaze_x"] == -1.0


def test_values_are_its_own():
    values = np.zeros((2, len(POSE_NAMES)))
    performance = Performance(NTSC, values)
    values[0, 0] = 5.0
    assert performance.values[0, 0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        performance.values[0, 0] = 1.0


GOOD = {
    "format": "talkinghead-performance", "version": 1, "rate": "25", "controls": ["head_yaw"], "frames": [[1.0], [2]]
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"}, {"version": 2}, {"version": True}, {"version": 1.0},
        {"rate": "0"}, {"rate": "-25"}, {"rate": "1/0"}, {"rate": "fast"},
        {"rate": None}, {"rate": "1001"}, {"rate": "1/1001"}, {"rate": "1e-999999999"}, {"rate": "1e999999999"},
        {"controls": ["nose"]}, {"controls": ["strength_head"]},
        {"controls": "head_yaw"}, {"controls": ["head_yaw", "head_yaw"], "frames": [[1, 1]]}, {"frames": []},
        {"frames": None}, {"frames": [[1], [1, 2]]}, {"frames": [1]}, {"frames": [["1"]]}, {"frames": [[None]]},
        {"frames": [[True]]}, {"frames": [[46]]}, {"frames": [[float("nan")]]}, {"frames": [[10**400]]},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_refused(change):
    Performance.from_dict(GOOD)
    with pytest.raises(TalkingHeadError) as caught:
        Performance.from_dict({**GOOD, **change})
    assert caught.value.code is ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"5", b"[" * 100_000], ids=range(6))
def test_files_that_hold_none(tmp_path, content):
    (tmp_path / "p.json").write_bytes(content)
    with pytest.raises(TalkingHeadError) as caught:
        load(tmp_path / "p.json")
    assert caught.value.code is ErrorCode.INVALID_REQUEST


def test_missing_file(tmp_path):
    with pytest.raises(TalkingHeadError) as caught:
        load(tmp_path / "none.json")
    assert caught.value.code is ErrorCode.SOURCE_MISSING


def test_saved_file_is_loaded_again(tmp_path):
    path = tmp_path / "speech.json"
    path.write_text("old")
    performance = Performance.from_poses(NTSC, [{"head_yaw": 0.1}, {"jaw_open": 0.5}])
    save(performance, path)
    again = load(path)
    assert again.rate == NTSC
    assert np.array_equal(again.values, performance.values)
    assert list(tmp_path.iterdir()) == [path]


def test_place_that_cannot_be_written(tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "file").write_text("kept")
    for path in (tmp_path / "file" / "p.json", tmp_path / "taken"):
        with pytest.raises(TalkingHeadError) as caught:
            save(Performance.from_poses(NTSC, [{}]), path)
        assert caught.value.code is ErrorCode.OUTPUT_NOT_WRITABLE
    assert list(tmp_path.rglob("*.part")) == []
    assert (tmp_path / "file").read_text() == "kept"


def test_folders_are_made(tmp_path):
    save(Performance.from_poses(NTSC, [{}]), tmp_path / "a" / "b" / "p.json")
    assert load(tmp_path / "a" / "b" / "p.json").rate == NTSC


def test_rates():
    assert parse_rate("30000/1001") == NTSC
    assert parse_rate(25) == 25
    assert parse_rate("29.97") == Fraction(2997, 100)
