# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command text of the ``AdvancedLivePortrait`` node, and the keys that it stands for.

One command a line: ``index = change:keep``. Over ``change`` frames the face goes evenly from where it is to the pose
of that index (0 is neutral, k the k-th editor of the chain), then it stays for ``keep`` frames. The first command
starts from neutral, at frame 0; the first frame of the film is frame 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..controls import BY_NAME, POSE_NAMES
from .plan import LINEAR, Key

MOST_FRAMES = 1_000_000
MOST_DIGITS = 20
NO_POSE: Mapping[str, float] = {}


@dataclass(frozen=True)
class Step:
    """One command: fade to a pose over ``change`` frames, then hold it for ``keep`` frames."""

    index: int
    change: int
    keep: int


@dataclass(frozen=True)
class Problem:
    """A line that cannot be followed."""

    line: int
    text: str
    reason: str


def parse(text: str, poses: int) -> tuple[list[Step], list[Problem]]:
    """Read a command text.

    Args:
        poses: how many editors the chain has; indices go from 0 to this number.

    Returns:
        The commands, and the lines that are none: the node refuses the whole text then, here the others still count.
    """
    steps: list[Step] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if not line.strip():
            continue
        try:
            steps.append(_step(line, poses))
        except ValueError as error:
            problems.append(Problem(number, line, str(error)))
            continue
        if rest := _ignored(line):
            problems.append(Problem(number, line, f"'{rest}' is ignored, as the node does"))
    return steps, problems


def _step(line: str, poses: int) -> Step:
    parts = line.split("=")
    times = parts[1].split(":") if len(parts) > 1 else []
    if len(times) < 2:
        raise ValueError("a command is written 'index = change:keep', such as '1 = 5:10'")
    index, change, keep = (_whole(part) for part in (parts[0], times[0], times[1]))
    if not 0 <= index <= poses:
        there = f"there are {poses}" if poses != 1 else "there is 1"
        raise ValueError(f"there is no editor {index} in the chain ({there})")
    if change < 1:
        raise ValueError("a fade takes at least 1 frame")
    if keep < 0 or change + keep > MOST_FRAMES:
        raise ValueError(f"frames are counted from 0 to {MOST_FRAMES}")
    return Step(index, change, keep)


def _whole(text: str) -> int:
    digits = text.strip()
    if not digits.lstrip("+-").isdecimal() or len(digits) > MOST_DIGITS:
        raise ValueError(f"'{digits[:MOST_DIGITS]}' is not a whole number")
    return int(digits)


def _ignored(line: str) -> str:
    parts = line.split("=")
    more_times = parts[1].split(":")[2:]
    return "".join([f":{part}" for part in more_times] + [f"={part}" for part in parts[2:]]).rstrip()


def length(steps: Sequence[Step]) -> int:
    """Frames of the whole text."""
    return sum(step.change + step.keep for step in steps)


def keys_of(
    steps: Sequence[Step], poses: Sequence[Mapping[str, float]], neutral: Mapping[str, float] = NO_POSE
) -> list[Key]:
    """The keys of commands, for every control that one of the used poses moves.

    Args:
        poses: controls that do not rest, by name; pose k - 1 is the one that index k means.
        neutral: the same of the pose that index 0 means, from which the first command starts.

    Returns:
        Keys in the order of the controls, then of time, all linear. A fade ends and a hold ends with a key; a hold of
        no frames has none of its own.
    """
    used = [neutral, *(poses[step.index - 1] if step.index else neutral for step in steps)]
    moving = [name for name in POSE_NAMES if any(name in pose for pose in used)]
    return [key for name in moving for key in _curve(name, steps, used)]


def _curve(name: str, steps: Sequence[Step], poses: Sequence[Mapping[str, float]]) -> list[Key]:
    """Keys of one control; the first pose is the one at frame 0, the others are those of the steps."""
    start, *values = [pose.get(name, BY_NAME[name].rest) for pose in poses]
    keys = [Key(name, 0, start, LINEAR)]
    frame = 0
    for step, reached in zip(steps, values, strict=True):
        frame += step.change
        keys.append(Key(name, frame, reached, LINEAR))
        if step.keep:
            frame += step.keep
            keys.append(Key(name, frame, reached, LINEAR))
    return keys
