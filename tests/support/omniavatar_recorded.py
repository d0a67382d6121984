# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorded case of OmniAvatar: its networks, and the official program's way through a sound."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from conformance import Case
from torch import Tensor

from inference.engines.diffusion.placing import Placing
from inference.engines.neural.device import Device
from inference.engines.omniavatar.hearing import FRAME_SAMPLES, RATE_HZ, joined
from inference.engines.omniavatar.listening import normalized
from inference.engines.omniavatar.loading import base_from, completed
from inference.engines.omniavatar.model import Model
from inference.engines.omniavatar.sampling import SectionAsk, draw_section
from inference.engines.omniavatar.sizes import frames_at_once
from inference.engines.video.hold import Placed
from inference.engines.video.segments import latent_frames
from inference.engines.video.vae import Vae, load_vae


def placing() -> Placing:
    return Placing(Device("cpu"), "full")


def tensors(state: dict[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.as_tensor(value) for name, value in state.items()}


class Counted(Model):
    """Notes what it is given and gives."""

    def __init__(self, states: dict[str, dict[str, np.ndarray]], lora: bool = True) -> None:
        adapter = tensors(states["adapter"])
        used = adapter if lora else {name: tensor for name, tensor in adapter.items() if ".lora_" not in name}
        where = placing()
        transformer = base_from(tensors(states["dit"]), used, "pytorch_model.pt")
        held, pack = completed(transformer, used, "pytorch_model.pt", lambda network: Placed(network, where))
        super().__init__(held, pack, where)
        self.inputs: list[np.ndarray] = []
        self.timesteps: list[float] = []
        self.found: list[np.ndarray] = []

    def velocity(self, latents: Tensor, image: Tensor, timestep: float, text: Tensor, heard: Tensor) -> Tensor:
        found = super().velocity(latents, image, timestep, text, heard)
        self.inputs.append(image.numpy())
        self.timesteps.append(timestep)
        self.found.append(found.numpy())
        return found


def vae_of(states: dict[str, dict[str, np.ndarray]]) -> Vae:
    return Vae(load_vae(tensors(states["vae"])), placing())


@dataclass
class Segment:
    """What was drawn of a segment, and from what."""

    image_input: np.ndarray
    audio: np.ndarray
    known: np.ndarray
    first_prediction: np.ndarray
    latents: np.ndarray


@dataclass
class Run:
    """A recorded run done anew."""

    input_values: np.ndarray
    feature_frames: int
    timesteps: list[float]
    calls: int
    video: np.ndarray
    segments: list[Segment] = field(default_factory=list)


def run(case: Case, name: str, model: Counted, vae: Vae) -> Run:
    """A run of the official program with the engine's own parts, which lays films out by the job instead."""
    overlap, steps, tokens, samples = (int(number) for number in case.array(f"{name}/in/options"))
    waveform = case.array(f"{name}/in/audio")
    assert len(waveform) == samples
    image_px = case.array(f"{name}/in/image")
    length = frames_at_once(tokens, *image_px.shape[1:])
    wanted = math.ceil(samples / RATE_HZ * 25)
    frames = full_frames(wanted, length, overlap)
    states = torch.tensor(case.array(f"{name}/in/layer_states"))
    features = joined(torch.tensor(case.array(f"{name}/in/last_state")), states).numpy()
    done = Run(np.pad(normalized(waveform), (0, frames * FRAME_SAMPLES - samples)), frames, [], 0, np.zeros(0))
    heard = np.concatenate([np.zeros_like(features[:1]), features])
    picture = image_px[:, None] * 2 - 1
    image = vae.encode(picture.astype(np.float32))
    known, shown = image, []
    for number, noise in enumerate(case.array(f"{name}/in/noise")):
        start = number * (length - overlap)
        ask = _ask(case, name, image, known, heard[start : start + length], noise[0], steps)
        before = len(model.found)
        latents = draw_section(model, ask, lambda done: None)
        given = np.zeros_like(latents)
        given[:, : known.shape[1]] = known
        done.segments.append(Segment(model.inputs[before], ask.audio, given, model.found[before], latents))
        done.calls += len(model.found) - before
        done.timesteps = list(dict.fromkeys(model.timesteps[before:]))
        video = vae.decode(latents).clip(-1, 1)
        shown.append(video if number == 0 else video[:, overlap:])
        known = vae.encode(np.ascontiguousarray(video[:, -overlap:]))
    done.video = (np.concatenate(shown, axis=1)[:, : wanted + 1].transpose(1, 0, 2, 3) + 1) / 2
    return done


def full_frames(wanted: int, length: int, overlap: int) -> int:
    """Frames of sound that fill all segments of the official program, of which the first has the portrait before."""
    rest = wanted - (length - 1)
    return length - 1 if rest <= 0 else length - 1 + math.ceil(rest / (length - overlap)) * (length - overlap)


def _ask(
    case: Case,
    name: str,
    image: np.ndarray,
    known: np.ndarray,
    audio: np.ndarray,
    noise: np.ndarray,
    steps: int,
) -> SectionAsk:
    guidance, audio_guidance = (float(number) for number in case.array(f"{name}/in/scales"))
    assert noise.shape[1] == latent_frames(len(audio))
    return SectionAsk(
        image=image,
        known=known,
        audio=audio,
        text=case.array(f"{name}/in/context")[0],
        negative=case.array(f"{name}/in/context_negative")[0],
        steps=steps,
        guidance=guidance,
        audio_guidance=guidance if math.isnan(audio_guidance) else audio_guidance,
        shift=5.0,
        noise=noise,
    )
