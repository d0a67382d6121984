# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which moment of a sound plays at which frame, against what Blender mixes down: clicks at known times."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
import sequencer
import talking

pytestmark = pytest.mark.skipif(
    not bpy.app.build_options.audaspace, reason="this Blender was built without sound (the 4.2 wheel is)"
)

RATE_HZ = 48000
# Uneven, so that no click is taken for another one.
CLICKS_S = (0.4, 1.3, 2.5, 3.1, 4.6, 5.0, 6.2, 7.7, 8.1, 9.4)
LENGTH_S = 10
LAST_FRAME = 560
TOLERANCE = 1.0
# Its resampler divides by zero at times, which ends the process and every test in it.
MIXES_OTHER_SPEEDS = bpy.app.version >= (5, 0, 0)


@pytest.fixture(scope="module")
def clicks(tmp_path_factory) -> Path:
    samples = np.zeros(RATE_HZ * LENGTH_S)
    tone = 0.8 * np.sin(2 * np.pi * 2000 * np.arange(960) / RATE_HZ)
    for time_s in CLICKS_S:
        first = round(time_s * RATE_HZ)
        samples[first : first + len(tone)] = tone
    path = tmp_path_factory.mktemp("clicks") / "clicks.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def add_sound(clicks: Path) -> Any:
    strip = sequencer.strips().new_sound(name="Voice", filepath=str(clicks), channel=1, frame_start=11)
    sequencer.select(strip)
    return strip


def heard_frames(scene: Any, folder: Path) -> list[float]:
    """Timeline frames, with parts, at which clicks begin in the mix."""
    scene.frame_start, scene.frame_end = 1, LAST_FRAME
    path = folder / "mix.wav"
    bpy.ops.sound.mixdown(filepath=str(path), container="WAV", codec="PCM", format="S16", mixrate=RATE_HZ)
    return [1 + second * scene.render.fps / scene.render.fps_base for second in click_times_s(path)]


def click_times_s(path: Path) -> list[float]:
    """Seconds at which clicks begin in a sound file."""
    with wave.open(str(path), "rb") as file:
        channels = file.getnchannels()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, channels)[:, 0]
    loud = np.flatnonzero(np.abs(samples.astype(int)) > 1600)
    starts = loud[np.diff(loud, prepend=-RATE_HZ) > RATE_HZ / 10]
    return (starts / RATE_HZ).tolist()


def speed(percent: float) -> Callable[[Any], None]:
    def apply(strip: Any) -> None:
        with sequencer.override():
            bpy.ops.sequencer.retiming_segment_speed_set("EXEC_DEFAULT", speed=percent)

    return apply


def having(**values: Any) -> Callable[[Any], None]:
    def apply(strip: Any) -> None:
        for name, value in values.items():
            setattr(strip, name, value)

    return apply


EDITS: dict[str, tuple[Callable[[Any], None], ...]] = {
    "as it is": (),
    "trimmed": (having(frame_final_start=40, frame_final_end=200),),
    "held before its start": (having(frame_final_start=1),),
    "trimmed for good": (having(animation_offset_start=10, animation_offset_end=20),),
    "trimmed in both ways": (having(animation_offset_start=10), having(frame_final_start=60)),
    "moved": (having(frame_start=40),),
    "later": (having(sound_offset=0.5),),
    "earlier and trimmed": (having(sound_offset=-0.5, frame_final_start=40),),
    "half the speed": (speed(50.0),),
    "a third faster": (speed(130.0),),
    "double speed, trimmed": (speed(200.0), having(frame_final_start=40)),
    "double speed, later": (speed(200.0), having(sound_offset=0.5)),
    "double speed, moved": (speed(200.0), having(frame_start=30)),
    "trimmed for good, then double speed": (having(animation_offset_start=24), speed(200.0)),
    "trimmed for good, then half the speed": (having(animation_offset_start=24), speed(50.0)),
    "double speed, then trimmed for good": (speed(200.0), having(animation_offset_start=24)),
}


@pytest.mark.parametrize("fps, fps_base", [(24, 1.0), (30, 1.001), (25, 1.0)])
@pytest.mark.parametrize("edit", EDITS)
def test_clicks_sound_within_a_frame_of_where_the_map_says(addon, scene, clicks, tmp_path, edit, fps, fps_base):
    if not MIXES_OTHER_SPEEDS and ("speed" in edit or "faster" in edit):
        pytest.skip("This Blender can crash when it mixes sound at another speed")
    scene.render.fps, scene.render.fps_base = fps, fps_base
    strip = add_sound(clicks)
    for step in EDITS[edit]:
        step(strip)
    time = talking.core("drivers.driver_time").of_sound(scene, strip, clicks).time
    compat = talking.core("compat")
    expected = []
    for click_s in CLICKS_S:
        frame = float(time.start + (click_s - time.first_s) * time.rate / time.speed)
        if compat.left(strip) + 1 < frame < min(compat.right(strip), LAST_FRAME) - 1:
            expected.append(frame)
    heard = [frame for frame in heard_frames(scene, tmp_path) if expected[0] - 2 < frame < expected[-1] + 2]
    assert len(expected) >= 4
    assert len(heard) == len(expected)
    assert max(abs(a - b) for a, b in zip(heard, expected, strict=True)) < TOLERANCE


@pytest.mark.skipif(MIXES_OTHER_SPEEDS, reason="This Blender can mix it")
def test_sound_with_several_speeds_is_refused_where_it_could_crash(addon, scene, clicks, tmp_path):
    strip = add_sound(clicks)
    strip.frame_final_start = 40
    speed(50.0)(strip)
    with pytest.raises(Exception, match="several speeds, which can crash") as caught:
        talking.core("strips.sound_mixdown").mix_down(scene, strip, tmp_path / "mixed.wav")
    assert caught.value.code.name == "UNSUPPORTED_INPUT"
    assert not (tmp_path / "mixed.wav").exists()


@pytest.mark.skipif(not MIXES_OTHER_SPEEDS, reason="This Blender can crash when it mixes sound at another speed")
def test_sound_with_several_speeds_is_mixed_down_as_it_sounds(addon, scene, clicks, tmp_path):
    strip = add_sound(clicks)
    other = sequencer.strips().new_sound(name="Other", filepath=str(clicks), channel=2, frame_start=3)
    sequencer.select(strip)
    strip.frame_final_start = 40
    speed(50.0)(strip)
    assert len(strip.retiming_keys) == 3
    assert talking.core("drivers.driver_time").of_sound(scene, strip, clicks) is None
    path, scenes = tmp_path / "mixed.wav", list(bpy.data.scenes)
    strip.mute = True
    talking.core("strips.sound_mixdown").mix_down(scene, strip, path)
    assert list(bpy.data.scenes) == scenes
    strip.mute, other.mute = False, True
    expected = heard_frames(scene, tmp_path)
    time = talking.core("drivers.driver_time").of_mixdown(scene, strip).time
    heard = [float(time.start + (s - time.first_s) * time.rate / time.speed) for s in click_times_s(path)]
    assert len(heard) == len(expected) >= 8
    assert max(abs(a - b) for a, b in zip(heard, expected, strict=True)) < TOLERANCE


@pytest.mark.parametrize("fps, fps_base", [(24, 1.0), (30, 1.001)])
def test_counting_the_frames_of_a_sound_leaves_nothing_behind(addon, scene, clicks, fps, fps_base):
    scene.render.fps, scene.render.fps_base = fps, fps_base
    before = (set(bpy.data.scenes), set(bpy.data.sounds))
    assert talking.core("drivers.driver_time").sound_frames(scene, clicks) == round(LENGTH_S * fps / fps_base)
    assert (set(bpy.data.scenes), set(bpy.data.sounds)) == before


def test_sound_of_the_strip_survives_counting(addon, scene, clicks):
    strip = add_sound(clicks)
    talking.core("drivers.driver_time").sound_frames(scene, clicks)
    assert strip.sound is not None
