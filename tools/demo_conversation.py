# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The third edit of the demo: two cut-out portraits talk to each other over a background, in three camera set-ups.

Each has a voice that moves the mouth, blinks and sways by itself, and turns, nods and looks by keys. The cuts are keys
of the sources' own transform, which the results follow.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import conversation_sound, demo_edit
from tools.demo_edit import RATE, Rendered, timed

FRAMES = round(RATE * conversation_sound.SECONDS)
Keys = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Shot:
    """A camera set-up from a second on: scale and offset (px, right and up) of each portrait and of the background."""

    start_s: float
    hopper: tuple[float, float, float]
    astronaut: tuple[float, float, float]
    background: tuple[float, float, float]


_BOTH = ((1.3, -310, -60), (2.0, 350, -250), (1.0, 0, 0))
_AWAY = 2000
SHOTS = (
    Shot(0.0, *_BOTH),
    Shot(2.7, (1.3, -_AWAY, 0), (2.6, 120, -300), (1.7, -260, -60)),
    Shot(5.35, (1.8, -60, -110), (2.0, _AWAY, 0), (1.7, 260, -60)),
    Shot(8.1, *_BOTH),
)
# Seconds and values. Each turns to the other, nods while listening and looks up before speaking.
HOPPER: dict[str, Keys] = {
    "head_yaw": ((0, 9), (1.4, 12), (2.4, 8), (4.5, 10), (5.6, 5), (7, 11), (8.2, 9), (10, 11)),
    "head_pitch": ((0, 0), (1, 3), (2.3, -2), (3.3, -4), (3.6, 1), (4.2, -3), (4.6, 1), (6.4, 3), (8.9, -5), (9.3, 0)),
    "head_roll": ((0, 0), (2, -3), (4.4, 2), (6.5, -3), (9, 2)),
    "gaze_x": ((0, 0.5), (1.6, 0.3), (2.2, 0.6), (5.4, 0.6), (6.1, 0.1), (7, 0.6), (10, 0.5)),
    "brow": ((0, 0), (0.5, 0.6), (1.6, 0.1), (2.3, 0.5), (3.4, 0.2), (5.7, 0.6), (7.2, 0), (9, 0.5), (10, 0.2)),
    "mouth_smile": ((0, 0), (2.6, 0.15), (4.5, 0.35), (5.4, 0), (8, 0.1), (9.2, 0.45), (10, 0.5)),
}
ASTRONAUT: dict[str, Keys] = {
    "head_yaw": ((0, -8), (1.5, -11), (2.8, -6), (4.2, -12), (5.4, -9), (8.3, -10), (9, -6), (10, -10)),
    "head_pitch": (
        (0, 0),
        (1.1, -4),
        (1.4, 1),
        (2.2, -2),
        (3.2, 4),
        (4.6, -2),
        (6.2, -3),
        (6.5, 1),
        (8.6, 3),
        (9.6, 0),
    ),
    "head_roll": ((0, 0), (1.2, 3), (3.2, -2), (4.8, 3), (7, -1), (9, 3)),
    "gaze_x": ((0, -0.5), (2.5, -0.5), (3.1, -0.1), (3.9, -0.5), (8.2, -0.6), (8.8, -0.2), (9.4, -0.6)),
    "brow": ((0, 0.1), (1.2, 0.5), (2, 0), (3, 0.7), (4.3, 0.1), (6, 0.4), (7, 0), (8.6, 0.5), (9.5, 0.1)),
}


def make_conversation(output: Path) -> list[Rendered]:
    """Make ``conversation.blend`` and ``conversation.mp4`` in the folder of the demo."""
    import bpy

    media = output / "media"
    said = write_voices(media)
    scene = demo_edit.empty_edit(FRAMES)
    demo_edit.write_background(media / "background.png")
    bpy.ops.wm.save_as_mainfile(filepath=str(output / "conversation.blend"))
    background = demo_edit.add_picture(scene, "Background", "//media/background.png", 1)
    hopper = add_person(scene, "Hopper", "hopper.jpg", 2, said["hopper"])
    astronaut = add_person(scene, "Astronaut", "astronaut.png", 6, said["astronaut"])
    for name, strip in (("hopper", hopper), ("astronaut", astronaut), ("background", background)):
        key_shots(scene, strip, [(shot.start_s, getattr(shot, name)) for shot in SHOTS])
    rendered = [perform(scene, hopper, HOPPER), perform(scene, astronaut, ASTRONAUT)]
    bpy.ops.wm.save_mainfile()
    demo_edit.render_edit(scene, "conversation.mp4", sound=True)
    bpy.ops.wm.save_mainfile()
    demo_edit.check(output / "conversation.blend", sound=True)
    return rendered


def write_voices(folder: Path) -> dict[str, str]:
    """Have the worker's Python write both voices; gives back what each says, "" where that are no words."""
    command = [os.environ["TALKINGHEAD_PYTHON"], "-m", "tools.conversation_sound", "--output", str(folder)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def add_person(scene: Any, name: str, picture: str, channel: int, words: str) -> Any:
    """A portrait that will be cut out, and its voice, which drives it."""
    strip = demo_edit.add_picture(scene, name, f"//media/{picture}", channel)
    strip.th_puppet_cut_out = True
    voice = f"{name} Voice"
    sound = f"//media/{name.lower()}.wav"
    demo_edit.strips_of(scene).new_sound(name=voice, filepath=sound, channel=channel + 10, frame_start=1)
    strip.th_speech, strip.th_speech_on, strip.th_transcript = voice, True, words
    strip.th_idle_seed = channel
    return strip


def key_shots(scene: Any, strip: Any, shots: list[tuple[float, tuple[float, float, float]]]) -> None:
    """Key scale and offset of a strip at each cut; between them nothing moves."""
    transform = strip.transform
    for start_s, (scale, x_px, y_px) in shots:
        transform.scale_x = transform.scale_y = scale
        transform.offset_x, transform.offset_y = x_px, y_px
        for name in ("scale_x", "scale_y", "offset_x", "offset_y"):
            transform.keyframe_insert(name, frame=1 + round(start_s * RATE))
    prefix = transform.path_from_id() + "."
    for curve in demo_edit.curves_of(scene):
        if curve.data_path.startswith(prefix):
            for key in curve.keyframe_points:
                key.interpolation = "CONSTANT"


def perform(scene: Any, strip: Any, performance: Mapping[str, Keys]) -> Rendered:
    """Animate a portrait: button, keys on sliders, button."""
    import bpy

    demo_edit.select(scene, strip)
    name = strip.name
    buttons: Any = bpy.ops.talkinghead  # type: ignore[attr-defined]
    opening_s = timed(buttons.animate_portrait)
    strip = scene.sequence_editor.strips_all[name]
    for control, keys in performance.items():
        for second, value in keys:
            setattr(strip, f"th_{control}", value)
            strip.keyframe_insert(f"th_{control}", frame=1 + round(second * RATE), group="Talking Head")
    return Rendered(f"{name}, in conversation", scene.frame_end, opening_s, timed(buttons.render_frames))
