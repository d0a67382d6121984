# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HelloMeme's networks and the U-Net on a device: the only part of the engine that computes with torch.

A *condition* is what drawing is guided by: the positive one is the prompt, the portrait and the performance; the
negative one has none of them. They are computed one after the other, which halves the memory that is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from ...errors import Action, ErrorCode, TalkingHeadError
from ..diffusion.placing import Placing
from .hooks import Insertion, States, inserted, recorded
from .loading import VERSIONS, Networks, load_networks
from .networks.blocks import Beside
from .networks.control import DOWN_MAPS, EMOTIONS, UP_MAPS, Controls
from .networks.pd_fgc import PICTURE_PX

__all__ = ["EMOTIONS", "PICTURE_PX", "VERSIONS", "Condition", "Model", "Networks", "load_networks"]

_FACES = 8
# What a window holds at most while it is drawn, for each channel of the U-Net's widest states.
_WORKING = 64


@dataclass(frozen=True)
class Condition:
    """What one of the two conditions is in all frames, on the device.

    Attributes:
        text: (1, 77, width), the prompt.
        portrait: what frames see of the portrait.
    """

    text: Tensor
    portrait: list[Beside]


class Model:
    """The networks, ready to be called; for one thread at a time.

    Args:
        networks: HelloMeme's own.
        unet: what draws, of the family of Stable Diffusion 1.5.
        unet_ref: what reads the portrait and key frames: the plain one; the same object where no style is chosen.
        placing: where they run.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT where the networks do not fit to each other.
    """

    def __init__(
        self, networks: Networks, unet: UNet2DConditionModel, unet_ref: UNet2DConditionModel, placing: Placing
    ) -> None:
        self.networks, self.unet, self.unet_ref, self.placing = networks, unet, unet_ref, placing
        for one in (unet, unet_ref):
            _check_fit(networks, one)

    def emotions(self, faces: np.ndarray) -> np.ndarray:
        """What eyes (6 numbers), brows (30) and mouth (512) do.

        Args:
            faces: (n, 224, 224, 3) uint8 RGB, aligned as ``tools.aligned_face`` does.

        Returns:
            (n, 548) float32.
        """
        assert faces.dtype == np.uint8 and faces.shape[1:] == (PICTURE_PX, PICTURE_PX, 3), faces.shape
        found = [np.zeros((0, EMOTIONS), np.float32)]
        with self.placing.using(self.networks.pd_fgc, exact=True):
            for start in range(0, len(faces), _FACES):
                pictures = self.placing.tensor(_in_range(faces[start : start + _FACES]), exact=True)
                found.append(self.networks.pd_fgc(pictures).cpu().numpy())
        return np.concatenate(found)

    def condition(self, latent: np.ndarray, text: np.ndarray, text_ref: np.ndarray) -> Condition:
        """A condition of a portrait.

        Args:
            latent: (4, h, w), the portrait's latent; zeros for the negative condition.
            text, text_ref: (77, width), the prompt for what draws, and for what reads the portrait.
        """
        states = self._states(latent, text_ref)
        with self.placing.using(self.networks.reference):
            return Condition(self.placing.tensor(text)[None], self.networks.reference.prepared(states.up))

    def key_states(self, latent: np.ndarray, text: np.ndarray) -> States:
        """The states of a key frame (4, h, w) at all places, (1, c, h, w) each, in the computer's own memory."""
        states = self._states(latent, text)
        return States([found.cpu() for found in states.down], [found.cpu() for found in states.up])

    def controls(self, conditions: np.ndarray, emotions: np.ndarray, told: Callable[[], None]) -> list[Controls]:
        """What is added to the states of each frame, (1, c, h, w) each, in the computer's own memory.

        Args:
            conditions: (n, S, S, 3) uint8 RGB pictures of the head's pose, or float32 in -1..1.
            emotions: (n, 548) numbers of the expression.
            told: called after each frame; may raise to cancel.
        """
        found = []
        control, projection = self.networks.control, self.networks.control_proj
        with self.placing.using(control, projection):
            for picture, numbers in zip(conditions, emotions, strict=True):
                # The numbers become angles of many turns, which 16 bit would round away.
                drive = control.emotion(self.placing.tensor(numbers, exact=True)[None])
                controls = projection(control(self.placing.tensor(_in_range(picture[None])), drive))
                found.append(Controls([part.cpu() for part in controls.down], [part.cpu() for part in controls.up]))
                told()
        return found

    @contextmanager
    def drawing(self, frames: int, size: tuple[int, int]) -> Iterator[None]:
        """What :meth:`predicted` needs is on the device as long as the context lasts.

        Args:
            frames: most frames of a call.
            size: height and width of latents.
        """
        networks = self.unet, self.networks.reference, self.networks.motion
        with self.placing.using(*networks, working=self.working_bytes(frames, size)):
            yield

    def working_bytes(self, frames: int, size: tuple[int, int]) -> int:
        """What a window of so many frames needs of the device's memory besides the networks."""
        channels = int(self.unet.config["block_out_channels"][0])
        return frames * size[0] * size[1] * channels * _WORKING * self.placing.dtype.itemsize

    def predicted(
        self,
        latents: np.ndarray,
        timestep: int,
        condition: Condition,
        controls: Sequence[Controls],
        pads: tuple[States, States] | None = None,
    ) -> np.ndarray:
        """The noise that the U-Net sees in the frames of a window, with motion; inside of :meth:`drawing`.

        Args:
            latents: (n, 4, h, w).
            controls: of each frame, or one for all.
            pads: states of the key frames before and behind, or None.

        Returns:
            (n, 4, h, w) float32.
        """
        networks, frames = self.networks, len(latents)
        what = Insertion(
            frames,
            self._together(controls),
            (networks.reference, condition.portrait),
            networks.motion,
            None if pads is None else self._beside_each_other(*pads),
        )
        with inserted(self.unet, what):
            text = condition.text.expand(frames, -1, -1)
            found = self.unet(self.placing.tensor(latents), timestep, encoder_hidden_states=text, return_dict=False)[0]
        return found.float().cpu().numpy()

    def _states(self, latent: np.ndarray, text: np.ndarray) -> States:
        """The plain U-Net's states of one clean picture, on the device."""
        with self.placing.using(self.unet_ref), recorded(self.unet_ref) as states:
            rows = self.placing.tensor(text)[None]
            self.unet_ref(self.placing.tensor(latent)[None], 0, encoder_hidden_states=rows, return_dict=False)
        return states

    def _together(self, controls: Sequence[Controls]) -> Controls:
        """One batch of all frames, on the device."""
        return Controls(
            *(
                [self.placing.tensor(torch.cat(parts)) for parts in zip(*sides, strict=True)]
                for sides in ([one.down for one in controls], [one.up for one in controls])
            )
        )

    def _beside_each_other(self, first: States, last: States) -> States:
        """(1, 2, c, h, w) each, on the device."""
        return States(
            *(
                [self.placing.tensor(torch.stack(parts, 1)) for parts in zip(*sides, strict=True)]
                for sides in ((first.down, last.down), (first.up, last.up))
            )
        )


def _in_range(pictures: np.ndarray) -> np.ndarray:
    """(n, h, w, 3) uint8, or float32 in -1..1, to (n, 3, h, w) float32 in -1..1."""
    if pictures.dtype == np.uint8:
        pictures = (pictures / 255.0 * 2 - 1).astype(np.float32)
    return pictures.transpose(0, 3, 1, 2)


def _check_fit(networks: Networks, unet: UNet2DConditionModel) -> None:
    """Refuse a U-Net that the networks were not made for."""
    counts = list(unet.config["block_out_channels"])
    wanted = [*counts, counts[-1], *counts[:0:-1]]
    motion, projection = networks.motion, networks.control_proj
    found = {
        "reference": [*counts, *networks.reference.channels],
        "motion": [place.channels for side in (motion.motion_down, motion.motion_up) for place in side],
        "control": [getattr(projection, name).proj.out_channels for name, _ in (*DOWN_MAPS, *UP_MAPS)],
    }
    if all(channels == wanted for channels in found.values()):
        return
    raise TalkingHeadError(
        ErrorCode.WEIGHTS_CORRUPT,
        "The checkpoint and HelloMeme's models do not fit to each other.",
        "Use a checkpoint of the family of Stable Diffusion 1.5.",
        Action.GET_MODELS,
        f"U-Net: {wanted}; {found}",
    )
