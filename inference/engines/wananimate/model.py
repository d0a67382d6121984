# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate's networks, ready to be called; for one thread at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..video.clip_vision import ClipVision
from ..video.hold import Hold, Told, silent
from ..video.text import padded
from ..video.vae import Vae

# How many faces are looked at together.
_FACES = 8


@dataclass
class Seen:
    """What a transformer's call is guided by, where it computes.

    Attributes:
        text: (1, 512, width).
        picture: (1, 257, width) of the reference.
        pose: (1, 16, T, h, w) latents of the skeletons.
        faces: (n, 3, F, F) -1..1, or (1, 3, F, F) for the same in all frames.
        conditioning: (1, 20, T + 1, h, w): what is known, and its latents.
        motion: (n, width), what the transformer reads from the faces; found by the first prediction.
    """

    text: Tensor
    picture: Tensor
    pose: Tensor
    faces: Tensor
    conditioning: Tensor
    motion: Tensor | None = None


class Model:
    """The networks.

    Args:
        transformer: holds WanAnimateTransformer3DModel.
        vae: Wan 2.1's.
        clip: CLIP's ViT-H.
    """

    def __init__(self, transformer: Hold, vae: Vae, clip: ClipVision) -> None:
        self.transformer, self.vae, self.clip = transformer, vae, clip
        self._reference: tuple[str, np.ndarray, np.ndarray] | None = None

    @property
    def face_px(self) -> int:
        """Width and height of the faces that the transformer looks at."""
        return int(self.transformer.network.config.motion_encoder_size)

    def reference(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the networks see of the character; the last one is remembered.

        Args:
            picture: (H, W, 3) uint8 RGB, letterboxed to the canvas.

        Returns:
            (16, 1, h, w) latents and (257, width) rows, float32.
        """
        key = hashlib.sha256(f"{picture.shape}".encode() + picture.tobytes()).hexdigest()
        if self._reference is None or self._reference[0] != key:
            pixels = pixels_of(picture[None])
            self._reference = key, self.vae.encode(pixels), self.clip.rows(pixels[:, 0])
        return self._reference[1:]

    def seen(
        self, text: np.ndarray, picture: np.ndarray, pose: np.ndarray, faces: np.ndarray, conditioning: np.ndarray
    ) -> Seen:
        """Puts what guides where the transformer computes.

        Args:
            text: (rows, width), at most 512 rows.
            picture: (257, width) of the reference.
            pose: (16, T, h, w) latents of the skeletons.
            faces: (3, n or 1, F, F) float32 -1..1.
            conditioning: (20, T + 1, h, w).
        """
        tensor = self.transformer.tensor
        return Seen(
            text=tensor(padded(text))[None],
            picture=tensor(picture)[None],
            pose=tensor(pose)[None],
            faces=tensor(np.ascontiguousarray(faces.swapaxes(0, 1))),
            conditioning=tensor(conditioning)[None],
        )

    @contextmanager
    def drawing(self, told: Told = silent) -> Iterator[None]:
        """The transformer is ready as long as the context lasts; see ``Hold.using``."""
        with self.transformer.using(told):
            yield

    def predicted(self, latents: Tensor, timestep: float | Tensor, seen: Seen) -> Tensor:
        """The direction from the picture to the noise; inside of ``drawing``.

        Args:
            latents: (16, T + 1, h, w) float32, where the transformer computes.

        Returns:
            the same.
        """
        network = self.transformer.network
        if seen.motion is None:
            seen.motion = _motion_of(network, seen)
        given = torch.cat([latents[None].to(seen.conditioning.dtype), seen.conditioning], dim=1)
        with _passing(network.motion_encoder):
            found = network(
                hidden_states=given,
                timestep=torch.as_tensor(timestep, device=given.device).reshape(1),
                encoder_hidden_states=seen.text,
                encoder_hidden_states_image=seen.picture,
                pose_hidden_states=seen.pose,
                face_pixel_values=seen.motion.T[None, :, :, None, None],
                return_dict=False,
            )[0]
        return found[0].float()


def _motion_of(network: Any, seen: Seen) -> Tensor:
    """(n, width) of the faces of all frames. It is the same at every step."""
    found = torch.cat([network.motion_encoder(faces) for faces in seen.faces.split(_FACES)])
    return found.expand(4 * seen.pose.shape[2] - 3, -1)


@contextmanager
def _passing(encoder: nn.Module) -> Iterator[None]:
    """The motion encoder is given what it found before, and passes it on."""
    before = encoder.__dict__.get("forward")
    encoder.forward = lambda values, channel_dim=1: values.flatten(1)
    try:
        yield
    finally:
        del encoder.forward
        if before is not None:
            encoder.forward = before


def pixels_of(pictures: np.ndarray) -> np.ndarray:
    """(n, H, W, 3) uint8 RGB to (3, n, H, W) float32 -1..1."""
    assert pictures.dtype == np.uint8, pictures.dtype
    return np.ascontiguousarray((pictures / np.float32(127.5) - 1).astype(np.float32).transpose(3, 0, 1, 2))
