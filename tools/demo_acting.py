# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second half of the demo: a clip acts the astronaut, a speech moves Hopper, both baked, one key edited."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tools import demo_edit, sample_files
from tools.demo_edit import RATE, Rendered, timed

SECONDS = 6
# The edited key: Hopper raises the brows in the middle of the speech.
EDITED, EDITED_S, EDITED_VALUE = "brow", 2.5, 0.9


def make_acted(output: Path) -> list[Rendered]:
    """Make ``acting.blend`` and ``acting.mp4`` in the folder of the demo."""
    import bpy

    media = output / "media"
    shutil.copy(sample_files.carphone(), media / "actor.mp4")
    said = write_speech(media / "speech.wav")
    scene = demo_edit.empty_edit(RATE * SECONDS)
    bpy.ops.wm.save_as_mainfile(filepath=str(output / "acting.blend"))
    hopper, astronaut = demo_edit.add_portraits(scene)
    add_actor(scene)
    demo_edit.strips_of(scene).new_sound(name="Speech", filepath="//media/speech.wav", channel=9, frame_start=1)
    astronaut.th_acting, astronaut.th_acting_on = "Actor", True
    hopper.th_speech, hopper.th_speech_on = "Speech", True
    if len(said.split()) > len("AEIOU"):  # words, not letter names: the lips can close on every P, B and M
        hopper.th_transcript = said
    rendered = [perform(scene, strip) for strip in (hopper, astronaut)]
    bpy.ops.wm.save_mainfile()
    demo_edit.render_edit(scene, "acting.mp4", sound=True)
    bpy.ops.wm.save_mainfile()
    demo_edit.check(output / "acting.blend")
    return rendered


def write_speech(path: Path) -> str:
    """Have the worker's Python write the speech; gives back what is said."""
    command = [os.environ["TALKINGHEAD_PYTHON"], "-m", "tools.speech_clip", "--output", str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def add_actor(scene: Any) -> None:
    """The actor's clip, small below the astronaut."""
    clip = demo_edit.strips_of(scene).new_movie(
        name="Actor", filepath="//media/actor.mp4", channel=8, frame_start=1, fit_method="ORIGINAL"
    )
    clip.transform.scale_x = clip.transform.scale_y = 1.25
    clip.transform.offset_x, clip.transform.offset_y = 380, -258


def perform(scene: Any, strip: Any) -> Rendered:
    """Animate a portrait whose driver is chosen: button, bake, one key edited on Hopper, button."""
    import bpy

    demo_edit.select(scene, strip)
    name = strip.name
    buttons: Any = bpy.ops.talkinghead  # type: ignore[attr-defined]
    opening_s = timed(buttons.animate_portrait) + timed(buttons.bake_performance)
    strip = scene.sequence_editor.strips_all[name]
    if name == "Hopper":
        setattr(strip, f"th_{EDITED}", EDITED_VALUE)
        strip.keyframe_insert(f"th_{EDITED}", frame=1 + round(EDITED_S * RATE))
    return Rendered(f"{name}, performed", scene.frame_end, opening_s, timed(buttons.render_frames))
