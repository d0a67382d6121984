# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sound that an engine listened to in a saved job speaks again for the strip that is made of it.

What else the speech gave, blinks and sway, is in the job's sliders already.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ...inference.acting import ExactSpeech
from .. import compat
from ..drivers import driver_media, driver_strips
from ..drivers.driver_strips import Part
from . import sampling
from .channels import free_channel
from .rebuild_acting import set_strength, shown_frames

# Places in the sound, in seconds, that are one.
_SAME_S = 1e-3
_LOST = "The sound that the engine listened to (Exact) is not there again: {reason}."


def rebuild_speech(scene: Any, strip: Any, heard: ExactSpeech, first_frame: int) -> str:
    """Let the sound of a saved job speak: as a file where it began with the strip, else as a sound strip.

    Args:
        first_frame: timeline frame of the job's first frame.

    Returns:
        A sentence that says what is missing; "" when all is there again.
    """
    if not Path(heard.sound).is_file():
        return _LOST.format(reason=f"{heard.sound} does not exist")
    shown = shown_frames(heard.times_s)
    if shown is None:
        return ""
    frames = range(first_frame, first_frame + len(heard))
    strip.th_speech_file = heard.sound
    if heard.zero != "picture" or not _at_the_same_places(scene, strip, heard, frames, shown):
        strip.th_speech_file = ""
        if not _insert(scene, strip, heard, frames, shown):
            return _LOST.format(reason="it was played at another speed, or came from Blender or a movie strip")
    strip.th_speech_on = strip.th_speech_exact = True
    strip.th_strength_blinks = strip.th_strength_sway = 0.0
    span = (frames[shown[0]], frames[shown[1]] + 1)
    set_strength(scene, strip, "mouth", np.array(heard.strengths), frames, span)
    return ""


def _insert(scene: Any, strip: Any, heard: ExactSpeech, frames: range, shown: tuple[int, int]) -> bool:
    """Insert the sound as a muted strip that speaks; False, and nothing inserted, where that is not how it was."""
    rate, first = sampling.scene_rate(scene), frames[shown[0]]
    time_s = heard.times_s[shown[0]]
    assert time_s is not None
    before = round(Fraction(time_s) * rate)
    channel = free_channel(scene.sequence_editor, 1, frames.start, frames.stop, count=1)
    name = Path(heard.sound).stem
    try:
        driver = compat.strips_in(scene.sequence_editor).new_sound(
            name=name, filepath=heard.sound, channel=channel, frame_start=first - before
        )
    except RuntimeError:  # Blender cannot play it
        return False
    compat.set_right(driver, frames[shown[1]] + 1)
    compat.set_left(driver, first)
    if hasattr(driver, "sound_offset"):
        driver.sound_offset = float(before / rate - Fraction(time_s))
    driver.mute = True
    driver_strips.assign(strip, Part.SPEECH, driver.name)
    if heard.zero == "sound" and _at_the_same_places(scene, strip, heard, frames, shown):
        return True
    driver_strips.assign(strip, Part.SPEECH, "")
    compat.strips_in(scene.sequence_editor).remove(driver)
    return False


def _at_the_same_places(scene: Any, strip: Any, heard: ExactSpeech, frames: range, shown: tuple[int, int]) -> bool:
    """Whether what speaks now stands where it did, in the frames in which it plays."""
    medium = driver_media.medium_of(scene, strip, Part.SPEECH)
    for index in range(shown[0], shown[1] + 1):
        time_s = heard.times_s[index]
        place_s = float(medium.time.sample_at(frames[index], Fraction(1)))
        if time_s is not None and abs(place_s - time_s) > _SAME_S:
            return False
    return medium.mixdown is None
