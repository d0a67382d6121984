# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks of a person through a shot, by SAM 2's video network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from transformers import Sam2VideoModel
from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

from ....errors import ErrorCode, TalkingHeadError
from ...diffusion.placing import Placing
from .sam2_network import load, side_px
from .seeds import Seed

_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
_PERSON = 1


def _nothing() -> None:
    pass


class PersonMasks:
    """Follows one person; the network is read when it is needed first.

    Args:
        path: model.safetensors of facebook/sam2.1-hiera-large, or the official sam2_hiera_large.pt.
        placing: what computes, and in which numbers. It must not place layer by layer (memory ``all`` or ``parts``):
            the network uses some weights without calling the layers that they belong to.
    """

    def __init__(self, path: Path, placing: Placing) -> None:
        self._path = path
        self._placing = placing
        self._network: Sam2VideoModel | None = None

    def masks(
        self, frames: Sequence[np.ndarray], seeds: Sequence[Seed], told: Callable[[], None] = _nothing
    ) -> np.ndarray:
        """Where the person is in each frame. From the first seed's frame the person is followed to both ends.

        Args:
            frames: (H, W, 3) uint8 RGB, all of one size.
            seeds: at least one, at most one a frame.
            told: called before each frame; may raise to cancel.

        Returns:
            (n, H, W) bool.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, UNSUPPORTED_INPUT, WEIGHTS_CORRUPT, OUT_OF_MEMORY.
        """
        if self._network is None:
            self._network = load(self._path)
        try:
            with self._placing.using(self._network):
                return self._followed(self._network, frames, seeds, told)
        except TalkingHeadError as error:
            if error.code is not ErrorCode.OUT_OF_MEMORY:
                raise
            raise TalkingHeadError(
                error.code,
                "The memory of the device is not enough to follow a person with SAM 2.",
                "Close other programs that use it, set Mask From to Person Matte, or choose the CPU as device.",
                details=error.details,
            ) from error

    def _followed(
        self, network: Sam2VideoModel, frames: Sequence[np.ndarray], seeds: Sequence[Seed], told: Callable[[], None]
    ) -> np.ndarray:
        height, width = frames[0].shape[:2]
        session = _session(self._placing, frames, side_px(network))
        masks = np.zeros((len(frames), height, width), bool)
        ordered = sorted(seeds, key=lambda seed: seed.frame)
        for seed in ordered:
            told()
            _tell(session, seed, side_px(network))
            network(session, frame_idx=seed.frame)
        for frame, reverse in _order(ordered[0].frame, len(frames)):
            told()
            logits = network(session, frame_idx=frame, reverse=reverse).pred_masks
            masks[frame] = _of_size(logits, height, width)
            _forget(session, frame)
        return masks


class _Views:
    """Frames as the network is shown them, made when it looks; to transformers' session it is a dictionary."""

    def __init__(self, placing: Placing, frames: Sequence[np.ndarray], side: int) -> None:
        self._placing = placing
        self._frames = frames
        self._size = (side, side)

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, frame: int) -> Tensor:
        """(3, side, side) normalized."""
        picture = torch.from_numpy(np.ascontiguousarray(self._frames[frame])).permute(2, 0, 1)[None].float() / 255
        small = interpolate(picture, self._size, mode="bilinear", antialias=True)[0]
        normal = (small - torch.tensor(_MEAN)[:, None, None]) / torch.tensor(_DEVIATION)[:, None, None]
        return self._placing.tensor(normal)


def _session(placing: Placing, frames: Sequence[np.ndarray], side: int) -> Sam2VideoInferenceSession:
    device = placing.device.torch
    session = Sam2VideoInferenceSession(
        video_height=frames[0].shape[0],
        video_width=frames[0].shape[1],
        inference_device=device,
        inference_state_device=device,
        video_storage_device=device,
        dtype=placing.dtype,
    )
    session.processed_frames = _Views(placing, frames, side)  # type: ignore[assignment]
    return session


def _tell(session: Sam2VideoInferenceSession, seed: Seed, side: int) -> None:
    person = session.obj_id_to_idx(_PERSON)
    if seed.mask is None:
        points = torch.as_tensor(seed.points * side, dtype=torch.float32)
        labels = torch.as_tensor(seed.belong.astype(np.int32))
        inputs = {"point_coords": points[None, None], "point_labels": labels[None, None]}
        session.add_point_inputs(person, seed.frame, inputs)
    else:
        mask = torch.as_tensor(seed.mask.astype(np.float32))[None, None]
        mask = interpolate(mask, (side, side), mode="bilinear", antialias=True)
        session.add_mask_inputs(person, seed.frame, (mask >= 0.5).float())
    session.obj_with_new_inputs = [_PERSON]


def _order(start: int, count: int) -> Iterator[tuple[int, bool]]:
    """Frames from the first that is known to the end, then back to the beginning."""
    for frame in range(start, count):
        yield frame, False
    for frame in range(start - 1, -1, -1):
        yield frame, True


def _of_size(logits: Tensor, height: int, width: int) -> np.ndarray:
    """(height, width) bool of (1, 1, h, w) logits."""
    large = interpolate(logits.float(), (height, width), mode="bilinear", align_corners=False)
    return (large[0, 0] > 0).cpu().numpy()


def _forget(session: Sam2VideoInferenceSession, frame: int) -> None:
    """Let go of what was needed only for a frame's own memory: 4 MB."""
    for kept in session.output_dict_per_obj[session.obj_id_to_idx(_PERSON)].values():
        kept.get(frame, {}).pop("high_res_masks", None)
