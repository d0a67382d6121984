# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.controls import BY_NAME
from inference.workflow.motion_command import Step, keys_of, length, parse
from inference.workflow.plan import Key

TWO_LINES = "1 = 1:10\n2 = 11:32"


def test_the_two_lines_of_the_issue():
    assert parse(TWO_LINES, 2) == ([Step(1, 1, 10), Step(2, 11, 32)], [])


@pytest.mark.parametrize(
    "text",
    ["1=1:10\n2=11:32", "  1  =  1 : 10 \n2 =11: 32", "\n\n1 = 1:10\n\n2 = 11:32\n\n", "1 = 1:10\r\n2 = 11:32\r\n"],
    ids=["no spaces", "many spaces", "empty lines", "CRLF"],
)
def test_spaces_and_empty_lines_do_not_count(text):
    assert parse(text, 2) == parse(TWO_LINES, 2)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("hello", "index = change:keep"),
        ("1 = 5", "index = change:keep"),
        ("1 = a:5", "'a' is not a whole number"),
        ("1 = 2.5:5", "'2.5' is not a whole number"),
        (" = 1:1", "'' is not a whole number"),
        ("3 = 1:1", "no editor 3"),
        ("-1 = 1:1", "no editor -1"),
        ("1 = 0:5", "at least 1 frame"),
        ("1 = -3:5", "at least 1 frame"),
        ("1 = 3:-5", "counted from 0"),
        ("1 = 99999999999999999999999:5", "is not a whole number"),
        ("1 = 999999999:5", "counted from 0"),
    ],
)
def test_a_line_that_is_no_command_is_told_with_its_number(line, reason):
    steps, problems = parse(f"1 = 1:1\n\n{line}\n2 = 1:1", 2)
    assert steps == [Step(1, 1, 1), Step(2, 1, 1)]
    (problem,) = problems
    assert (problem.line, problem.text) == (3, line)
    assert reason in problem.reason


def test_what_the_node_ignores_is_told():
    steps, problems = parse("1 = 2:3:4", 1)
    assert steps == [Step(1, 2, 3)]
    assert [(problem.line, "':4'" in problem.reason) for problem in problems] == [(1, True)]


def test_keys_of_the_two_lines():
    poses = [{"head_yaw": 20.0, "jaw_open": 1.0}, {"jaw_open": 0.5}]
    assert keys_of(parse(TWO_LINES, 2)[0], poses) == [
        *(Key("head_yaw", f, v, "LINEAR") for f, v in [(0, 0.0), (1, 20.0), (11, 20.0), (22, 0.0), (54, 0.0)]),
        *(Key("jaw_open", f, v, "LINEAR") for f, v in [(0, 0.0), (1, 1.0), (11, 1.0), (22, 0.5), (54, 0.5)]),
    ]


def test_a_hold_of_no_frames_has_one_key():
    keys = keys_of([Step(1, 4, 0), Step(0, 2, 5)], [{"eye_open": 0.0}])
    assert [(key.frame, key.value) for key in keys] == [(0, 1.0), (4, 0.0), (6, 1.0), (11, 1.0)]


def test_a_control_that_no_used_pose_moves_has_no_keys():
    assert keys_of([Step(2, 1, 1)], [{"head_yaw": 5.0}, {}]) == []


def node_frames(steps, poses, name):
    """What the node does, frame by frame: adds a part of the new pose and takes off that part of the old one."""
    rest = BY_NAME[name].rest
    accumulated = before = 0.0
    frames = []
    for step in steps:
        target = (poses[step.index - 1].get(name, rest) - rest) if step.index else 0.0
        for _ in range(step.change):
            accumulated += target / step.change - before / step.change
            frames.append(rest + accumulated)
        frames += [rest + accumulated] * step.keep
        before = target
    return frames


@given(
    st.lists(st.builds(Step, st.integers(0, 3), st.integers(1, 30), st.integers(0, 30)), min_size=1, max_size=8),
    st.lists(st.floats(-1, 1), min_size=3, max_size=3),
)
def test_keys_read_at_whole_frames_are_what_the_node_does(steps, values):
    poses = [{"mouth_smile": value} if value else {} for value in values]
    keys = keys_of(steps, poses)
    frames = np.arange(1, length(steps) + 1)
    expected = node_frames(steps, poses, "mouth_smile")
    if not keys:
        assert not any(expected)
        return
    assert [key.frame for key in keys] == sorted({key.frame for key in keys}), "one key a frame, in order"
    read = np.interp(frames, [key.frame for key in keys], [key.value for key in keys])
    np.testing.assert_allclose(read, expected, atol=1e-9)


def test_the_issues_example_read_at_all_its_frames():
    steps, poses = parse(TWO_LINES, 2)[0], [{"head_yaw": 20.0}, {"head_yaw": -10.0}]
    keys = keys_of(steps, poses)
    read = np.interp(np.arange(1, 55), [key.frame for key in keys], [key.value for key in keys])
    np.testing.assert_allclose(read, node_frames(steps, poses, "head_yaw"), atol=1e-9)
    assert len(read) == length(steps) == 54
