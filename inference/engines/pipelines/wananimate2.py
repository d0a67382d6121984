# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate-2 by the parts of diffusers' modular pipeline: the picture's person does what the clip's actor does.

The clip itself is shown to the network, by no skeleton: a first pass keeps what each layer makes of it, and the drawn
frames look at that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from diffusers import ClassifierFreeGuidance, WanAnimate2Transformer3DModel
from diffusers.models.transformers.transformer_wan_animate_2 import WanAnimate2KVCache, WanAnimate2KVLayerCache
from diffusers.modular_pipelines.modular_pipeline import BlockState
from diffusers.modular_pipelines.wan_animate_2 import denoise, encoders
from torch import Tensor

from ..neural.strict_loading import wrong_file
from ..video.cancel import Steps
from ..video.clip_vision import ClipVision, load_clip
from ..video.drawing import TEXT
from ..video.fit import HALF, Part
from ..video.held import Held, VideoPlacing
from ..video.hold import Told
from ..video.load import Load
from ..video.needs import contents, part_of, text_part, transformer_part, vae_part
from ..video.schedule import solver
from ..video.strict import strict
from ..video.tensors_in import part_paths, read_files
from ..video.text import padded
from ..video.vae import SCALE, Vae, load_vae
from ..wananimate.prompts import NEGATIVE
from .adapter import SectionAsk
from .in_context import InContextTransformer, attend_frame_by_frame

TRANSFORMER, VISION, VAE = "video model", "image encoder", "VAE"
KEPT = "what is kept of the clip"
PROMPT = "视频中的人在做动作，背景静止"
"""Where none is given, as published: the person in the video is moving, the background is still."""
CLIP_PROMPT = "人物动作的参考视频"
"""What the clip is called, as published: a reference video of a person's motion."""
_VISION_WORKING = 10**8
# Its bar would be written into the worker's log; progress is told by the worker.
denoise.tqdm = partial(denoise.tqdm, disable=True)  # type: ignore[attr-defined]


class WanAnimate2:
    """See ``adapter.Adapter``.

    Args:
        paths: parts "transformer" or its shards, "vae", "clip".
    """

    extra_latents = 1

    def __init__(self, paths: Mapping[str, Path], placing: VideoPlacing) -> None:
        self._paths, self._placing = paths, placing

    @staticmethod
    def parts(paths: Mapping[str, Path], load: Load) -> Sequence[Part]:
        """What the networks need, and what the layers keep of the clip, which is large like a network."""
        tokens = load.tokens + load.frame_tokens  # the picture has a frame of its own
        files = part_paths(paths, "transformer")
        return (
            transformer_part(TRANSFORMER, files, tokens),
            _kept_part(files, tokens),
            text_part(TEXT, part_paths(paths, "umt5")),
            part_of(VISION, part_paths(paths, "clip"), _VISION_WORKING, exact=True),
            vae_part(VAE, part_paths(paths, "vae"), load.height, load.width),
        )

    @staticmethod
    def prompts(settings: Mapping[str, object]) -> tuple[str, ...]:
        """The prompt, the negative one, and what the clip is called."""
        words, negative = str(settings["prompt"]).strip(), str(settings["negative"]).strip()
        return words or PROMPT, negative or NEGATIVE, CLIP_PROMPT

    def draw(self, ask: SectionAsk, told: Callable[[int], None]) -> np.ndarray:
        """See ``Adapter.draw``."""
        steps = Steps(told)
        state = self._state(ask)
        place = 0 if ask.known is None else 1
        components = self._components(ask, steps)
        with self._placing.using(self._vae.network, exact=True):
            denoise.WanAnimate2SegmentVaeEncoderStep()(components, state, place)
            steps.within()
            denoise.WanAnimate2SegmentPrevFramesStep()(components, state, place)
            steps.within()
        denoise.WanAnimate2SegmentSchedulerResetStep()(components, state, place)
        try:
            with self._held.using(steps.within):
                denoise.WanAnimate2RefExtractStep()(components, state, place)
                denoise.WanAnimate2SegmentDenoiseInner()(components, state, place)
                return state.latents[:, 1:].float().cpu().numpy()
        finally:
            state.kv_cache.clear()

    def decode(self, latents: np.ndarray, told: Told) -> np.ndarray:
        """See ``Adapter.decode``."""
        return self._vae.decode(latents, told)

    def _state(self, ask: SectionAsk) -> Any:
        """What diffusers' steps work on: one section, which begins where its clip does."""
        frames, height, width = ask.clip.shape[:3]
        vae, vision = self._vae, self._vision
        picture, clip = _pixels(ask.picture[None]), _pixels(ask.clip)
        latents = vae.encode(picture)
        mask = encoders.get_i2v_mask(1, latents.shape[2], latents.shape[3], 1, device="cpu")
        grid = [(frames - 1) // 4 + 1, height // 16, width // 16]
        exact = self._exact
        return BlockState(
            reference_image_latents=torch.cat([exact(mask), exact(latents)]),
            driving_video_pixels=exact(clip)[None],
            effective_segment=0,
            segment_frame_length=frames,
            prev_segment_conditioning_frames=0 if ask.known is None else len(ask.known),
            out_frames=None if ask.known is None else exact(ask.known).transpose(0, 1)[None],
            num_segments=1,
            num_inference_steps=ask.steps,
            height=height,
            width=width,
            latents=exact(ask.noise),
            kv_cache=self._cache(),
            generator=None,
            condition_clip_context=exact(vision.rows(clip[:, 0]))[None],
            denoiser_input_fields={"encoder_hidden_states_image": exact(vision.rows(picture[:, 0]))[None]},
            prompt_embeds=exact(padded(ask.texts[0]))[None],
            negative_prompt_embeds=exact(padded(ask.texts[1]))[None],
            prompt_ref_embeds=exact(padded(ask.texts[2]))[None],
            grid_sizes_ref=torch.tensor([grid]),
            max_seq_len=int(np.prod(grid)) + grid[1] * grid[2],
            max_seq_len_ref=int(np.prod(grid)),
        )

    def _components(self, ask: SectionAsk, steps: Steps) -> Any:
        """What diffusers' steps use of a pipeline."""
        return SimpleNamespace(
            _execution_device=self._placing.device.torch,
            vae=self._vae.network,
            vae_scale_factor_spatial=SCALE,
            transformer=self._network,
            scheduler=_Schedule(ask, steps),
            guider=ClassifierFreeGuidance(guidance_scale=ask.guidance),
        )

    def _cache(self) -> WanAnimate2KVCache:
        """For what the layers make of the clip: on the device only where all is."""
        cache = WanAnimate2KVCache(self._network.config["num_layers"])
        if self._placing.device.kind != "cpu" and self._placing.memory != "all":
            cache.layer_caches[:] = [InMainMemory() for _ in cache.layer_caches]
        return cache

    def _exact(self, values: np.ndarray | Tensor) -> Tensor:
        return self._placing.tensor(values, exact=True)

    @property
    def _network(self) -> WanAnimate2Transformer3DModel:
        return self._held.network

    @cached_property
    def _held(self) -> Held:
        files = part_paths(self._paths, "transformer")
        network = transformer_from(read_files(files, windows=True), files[0].name)
        return Held(network, self._placing, TRANSFORMER)

    @cached_property
    def _vae(self) -> Vae:
        network = load_vae(read_files(part_paths(self._paths, "vae")))
        self._placing.tile(network)
        return Vae(network, self._placing)

    @cached_property
    def _vision(self) -> ClipVision:
        return ClipVision(load_clip(read_files(part_paths(self._paths, "clip"))), self._placing)


class InMainMemory(WanAnimate2KVLayerCache):
    """What a layer makes of the clip, kept in main memory until the layer looks at it."""

    def __init__(self) -> None:
        super().__init__()
        self._device = torch.device("cpu")

    def store(self, key: Tensor, value: Tensor) -> None:
        """Keep (b, tokens, heads, width) keys and values."""
        self._device = key.device
        super().store(key.cpu(), value.cpu())

    def get(self) -> tuple[Tensor, Tensor]:
        """Them, where they were made."""
        key, value = super().get()
        return key.to(self._device), value.to(self._device)


def _kept_part(files: Sequence[Path], tokens: int) -> Part:
    """Keys and values of the clip's tokens, of all layers."""
    found = contents(files)
    width = found.get("patch_embedding.bias", (0, ""))[0]
    layers = len({name.split(".")[1] for name in found if name.startswith("blocks.")})
    numbers = 2 * width * layers * tokens
    return Part(KEPT, numbers, HALF, 0, numbers // max(layers, 1), 0)


class _Schedule:
    """Our solvers, as diffusers' steps call a scheduler; counts the steps."""

    def __init__(self, ask: SectionAsk, steps: Steps) -> None:
        self._ask, self._steps = ask, steps
        self.timesteps = torch.zeros(0)

    def set_timesteps(self, count: int, device: torch.device) -> None:
        """Begin a run."""
        self._solver = solver(self._ask.solver, count, self._ask.shift)
        self.timesteps = self._solver.timesteps.to(device)

    def step(self, found: Tensor, timestep: Tensor, latents: Tensor, return_dict: bool, generator: None) -> Any:
        """The latents at the next step."""
        stepped = self._solver.step(found, timestep, latents, return_dict=False)
        self._steps.step()
        return stepped


def transformer_from(tensors: Mapping[str, Tensor], source: str) -> WanAnimate2Transformer3DModel:
    """Wan-Animate-2's transformer from the tensors of Diffusers' folder.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT.
    """
    try:
        config = _sizes(tensors)
    except LookupError as error:
        raise wrong_file(f"{source} cannot be Wan-Animate-2's transformer: {error.args[0]} is missing.") from error
    network = strict(lambda: InContextTransformer(**config), tensors, "Wan-Animate-2's transformer", source, None)
    assert isinstance(network, WanAnimate2Transformer3DModel)
    attend_frame_by_frame(network)
    return network


def _sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    dim, channels, *patch = tensors["patch_embedding.weight"].shape
    head = 128 if dim % 128 == 0 else 12  # the published one; tiny ones for tests have 12
    return {
        "dim": dim,
        "in_dim": channels,
        "patch_size": tuple(patch),
        "num_heads": dim // head,
        "num_layers": 1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("blocks.")),
        "ffn_dim": tensors["blocks.0.ffn.0.bias"].shape[0],
        "freq_dim": tensors["time_embedding.0.weight"].shape[1],
        "text_dim": tensors["text_embedding.0.weight"].shape[1],
        "out_dim": tensors["head.head.bias"].shape[0] // int(np.prod(patch)),
        "cross_attn_norm": "blocks.0.norm3.weight" in tensors,
        "use_img_emb": "img_emb.proj.1.weight" in tensors,
    }


def _pixels(pictures: np.ndarray) -> np.ndarray:
    """(3, n, H, W) float32 -1 to 1 of (n, H, W, 3) uint8."""
    return np.ascontiguousarray(pictures.transpose(3, 0, 1, 2), dtype=np.float32) / np.float32(127.5) - 1
