# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Thin-Plate Spline Motion Model on a device, from and to NumPy arrays: what the engine sees of torch.

Dense motion and inpainting run in one of two forms with equal results: as they are, or those of ``fast`` in 32 bit on
processors.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from ...errors import Action, ErrorCode, TalkingHeadError
from ..neural.device import Batches, Device
from ..neural.workspace import Workspace
from .fast.motion import FastMotion
from .fast.painting import FastPainter
from .networks.dense_motion import Motion, gaussians, heat_maps, transformations
from .networks.inpainting import Inpainting
from .networks.loading import TpsmmNetworks
from .networks.thin_plate import splines
from .painter import Painter, PlainPainter

_LOG = logging.getLogger(__name__)
PRECISIONS = ("auto", "full", "half")
STEP_PX = 128
"""Pictures are squares whose sides are multiples of this: five halvings of a quarter."""
SMALLEST_PX = 256
"""Below, the smallest maps would be single pixels, which cannot be normalized."""
# Frames at a time. A GPU needs several to be busy. The CPU's caches hold little more than one.
_GPU_BATCH = 8
_CPU_BATCH = 1

Result = TypeVar("Result")


@dataclass(eq=False)
class Source:
    """What is the same for all frames of a source picture; it stays on the device.

    Attributes:
        kp: (50, 2) float32 key points, x and y in -1..1.
        picture: (1, 3, S, S) RGB in 0..1.
        small: (1, 3, S / 4, S / 4), anti-aliased.
        heat: (1, 50, S / 4, S / 4), Gaussians at the key points.
        features: of the inpainting network, in the form that its painter reads.
        painter: whose features these are.
    """

    kp: np.ndarray
    picture: Tensor
    small: Tensor
    heat: Tensor
    features: list[Tensor]
    painter: Painter

    @property
    def size_px(self) -> int:
        """Side of the square."""
        return self.picture.shape[3]


@dataclass(frozen=True, eq=False)
class Drawn:
    """Frames that were drawn.

    Attributes:
        pictures: (n, S, S, 3) float32 RGB in 0..1.
        flow: (n, S / 4, S / 4, 2) float32: for each target pixel its x and y in the source, -1 and 1 the middles of
            the outermost pixels.
        occlusion: (n, S, S) float32, 1 where the source shows what the frame needs, 0 where it was painted.
    """

    pictures: np.ndarray
    flow: np.ndarray
    occlusion: np.ndarray


class Model:
    """The networks, ready to be called; threads that draw at the same time wait for each other.

    Args:
        networks: on the CPU. They move to the device, or their weights are turned into others: use them no more, and
            let them go.
        device: where they run.
        precision: ``full`` (32 bit), ``half`` (16 bit for the inpainting network, all else stays in 32 bit) or
            ``auto`` (16 bit where the device is faster with it). A CPU without matrix units always takes 32 bit. Where
            16 bit gives numbers that are not finite, the batch is repeated in 32 bit and so are all that follow.

    Attributes:
        device: as given.
        half: the 16 bit type in use, or None.
        has_avd: whether :meth:`avd` can be called.
        has_background: whether :meth:`background` can be called.
    """

    def __init__(self, networks: TpsmmNetworks, device: Device, precision: str = "auto") -> None:
        assert precision in PRECISIONS, precision
        self.device = device
        self.half = _half_type(device, precision)
        self.has_avd = networks.avd is not None
        self.has_background = networks.background is not None
        # Otherwise 32 bit convolutions on NVIDIA's newer cards keep 10 bits of the mantissa, and key points tremble.
        torch.backends.cudnn.allow_tf32 = False
        self._key_points = networks.key_points.to(device.torch)
        self._background = None if networks.background is None else networks.background.to(device.torch)
        self._avd = networks.avd
        self._down = networks.dense_motion.down.to(device.torch)
        self._space = Workspace(torch.get_num_threads()) if device.kind == "cpu" else None
        self._dense_motion = (
            networks.dense_motion.to(device.torch)
            if self._space is None
            else FastMotion(networks.dense_motion, self._space)
        )
        self._inpainting = networks.inpainting if self.half else None
        self._painter = self._painter_of(networks.inpainting)
        self._alone = Lock()
        self._batches = Batches(device, _CPU_BATCH if device.kind == "cpu" else _GPU_BATCH)

    def key_points(self, pictures: np.ndarray) -> np.ndarray:
        """Key points of pictures.

        Args:
            pictures: (n, S, S, 3) RGB, uint8 or float32 in 0..1, of any size.

        Returns:
            (n, 50, 2) float32, x and y in -1..1; always computed in 32 bit.
        """
        return self._each(lambda rows: _array(self._key_points(self._tensor(pictures[rows]))), len(pictures), (50, 2))

    def avd(self, source_kp: np.ndarray, driving_kp: np.ndarray) -> np.ndarray:
        """Key points with the source's shape and the driving pictures' pose; they may leave -1..1.

        Args:
            source_kp: (50, 2).
            driving_kp: (n, 50, 2).

        Returns:
            (n, 50, 2) float32.

        Raises:
            TalkingHeadError: UNSUPPORTED_INPUT where the file has no AVD network.
        """
        if self._avd is None:
            raise _lacks("AVD network", "Choose another motion than Disentangled, or the official file.")
        pose = torch.tensor(driving_kp, dtype=torch.float32)
        shape = torch.tensor(source_kp, dtype=torch.float32).expand(len(pose), -1, -1)
        with torch.inference_mode():
            return _array(self._avd(shape, pose))

    def background(self, source: np.ndarray, driving: np.ndarray) -> np.ndarray:
        """The background's affine motion from driving pictures to the source.

        Args:
            source: (S, S, 3) RGB, uint8 or float32 in 0..1.
            driving: (n, S, S, 3) of the same kind.

        Returns:
            (n, 3, 3) float32, for homogeneous x and y in -1..1.

        Raises:
            TalkingHeadError: UNSUPPORTED_INPUT where the file has no background predictor.
        """
        network = self._background
        if network is None:
            raise _lacks("background predictor", "Switch off Follow Camera, or choose another model.")
        still = self._tensor(source[None])

        def predict(rows: slice) -> np.ndarray:
            pictures = self._tensor(driving[rows])
            return _array(network(still.expand(len(pictures), -1, -1, -1), pictures))

        return self._each(predict, len(driving), (3, 3))

    def encode(self, source: np.ndarray) -> Source:
        """Everything that stays the same for a source.

        Args:
            source: (S, S, 3) RGB, uint8 or float32 in 0..1; S is a multiple of 128, and 256 or more.

        Raises:
            ValueError: for another size.
        """
        height, width = source.shape[:2]
        if height != width or height % STEP_PX or height < SMALLEST_PX:
            raise ValueError(f"a source of {width} x {height} px: not a square with a multiple of {STEP_PX} px")

        def encode(_: slice) -> Source:
            picture = self._tensor(source[None])
            points = self._key_points(picture)
            small = self._down(picture)
            heat = gaussians(points, *small.shape[2:])
            return Source(_array(points[0]), picture, small, heat, self._features(picture), self._painter)

        with torch.inference_mode(), self._alone:
            return next(self._batches.run(encode, 1))

    def draw(self, source: Source, kp: np.ndarray, background: np.ndarray | None = None) -> Drawn:
        """Draw frames.

        Args:
            source: of :meth:`encode`.
            kp: (n, 50, 2), the wanted key points.
            background: (n, 3, 3) of :meth:`background`; None leaves the background where it is.
        """
        size = source.size_px
        parts: list[Drawn] = []
        with torch.inference_mode(), self._alone:
            for drawn in self._batches.run(lambda rows: self._draw(source, kp[rows], _some(background, rows)), len(kp)):
                parts.append(drawn)
        if not parts:
            small = size // 4
            parts = [Drawn(np.zeros((0, size, size, 3)), np.zeros((0, small, small, 2)), np.zeros((0, size, size)))]
        joined = (np.concatenate([getattr(part, name) for part in parts]) for name in ("pictures", "flow", "occlusion"))
        return Drawn(*(values.astype(np.float32, copy=False) for values in joined))

    def motion(self, source: Source, kp: np.ndarray, background: np.ndarray | None = None) -> Motion:
        """What the dense motion network finds, with tensors on the device; arguments as for :meth:`draw`."""
        with torch.inference_mode(), self._alone:
            return self._motion_of(source, kp, background)

    def _motion_of(self, source: Source, kp: np.ndarray, background: np.ndarray | None) -> Motion:
        wanted = torch.tensor(kp, dtype=torch.float32)
        start = torch.tensor(source.kp).expand(len(wanted), -1, -1)
        height, width = source.small.shape[2:]
        device = self.device.torch
        moved = None if background is None else torch.tensor(background, dtype=torch.float32, device=device)
        transforms = transformations(splines(start, wanted).to(device), height, width, moved)
        heat = heat_maps(source.heat, gaussians(wanted.to(device), height, width))
        return self._dense_motion(source.small.expand(len(wanted), -1, -1, -1), transforms, heat)

    def _draw(self, source: Source, kp: np.ndarray, background: np.ndarray | None) -> Drawn:
        motion = self._motion_of(source, kp, background)
        pictures = self._painted(source, motion)
        if self.half is not None and not _finite(pictures):
            self._leave_half()
            pictures = self._painted(source, motion)
        if not _finite(pictures):
            raise TalkingHeadError(
                ErrorCode.WEIGHTS_CORRUPT,
                "Thin-Plate Spline's networks gave numbers that are not finite, also in 32 bit.",
                "Get the models again; if that does not help, choose the CPU as device.",
                Action.GET_MODELS,
            )
        return Drawn(_array(pictures), _array(motion.flow), _array(motion.occlusions[3][:, 0]))

    def _painted(self, source: Source, motion: Motion) -> Tensor:
        if source.painter is not self._painter:
            source.features, source.painter = self._features(source.picture), self._painter
        return self._painter.paint(source.picture, source.features, motion.flow, motion.occlusions)

    def _features(self, picture: Tensor) -> list[Tensor]:
        features = self._painter.encode(picture)
        if self.half is not None and not all(map(_finite, features)):
            self._leave_half()
            features = self._painter.encode(picture)
        return features

    def _leave_half(self) -> None:
        """Compute in 32 bit from now on."""
        _LOG.warning("%s gave numbers that are not finite; going on in 32 bit", self.half)
        assert self._inpainting is not None
        self.half = None
        self._painter = self._painter_of(self._inpainting)

    def _painter_of(self, network: Inpainting) -> Painter:
        if self._space is not None and self.half is None:
            return FastPainter(network, self._space)
        return PlainPainter(network, self.device, self.half)

    def _each(self, function: Callable[[slice], np.ndarray], count: int, shape: tuple[int, ...]) -> np.ndarray:
        """A function's arrays of all batches as one."""
        with torch.inference_mode():
            parts = list(self._batches.run(function, count))
        return np.concatenate(parts) if parts else np.zeros((0, *shape), np.float32)

    def _tensor(self, pictures: np.ndarray) -> Tensor:
        """(n, S, S, 3) uint8, or floats in 0..1, to (n, 3, S, S) in 0..1 on the device."""
        values = torch.tensor(pictures, device=self.device.torch).permute(0, 3, 1, 2)
        return (values.float() / 255 if pictures.dtype == np.uint8 else values.float()).contiguous()


def _some(background: np.ndarray | None, rows: slice) -> np.ndarray | None:
    return None if background is None else background[rows]


def _half_type(device: Device, precision: str) -> torch.dtype | None:
    """The 16 bit type to use. CPUs without matrix units would be a hundred times slower with one, so never do it."""
    if precision == "full":
        return None
    if precision == "half" and device.half is None and device.kind != "cpu":
        return torch.float16
    return device.half


def _array(values: Tensor) -> np.ndarray:
    return values.float().cpu().numpy()


def _finite(values: Tensor) -> bool:
    return bool(torch.isfinite(values).all())


def _lacks(network: str, hint: str) -> TalkingHeadError:
    return TalkingHeadError(ErrorCode.UNSUPPORTED_INPUT, f"This model's file has no {network}.", hint)
