# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What OmniAvatar's frames take: hearing and finishing at full size, a section of the tiny seeded networks.

    python -m benchmarks omniavatar
    python -m benchmarks omniavatar --full-size small

``--full-size`` draws with networks of the official size and random weights, in 16 bit on the fastest device: only where
that is a graphics card with room for them (5 GB, or 35 GB for ``large``, and what is worked with). Without it the video
model is not computed; ``benchmarks/video_figures.py`` counts it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT), str(ROOT / "tests" / "support"), str(ROOT / "tests" / "data" / "conformance")]

SIZE = (1080, 1080)
FRAMES = 57
SIDE_PX = 720
# Blocks, heads, width of the layers inside.
OFFICIAL = {"small": (30, 12, 8960), "large": (40, 40, 13824)}


def seconds(call: Callable[[], object], times: int = 3) -> float:
    """The smallest of several times, after one that does not count."""
    call()
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def told(what: str, value: float, unit: str) -> None:
    """Print a line."""
    print(f"{what:58} {value:9.3f} {unit}")


def hearing() -> None:
    """Wav2Vec 2.0 of the official size with random weights, in the pieces that long sounds are heard in."""
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    from inference.engines.diffusion.placing import Placing
    from inference.engines.neural.device import choose_device
    from inference.engines.omniavatar.hearing import RATE_HZ, Hearing

    device = choose_device()
    ear = Hearing(Wav2Vec2Model(Wav2Vec2Config()).eval(), Placing(device, "full"))
    samples = np.random.default_rng(0).standard_normal(10 * RATE_HZ).astype(np.float32)
    told(f"hearing on {device.label}", seconds(lambda: ear.features(samples), 1) / 10, "s a second of sound")


def finishing() -> None:
    """Frames at the portrait's size, opaque and cut out."""
    import cv2
    from faces import picture, tracker

    from inference.engines.omniavatar.portrait import Portrait
    from inference.media.picture import Picture

    source = Picture(cv2.resize(picture("astronaut"), SIZE))
    for what, cuts in (("frame finished", False), ("frame cut out", True)):
        portrait = Portrait(tracker(), source, "720", cuts)
        drawn = portrait.frame()[:, 0]
        told(f"{what}, {SIZE[0]} x {SIZE[1]} px", seconds(lambda p=portrait, d=drawn: p.finished(d)), "s a frame")


def tiny_section() -> None:
    """A section of the tiny networks at 256 x 256 px, with all that is around them."""
    import media
    import omniavatar_weights
    from faces import picture
    from omniavatar_tiny import QUICK, Memo, Sound, request, sections
    from puppets import PictureList

    from inference.engines.engine import Drivers
    from inference.engines.omniavatar.engine import create
    from inference.media.picture import Picture
    from inference.source import FaceChoice
    from inference.weights.store import WeightStore

    engine = create()
    engine.load(WeightStore([omniavatar_weights.official_folder(), *media.weight_folders()]))
    (section,) = sections(8)
    requests = [request(frame) for frame in section.frames]
    drivers, source = Drivers(sound=Sound(), notes=Memo()), Picture(picture("astronaut"))
    session = engine.open(PictureList([source]), [0], FaceChoice(), {**QUICK, "precision": "full"}, drivers)

    def drawn() -> None:
        left = session.draw(section, requests, None, lambda done: None)
        list(session.finish(section, requests, left, lambda: None))

    told("tiny section of 17 frames, 1 step, 256 x 256 px", seconds(drawn, 1), "s")
    engine.unload()


def full_size(model: str) -> None:
    """A pass, hearing it, decoding and encoding, with random weights."""
    import torch
    from diffusers import AutoencoderKLWan, WanTransformer3DModel

    from inference.engines.diffusion.placing import Placing
    from inference.engines.neural.device import choose_device
    from inference.engines.omniavatar.audio_pack import AudioPack
    from inference.engines.omniavatar.model import Model
    from inference.engines.video.hold import Placed
    from inference.engines.video.segments import latent_frames
    from inference.engines.video.vae import Vae

    device = choose_device()
    blocks, heads, inside = OFFICIAL[model]
    with torch.device(device.torch):
        torch.set_default_dtype(torch.bfloat16)
        transformer = WanTransformer3DModel(
            num_attention_heads=heads, num_layers=blocks, ffn_dim=inside, in_channels=33, image_dim=None
        ).eval()
        torch.set_default_dtype(torch.float32)
        pack, vae = AudioPack(14 * 768, 32, 128 * heads, blocks // 2 - 1).eval(), AutoencoderKLWan().eval()
    placing = Placing(device, "full", "all")
    placing.dtype = torch.bfloat16
    network = Model(Placed(transformer, placing), pack, placing)
    shape = latent_frames(FRAMES), SIDE_PX // 8, SIDE_PX // 8
    numbers = np.random.default_rng(0)
    latents, image, text, audio = (
        numbers.standard_normal(size).astype(np.float32)
        for size in ((16, *shape), (17, *shape), (512, 4096), (FRAMES, 14 * 768))
    )
    heard = network.heard(audio)
    given = [network.tensor(each) for each in (latents, image, text)]

    def one_pass() -> None:
        with network.drawing():
            network.velocity(given[0], given[1], 500.0, given[2], heard).cpu()

    name = f"{model}, {FRAMES} frames, {SIDE_PX} x {SIDE_PX} px on {device.label}"
    told(f"pass of {name}", seconds(one_pass), "s")
    decoder = Vae(vae, placing)
    told(f"decoding {name}", seconds(lambda: decoder.decode(latents), 1), "s")
    if device.kind == "cuda":
        told("most memory of the card", torch.cuda.max_memory_allocated(device.index) / 1e9, "GB")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full-size", choices=tuple(OFFICIAL))
    model = parser.parse_args().full_size
    if model:
        full_size(model)
        return
    hearing()
    finishing()
    tiny_section()


if __name__ == "__main__":
    main()
