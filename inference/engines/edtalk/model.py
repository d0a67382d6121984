# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EDTalk's networks on a device, from and to NumPy arrays: the only part of the engine that computes with torch."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from ...errors import Action, ErrorCode, TalkingHeadError
from ..neural.device import Batches, Device
from . import mel, smoothing
from .fast.cpu import CpuRenderer
from .fast.plain import PlainRenderer
from .heads import MotionHeads, Weights
from .networks.generator import MOUTH, Generator
from .networks.loading import EdtalkNetworks, load_networks

__all__ = ["SIZE_PX", "Code", "Model", "Weights", "load_networks"]

_LOG = logging.getLogger(__name__)
PRECISIONS = ("auto", "full", "half")
SIZE_PX = 256
# Frames at a time. A GPU needs several to be busy; the CPU's caches hold little more than one.
_GPU_BATCH = 16
_CPU_BATCH = 1
_SOUND_BATCH = 128


class Renderer(Protocol):
    """Encoder and decoder in one form."""

    def codes(self, pictures: Tensor) -> Tensor:
        """(n, 3, 256, 256) in -1..1 to (n, 512)."""
        ...

    def encode(self, pictures: Tensor) -> tuple[Tensor, list[Any]]:
        """(n, 3, 256, 256) in -1..1 to codes (n, 512) and the features of each for :meth:`draw`."""
        ...

    def draw(self, features: Sequence[Any], latents: Tensor, expressions: Tensor) -> Tensor:
        """Features of each frame's source, and (n, 512) twice, to (n, 256, 256, 3), nominally -1..1."""
        ...


@dataclass(frozen=True, eq=False)
class Code:
    """A source picture, encoded once for all its frames.

    Attributes:
        code: (512,) float32, identity and motion of the picture.
        features: what the decoder reads besides; on the device, in the form of the model that made it.
    """

    code: np.ndarray
    features: Any


class Model:
    """The networks, ready to be called; for one thread at a time.

    Args:
        networks: on the CPU. They move to the device, or their weights are turned into others: use them no more, and
            let them go.
        device: where they run.
        precision: ``full`` (32 bit), ``half`` (16 bit) or ``auto`` (16 bit where the device is faster with it). A CPU
            without matrix units always takes 32 bit. Where 16 bit gives numbers that are not finite, the batch is
            repeated in 32 bit and so are all that follow.

    Attributes:
        device: as given.
        half: the 16 bit type in use, or None.
        full: whether the model has expressions.
        renderer: encoder and decoder in the form for the device.
    """

    def __init__(self, networks: EdtalkNetworks, device: Device, precision: str = "auto") -> None:
        assert precision in PRECISIONS, precision
        self.device = device
        self.half = _half_type(device, precision)
        # Otherwise 32 bit convolutions on NVIDIA's newer cards keep 10 bits of the mantissa, and the head trembles.
        torch.backends.cudnn.allow_tf32 = False
        self.full = networks.generator.full
        self._heads = MotionHeads(networks.generator)
        self._audio = networks.audio.to(device.torch)
        self._generator = networks.generator if device.kind != "cpu" or self.half else None
        self.renderer: Renderer = _renderer(networks.generator, device, self.half)
        self._batches = Batches(device, _CPU_BATCH if device.kind == "cpu" else _GPU_BATCH)
        self._sound_batches = Batches(device, _SOUND_BATCH)

    @torch.inference_mode()
    def encode(self, pictures: np.ndarray) -> list[Code]:
        """Source pictures (n, 256, 256, 3) uint8 RGB to what :meth:`decode` needs of each."""
        found: list[Code] = []
        for codes, features in self._batches.run(
            lambda rows: self.renderer.encode(self._pictures(pictures[rows])), len(pictures)
        ):
            found += [Code(code, entry) for code, entry in zip(codes.cpu().numpy(), features, strict=True)]
        return found

    @torch.inference_mode()
    def encode_codes(self, pictures: np.ndarray) -> np.ndarray:
        """Driving pictures (n, 256, 256, 3) uint8 RGB to codes (n, 512) float32; always in 32 bit."""
        found = self._batches.run(
            lambda rows: self.renderer.codes(self._pictures(pictures[rows])).cpu().numpy(), len(pictures)
        )
        return np.concatenate([np.zeros((0, 512), np.float32), *found])

    def weights(self, codes: np.ndarray) -> Weights:
        """Motion weights of (n, 512) codes of pictures."""
        return self._heads.weights(codes)

    def motion(self, weights: Weights) -> np.ndarray:
        """(n, 512) float32: what is added to the source's code before it is drawn."""
        return self._heads.motion(weights)

    def expression(self, weights: Weights) -> np.ndarray:
        """(n, 512) float32: the part of the motion that is expression."""
        return self._heads.expression(weights)

    def decode(self, code: Code, weights: Weights) -> np.ndarray:
        """Draw the source with other motion: (n, 256, 256, 3) float32 RGB in 0..1."""
        return (np.clip(self.decode_raw(code, weights), -1, 1) + 1) / 2

    def decode_raw(self, code: Code, weights: Weights) -> np.ndarray:
        """The same as the network gives it: nominally -1..1, and beyond."""
        empty = np.zeros((0, SIZE_PX, SIZE_PX, 3), np.float32)
        return np.concatenate([empty, *self.decoded_raw(code, weights)])

    def decoded_raw(self, code: Code, weights: Weights) -> Iterator[np.ndarray]:
        """The same batch by batch as they are done: (b, 256, 256, 3) each."""
        latents = code.code + self._heads.motion(weights)
        expressions = self._heads.expression(weights)
        yield from self._batches.run(lambda rows: self._draw(code, latents[rows], expressions[rows]), len(latents))

    @torch.inference_mode()
    def mouth_of_sound(self, samples: np.ndarray) -> np.ndarray:
        """Mouth weights for each video frame at 25 a second.

        Args:
            samples: (n,) float32 mono at 16 kHz, -1..1.

        Returns:
            (whole frames of 640 samples, 20) float32, as the network gives them; see :meth:`smoothed`.
        """
        count = mel.frame_count(len(samples))
        if not count:
            return np.zeros((0, MOUTH), np.float32)
        spectrogram = mel.mel_spectrogram(samples)
        return np.concatenate(list(self._sound_batches.run(lambda rows: self._mouth(spectrogram, rows), count)))

    @staticmethod
    def smoothed(weights: np.ndarray, even_ends: bool) -> np.ndarray:
        """Mouth weights smoothed in time; see ``smoothing.smoothed``."""
        return smoothing.smoothed(weights, even_ends)

    def _mouth(self, spectrogram: np.ndarray, rows: slice) -> np.ndarray:
        windows = torch.tensor(mel.windows(spectrogram, rows.start, rows.stop), device=self.device.torch)
        return self._audio(windows[:, None]).cpu().numpy()

    @torch.inference_mode()
    def _draw(self, code: Code, latents: np.ndarray, expressions: np.ndarray) -> np.ndarray:
        vectors = [torch.tensor(vector, device=self.device.torch) for vector in (latents, expressions)]
        features = [code.features] * len(latents)
        frames = self.renderer.draw(features, *vectors)
        if self.half is not None and not _finite(frames):
            self._leave_half()
            frames = self.renderer.draw(features, *vectors)
        if not _finite(frames):
            raise TalkingHeadError(
                ErrorCode.WEIGHTS_CORRUPT,
                "EDTalk's networks gave numbers that are not finite, also in 32 bit.",
                "Get the models again; if that does not help, choose the CPU as device.",
                Action.GET_MODELS,
            )
        return frames.cpu().numpy()

    def _leave_half(self) -> None:
        """Compute in 32 bit from now on."""
        _LOG.warning("%s gave numbers that are not finite; going on in 32 bit", self.half)
        assert self._generator is not None
        self.half = None
        self.renderer = _renderer(self._generator, self.device, None)

    def _pictures(self, pictures: np.ndarray) -> Tensor:
        """(b, 256, 256, 3) uint8 to (b, 3, 256, 256) in -1..1 on the device."""
        assert pictures.dtype == np.uint8 and pictures.shape[1:] == (SIZE_PX, SIZE_PX, 3), pictures.shape
        values = torch.tensor(pictures, device=self.device.torch).permute(0, 3, 1, 2).to(torch.float32)
        return (values / 255 - 0.5) * 2


def _half_type(device: Device, precision: str) -> torch.dtype | None:
    """The 16 bit type to use. CPUs without matrix units would be a hundred times slower with one, so never do it."""
    if precision == "full":
        return None
    if precision == "half" and device.half is None and device.kind != "cpu":
        return torch.float16
    return device.half


def _finite(values: Tensor) -> bool:
    return bool(torch.isfinite(values).all())


def _renderer(generator: Generator, device: Device, half: torch.dtype | None) -> Renderer:
    if device.kind == "cpu" and half is None:
        return CpuRenderer(generator)
    return PlainRenderer(generator, device, half)
