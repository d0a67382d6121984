# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait's networks on a device, from and to NumPy arrays: the only part of the engine that computes with torch.

The heavy ones (appearance, warping, decoder) run in one of two forms with equal results: ``fast.cpu`` computes in
32 bit on processors, ``fast.plain`` runs the networks as they are on GPUs and in 16 bit.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ...errors import Action, ErrorCode, TalkingHeadError
from ..neural.device import Batches, Device
from .fast.cpu import CpuRenderer
from .fast.features import Features
from .fast.plain import PlainRenderer
from .keypoints import Motion, degrees_of_bins
from .networks.loading import LivePortraitNetworks
from .networks.retargeting import RetargetingMlp

_LOG = logging.getLogger(__name__)
PRECISIONS = ("auto", "full", "half")
# Frames at a time. A GPU needs several to be busy; 32 bit activations take about 1 GB a frame there. The CPU's caches
# hold little more than one.
_GPU_BATCH = 8
_CPU_BATCH = 1


class Renderer(Protocol):
    """Appearance, warping and decoder in one form."""

    def features(self, pictures: Tensor) -> list[Features]:
        """(n, 3, 256, 256) in 0..1 to the features of each."""
        ...

    def warp(self, features: Sequence[Features], x_s: Tensor, x_d: Tensor) -> Tensor:
        """Features and (n, 21, 3) key points of source and wanted face to n maps for :meth:`draw`."""
        ...

    def draw(self, warped: Tensor) -> Tensor:
        """(n, 512, 512, 3) in 0..1."""
        ...


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
        renderer: the heavy networks in the form for the device.
    """

    def __init__(self, networks: LivePortraitNetworks, device: Device, precision: str = "auto") -> None:
        assert precision in PRECISIONS, precision
        self.device = device
        self.half = _half_type(device, precision)
        # Otherwise 32 bit convolutions on NVIDIA's newer cards keep 10 bits of the mantissa, and key points tremble.
        torch.backends.cudnn.allow_tf32 = False
        self._networks = networks if device.kind != "cpu" or self.half else None
        self._motion = networks.motion.to(device.torch)
        self._stitching, self._eye, self._lip = networks.stitching, networks.eye, networks.lip
        self.renderer = _renderer(networks, device, self.half)
        self._batches = Batches(device, _CPU_BATCH if device.kind == "cpu" else _GPU_BATCH)

    @torch.inference_mode()
    def features(self, crops: np.ndarray) -> list[Features]:
        """What the renderer needs of source pictures.

        Args:
            crops: (n, 256, 256, 3) uint8 RGB.

        Returns:
            One for each picture, to be given to :meth:`decode`; they stay on the device.
        """
        found: list[Features] = []
        for batch in self._batches.run(lambda rows: self._features(self._pictures(crops, rows)), len(crops)):
            found += batch
        return found

    @torch.inference_mode()
    def motion(self, crops: np.ndarray) -> list[Motion]:
        """Pose, expression and key points found in (n, 256, 256, 3) uint8 RGB pictures; always in 32 bit."""
        found: list[Motion] = []
        for batch in self._batches.run(lambda rows: self._motion(self._pictures(crops, rows)), len(crops)):
            found += _motions({name: values.cpu().numpy() for name, values in batch.items()})
        return found

    def stitching(self, x_s: np.ndarray, x_d: np.ndarray) -> np.ndarray:
        """Raw output (n, 65) of the stitching network: offsets of the 21 key points, then a shift in the plane.

        Args:
            x_s: (21, 3) key points of the source.
            x_d: (n, 21, 3) wanted key points.
        """
        return _corrections(self._stitching, x_s, x_d.reshape(len(x_d), -1))

    def eye(self, x_s: np.ndarray, ratios: np.ndarray) -> np.ndarray:
        """Offsets (n, 21, 3) for openings (n, 3): the source's left and right eye, the wanted opening."""
        return _corrections(self._eye, x_s, ratios).reshape(-1, 21, 3)

    def lip(self, x_s: np.ndarray, ratios: np.ndarray) -> np.ndarray:
        """Offsets (n, 21, 3) for openings (n, 2): the source's lips, the wanted opening."""
        return _corrections(self._lip, x_s, ratios).reshape(-1, 21, 3)

    def decode(self, features: Sequence[Features], x_s: np.ndarray, x_d: np.ndarray) -> np.ndarray:
        """Draw frames.

        Args:
            features: of one source picture, or one for each frame.
            x_s: (1 or n, 21, 3) key points of the source.
            x_d: (n, 21, 3) wanted key points.

        Returns:
            (n, 512, 512, 3) float32 RGB in 0..1.
        """
        frames = list(self.decoded(features, x_s, x_d))
        return np.concatenate(frames) if frames else np.zeros((0, 512, 512, 3), np.float32)

    def decoded(self, features: Sequence[Features], x_s: np.ndarray, x_d: np.ndarray) -> Iterator[np.ndarray]:
        """As :meth:`decode`, batch by batch as they are done: (b, 512, 512, 3) each."""
        count = len(x_d)
        assert len(features) in (1, count), (len(features), count)
        each = [features[0]] * count if len(features) == 1 else list(features)
        sources = np.broadcast_to(np.asarray(x_s, np.float32).reshape(-1, 21, 3), (count, 21, 3))
        wanted = np.asarray(x_d, np.float32)

        yield from self._batches.run(lambda rows: self._draw(each[rows], sources[rows], wanted[rows]), count)

    def _features(self, pictures: Tensor) -> list[Features]:
        found = self.renderer.features(pictures)
        if self.half is not None and not all(_finite(features.volume) for features in found):
            self._leave_half()
            found = self.renderer.features(pictures)
        return found

    @torch.inference_mode()
    def _draw(self, features: Sequence[Features], x_s: np.ndarray, x_d: np.ndarray) -> np.ndarray:
        points = [torch.tensor(points, device=self.device.torch) for points in (x_s, x_d)]
        frames = self.renderer.draw(self.renderer.warp(features, *points))
        if self.half is not None and not _finite(frames):
            self._leave_half()
            frames = self.renderer.draw(self.renderer.warp(features, *points))
        if not _finite(frames):
            raise TalkingHeadError(
                ErrorCode.WEIGHTS_CORRUPT,
                "LivePortrait's networks gave numbers that are not finite, also in 32 bit.",
                "Get the models again; if that does not help, choose the CPU as device.",
                Action.GET_MODELS,
            )
        return frames.float().cpu().numpy()

    def _leave_half(self) -> None:
        """Compute in 32 bit from now on."""
        _LOG.warning("%s gave numbers that are not finite; going on in 32 bit", self.half)
        assert self._networks is not None
        self.half = None
        self.renderer = _renderer(self._networks, self.device, None)

    def _pictures(self, crops: np.ndarray, rows: slice) -> Tensor:
        """Some of (n, 256, 256, 3) uint8 to (b, 3, 256, 256) in 0..1 on the device."""
        pictures = torch.tensor(crops[rows], device=self.device.torch)
        return pictures.permute(0, 3, 1, 2).to(torch.float32) / 255


def _half_type(device: Device, precision: str) -> torch.dtype | None:
    """The 16 bit type to use. CPUs without matrix units would be a hundred times slower with one, so never do it."""
    if precision == "full":
        return None
    if precision == "half" and device.half is None and device.kind != "cpu":
        return torch.float16
    return device.half


def _finite(values: Tensor) -> bool:
    return bool(torch.isfinite(values).all())


def _renderer(networks: LivePortraitNetworks, device: Device, half: torch.dtype | None) -> Renderer:
    if device.kind == "cpu" and half is None:
        return CpuRenderer(networks)
    return PlainRenderer(networks, device, half)


def _corrections(network: RetargetingMlp, x_s: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """A small network's output for the source's key points and (n, m) more inputs; these stay on the CPU."""
    points = np.broadcast_to(np.asarray(x_s, np.float32).reshape(1, 63), (len(rest), 63))
    with torch.inference_mode():
        return network(torch.from_numpy(np.concatenate([points, rest], axis=1).astype(np.float32))).numpy()


def _motions(raw: dict[str, np.ndarray]) -> list[Motion]:
    """The motion network's heads, row by row."""
    pitch, yaw, roll = (degrees_of_bins(raw[name]) for name in ("pitch", "yaw", "roll"))
    return [
        Motion(
            float(pitch[row]),
            float(yaw[row]),
            float(roll[row]),
            raw["t"][row],
            raw["exp"][row].reshape(21, 3),
            float(raw["scale"][row, 0]),
            raw["kp"][row].reshape(21, 3),
        )
        for row in range(len(pitch))
    ]
