# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorded arrays of EDTalk, found by what their names say.

``full_`` and ``lip_pose_`` say the model. Networks are recorded for driving frame 1; ``_s4`` at the end of a name is
every fourth pixel, arrays of networks keep so many channels and pixels as their shape says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from conformance import Case

from inference.engines.edtalk.model import Code, Model, Weights

FRAME = 1
MODELS = ("full", "lip_pose")
RATE = 32768
# For cases that say no tolerance: what the public one allows.
_ALLOWED = (
    (r"mel|mel_windows|lip_.*|.*_alpha_.*|.*_exp_latent|.*_direction|.*_eem_\d+", 1e-3),
    (r"Q_.*", 1e-4),
    (r".*_code_.*", 2e-4),
    (r".*_feature_\d+|.*_flowraw_\d+", 5e-4),
    (r".*_rgb_\d+", 2e-3),
    (r".*", 5e-3),
)


class Recorded:
    """One case."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def pictures(self, name: str) -> np.ndarray:
        """``source``, ``mouth``, ``pose`` or ``expression``: (n, 256, 256, 3) uint8."""
        return self.case.array(f"input/{name}").reshape(-1, 256, 256, 3)

    @property
    def sound(self) -> np.ndarray:
        """Mono at 16 kHz, float32 in -1..1."""
        return self.case.array("input/wav_pcm16") / np.float32(RATE)

    @property
    def presets(self) -> list[np.ndarray]:
        """Expression weights (1, 10), in the file's order."""
        return [self.case.array(name) for name in self.case.some("input/exp_weight_")]

    def matching(self, pattern: str) -> Iterator[tuple[str, re.Match[str]]]:
        """Expected arrays whose whole name fits; a case that has none skips the test."""
        names = [name.removeprefix("expect/") for name in self.case.names("expect/")]
        matches = [match for match in (re.fullmatch(pattern, name) for name in names) if match]
        if not matches:
            pytest.skip(f"the case has no expect/{pattern}")
        for match in matches:
            yield match[0], match

    def close(self, name: str, values: np.ndarray) -> None:
        """Compare an array, given all channels and pixels."""
        if f"expect/{name}" not in self.case:
            pytest.skip(f"the case has no expect/{name}")
        shape = self.case.array(f"expect/{name}").shape
        self.case.close(f"expect/{name}", thinned(np.asarray(values), shape), self._tolerance(name))

    def _tolerance(self, name: str) -> float:
        if f"tolerance/{name}" in self.case:
            return float(self.case.array(f"tolerance/{name}"))
        return next(allowed for pattern, allowed in _ALLOWED if re.fullmatch(pattern, name))


def thinned(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Every n-th entry along each axis, so that as many remain as the shape says."""
    assert values.ndim == len(shape), (values.shape, shape)
    steps = [-(-have // want) if want else 1 for have, want in zip(values.shape, shape, strict=True)]
    return values[tuple(slice(None, None, step) for step in steps)]


class Drives:
    """A model with the motion weights of a case's pictures and sound; each is found when it is first asked for."""

    def __init__(self, recorded: Recorded, model: Model) -> None:
        self.recorded, self.model = recorded, model
        self._found: dict[str, object] = {}

    @property
    def source(self) -> Code:
        """The source picture."""
        return self._once("source", lambda: self.model.encode(self.recorded.pictures("source"))[0])

    def of_pictures(self, name: str) -> Weights:
        """All weights of ``mouth``, ``pose`` or ``expression``, or ``still``: those of the source, in every frame."""
        if name == "still":
            return self.model.weights(np.repeat(self.source.code[None], len(self.recorded.pictures("pose")), axis=0))
        return self._once(
            name, lambda: self.model.weights(self.model.encode_codes(self.recorded.pictures(name)))
        )  # fmt: skip

    def of_sound(self) -> np.ndarray:
        """(frames, 20) for the recorded frames of the sound, smoothed as in the reference."""
        raw = self._once("sound", lambda: self.model.mouth_of_sound(self.recorded.sound))
        return self.model.smoothed(raw, even_ends=False)[self.recorded.case.array("input/audio_frames")]

    def at_frame(self) -> Weights:
        """Those for which the networks are recorded, (1, ...)."""
        return self.some("mouth", "pose", "expression", slice(FRAME, FRAME + 1))

    def pipeline(self, name: str, count: int) -> Weights:
        """The first frames of a way to drive, named as the case does: ``A_expweight``."""
        mouth, pose, expression = _PIPELINES[name]
        return self.some(mouth, pose, expression, slice(0, count))

    def some(self, mouth: str, pose: str, expression: str, frames: slice) -> Weights:
        """Weights of some frames, each part from elsewhere."""
        mouths = self.of_sound() if mouth == "sound" else self.of_pictures(mouth).mouth
        mouths, poses = mouths[frames], self.of_pictures(pose).pose[frames]
        if not self.model.full:
            expressions = np.zeros((len(mouths), 0), np.float32)
        elif expression in ("first", "last"):
            preset = self.recorded.presets[0 if expression == "first" else -1]
            expressions = np.repeat(preset.reshape(1, 10), len(mouths), axis=0)
        else:
            expressions = self.of_pictures(expression).expression[frames]
        return Weights(mouths, poses, expressions)

    def _once(self, name: str, find):
        if name not in self._found:
            self._found[name] = find()
        return self._found[name]


# Where mouth, pose and expression come from.
_PIPELINES = {
    "V": ("mouth", "pose", "expression"),
    "V_expweight": ("mouth", "pose", "last"),
    "A": ("sound", "pose", "expression"),
    "A_expweight": ("sound", "pose", "first"),
    "single_drive": ("pose", "pose", ""),
    "A_fixed_pose": ("sound", "still", ""),
}
