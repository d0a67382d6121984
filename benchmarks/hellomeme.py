# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed and memory of HelloMeme's drawing with the tiny seeded networks, and what the official ones have to compute.

    python -m benchmarks hellomeme --reference DIR

DIR is a checkout of github.com/HelloVision/ComfyUI_HelloMeme, which needs einops and torchvision. Its modules and ours
take the same seeded weights and inputs and run in turns in one process, so that what else the machine does meets both;
the smallest of several times counts. The reference computes both conditions in one batch, and what the portrait is to
the frames anew in every step. The official sizes are only counted, without memory.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import json
import os
import sys
import time
import types
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor, nn

    from inference.engines.hellomeme.model import Condition, Model

ROOT = Path(__file__).resolve().parents[1]
CASE = ROOT / "tests" / "data" / "conformance"
sys.path += [str(ROOT / "tests" / "support"), str(CASE)]

LABELS = {
    "portrait": "the portrait",
    "control": "control of a frame",
    "key": "a key frame",
    "window": "a step of a window",
}
WINDOW, LATENT_PX, TIMESTEP = 12, 16, 431
WIDTHS = (32, 64, 128, 128)
TEXT = (7, 16)
FULL_FILES = {
    "control": "hm5_control_base",
    "control_proj": "hm5_control_proj",
    "motion": "hm5_motion",
    "pd_fgc": "pd_fgc_motion",
}

Stages = dict[str, Callable[[], np.ndarray]]


class Inputs:
    """Random numbers in the form of our interfaces; texts, latents and key frames of both conditions.

    Attributes:
        texts: (2, 7, 16), negative and positive.
        portrait: (4, 16, 16).
        keys: (2, 4, 16, 16).
        latents: (12, 4, 16, 16).
        pictures: (12, 128, 128, 3) uint8.
        emotions: (12, 548).
    """

    def __init__(self) -> None:
        numbers = np.random.default_rng(1)

        def normal(*shape: int) -> np.ndarray:
            return numbers.standard_normal(shape).astype(np.float32)

        latent = 4, LATENT_PX, LATENT_PX
        self.texts, self.portrait, self.keys = normal(2, *TEXT), normal(*latent), normal(2, *latent)
        self.latents, self.emotions = normal(WINDOW, *latent), normal(WINDOW, 548)
        side = 8 * LATENT_PX
        self.pictures = numbers.integers(0, 256, (WINDOW, side, side, 3), np.uint8)


def our_model(states: Mapping[str, Mapping[str, np.ndarray]]) -> Model:
    """Ours on the CPU, in 32 bit."""
    import torch

    from inference.engines.diffusion.base_model import unet_from
    from inference.engines.diffusion.placing import Placing
    from inference.engines.hellomeme.loading import networks_from
    from inference.engines.hellomeme.model import Model
    from inference.engines.neural.device import Device

    unet, unet_ref = (
        unet_from({name: torch.tensor(value) for name, value in states[part].items()}, part) for part in _UNETS
    )
    return Model(networks_from(states, "v5"), unet, unet_ref, Placing(Device("cpu"), "full"))


def ours(model: Model, inputs: Inputs) -> Stages:
    """Our stages; what is constant for a film is kept, as in a render."""
    nothing, (negative, positive) = np.zeros_like(inputs.portrait), inputs.texts
    latents = (nothing, inputs.portrait)

    def both() -> list[Condition]:
        return [model.condition(latent, text, text) for latent, text in zip(latents, inputs.texts, strict=True)]

    conditions = both()
    empty = model.controls(np.zeros_like(inputs.pictures[:1]), np.zeros_like(inputs.emotions[:1]), lambda: None)
    controls = model.controls(inputs.pictures, inputs.emotions, lambda: None)
    empty_key = model.key_states(nothing, negative)
    keys = [model.key_states(latent, positive) for latent in inputs.keys]

    def window() -> np.ndarray:
        with model.drawing(WINDOW, (LATENT_PX, LATENT_PX)):
            first = model.predicted(inputs.latents, TIMESTEP, conditions[0], empty, (empty_key, empty_key))
            second = model.predicted(inputs.latents, TIMESTEP, conditions[1], controls, (keys[0], keys[1]))
        return np.stack([first, second])

    def control() -> np.ndarray:
        return model.controls(inputs.pictures[:1], inputs.emotions[:1], lambda: None)[0].up[3][0].numpy()

    return {
        "portrait": lambda: both()[1].text[0].numpy(),  # states are compared at the key frame
        "control": control,
        "key": lambda: model.key_states(inputs.keys[0], positive).up[3][0].numpy(),
        "window": window,
    }


class Upstream:
    """The reference's modules with the same weights, on the CPU.

    Args:
        folder: checkout.
    """

    def __init__(self, folder: Path, states: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        import torch
        from diffusers.models.embeddings import TimestepEmbedding, Timesteps

        # Not by its own __init__, which imports programs and packages that are not needed here.
        package = types.ModuleType("hellomeme")
        package.__path__ = [str(folder / "hellomeme")]
        sys.modules["hellomeme"] = package
        models, control, blocks = (
            importlib.import_module(f"hellomeme.models{name}") for name in ("", ".hm_control", ".hm_blocks")
        )
        self._torch, self._states = torch, states
        self.unet, self.unet_ref = (self._loaded(models.HM3Denoising3D(**_tiny_unet()), part) for part in _UNETS)
        channels = {"block_down_channels": list(WIDTHS), "block_up_channels": [128, 128, 128, 64]}
        for part, kind in (("reference", models.HM5ReferenceAdapter), ("motion", models.HM5MotionAdapter)):
            self.unet.insert_reference_adapter(self._loaded(kind(**channels, num_attention_heads=8), part))
        small = models.HM5ControlNetBase(cross_attention_dim=64)
        small.emo_embedding = small.exp_embedding = Timesteps(64, True, 0)
        small.emo_proj, small.exp_proj, small.face_proj = (TimestepEmbedding(64, 64) for _ in range(3))
        small.ctrl_attn = blocks.SmallUnetV5(3, 32, 64, [32, 64, 128])
        self.control = self._loaded(small, "control")
        with torch.device("meta"):
            projection = models.HM5SD15ControlProj()
        for name, _ in list(projection.named_children()):
            wide, out = (int(number) // 10 for number in name[3:].split("_")[:3:2])
            setattr(projection, name, control.HMProjector(wide, out))
        self.projection = self._loaded(projection, "control_proj")

    def _loaded(self, module: nn.Module, part: str) -> Any:
        module.load_state_dict({name: self._torch.tensor(value) for name, value in self._states[part].items()})
        return module.eval()

    def cache(self, latent: Tensor, texts: Tensor) -> dict[str, Tensor]:
        """States of the plain U-Net for both conditions."""
        both = self._torch.stack([self._torch.zeros_like(latent), latent])[:, :, None]
        return self.unet_ref(both, 0, encoder_hidden_states=texts, return_dict=False)[1]

    def controls(self, pictures: Tensor, emotions: Tensor) -> dict[str, Tensor]:
        """Controls of (1, 3, f, S, S) pictures and (1, f, 548) emotions."""
        return self.projection(self.control(pictures, emo_embedding=emotions))

    def stages(self, inputs: Inputs) -> Stages:
        """As ours."""
        torch = self._torch
        texts = torch.tensor(inputs.texts)
        portrait, keys = torch.tensor(inputs.portrait), torch.tensor(inputs.keys)
        planes = torch.tensor(inputs.pictures.transpose(3, 0, 1, 2)[None] / 255.0 * 2 - 1).float()
        emotions = torch.tensor(inputs.emotions)[None]
        both = torch.tensor(inputs.latents.swapaxes(0, 1)).expand(2, -1, -1, -1, -1)
        with torch.no_grad():
            reference = self.cache(portrait, texts)
            found = [self.cache(key, texts) for key in keys]
            pads = {name: torch.stack([first, found[1][name]], 2) for name, first in found[0].items()}
            empty = self.controls(torch.full_like(planes, -1), torch.zeros_like(emotions))
            driven = self.controls(planes, emotions)
            controls = {name: torch.cat([empty[name], value]) for name, value in driven.items()}

        def read_portrait() -> np.ndarray:
            self.cache(portrait, texts)
            return inputs.texts[1]

        def window() -> np.ndarray:
            drawn = self.unet(
                both, TIMESTEP, encoder_hidden_states=texts, reference_hidden_states=reference,
                control_hidden_states=dict(controls), motion_pad_hidden_states=pads, use_motion=True, return_dict=False,
            )[0]  # fmt: skip
            return drawn.transpose(1, 2).numpy()

        return {
            "portrait": read_portrait,
            "control": lambda: self.controls(planes[:, :, :1], emotions[:, :1])["up3_3"][0, :, 0].numpy(),
            "key": lambda: self.cache(keys[0], texts)["up_3"][1].numpy(),
            "window": window,
        }


_UNETS = ("unet", "unet_ref")


def _tiny_unet() -> dict[str, Any]:
    return {
        "sample_size": LATENT_PX, "block_out_channels": WIDTHS, "cross_attention_dim": TEXT[1],
        "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    }  # fmt: skip


def measured(sides: list[Stages], repeats: int) -> tuple[list[dict[str, float]], dict[str, float]]:
    """The smallest seconds of each stage of each side, taken in turns, and the largest differences between sides."""
    import torch

    best = [dict.fromkeys(LABELS, float("inf")) for _ in sides]
    differences = {}
    with torch.no_grad():
        for _ in range(repeats):
            for stage in LABELS:
                results = []
                for times, side in zip(best, sides, strict=True):
                    start = time.perf_counter()
                    results.append(side[stage]())
                    times[stage] = min(times[stage], time.perf_counter() - start)
                if len(sides) == 2:
                    differences[stage] = float(np.abs(results[0] - results[1]).max())
    return best, differences


def print_times(times: list[dict[str, float]], differences: Mapping[str, float]) -> None:
    """One line a stage."""
    for stage, label in LABELS.items():
        line = f"  {label:20} {times[0][stage]:8.3f} s"
        if len(times) == 2:
            ratio = times[1][stage] / times[0][stage]
            line += f", reference {times[1][stage]:8.3f} s, ratio {ratio:5.2f}, difference {differences[stage]:.1e}"
        print(line)
    print(f"  {times[0]['window'] / WINDOW:.4f} s for a frame and step")


def memory(folder: Path | None, threads: int, repeats: int) -> tuple[float, float]:
    """MB: largest resident memory of this process after some steps of a window, and its growth a step."""
    import hellomeme_weights
    import torch

    torch.set_num_threads(threads)
    states, inputs = hellomeme_weights.states(), Inputs()
    stages = ours(our_model(states), inputs) if folder is None else Upstream(folder, states).stages(inputs)
    held = []
    with torch.no_grad():
        for _ in range(repeats):
            stages["window"]()
            held.append(_status_mb("VmRSS"))
    settled = held[len(held) // 2 :]
    slope = float(np.polyfit(range(len(settled)), settled, 1)[0]) if len(settled) > 1 else float("nan")
    return _status_mb("VmHWM"), slope


def _status_mb(name: str) -> float:
    """A figure of this process; not a number on systems without /proc."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    return int(status.read_text(encoding="ascii").split(f"{name}:")[1].split()[0]) / 1e3


def print_memory(folder: Path | None, threads: int, repeats: int) -> None:
    """Each side in a process of its own."""
    for label, where in (("ours", None), ("reference", folder)):
        if label == "ours" or where is not None:
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                peak, slope = pool.submit(memory, where, threads, repeats).result()
            print(f"  {label:20} {peak:8.0f} MB, {slope:+.2f} MB a step")


def full_model(version: str) -> Model:
    """The official sizes, without memory."""
    import torch
    from diffusers import UNet2DConditionModel

    from inference.engines.diffusion.placing import Placing
    from inference.engines.hellomeme.loading import networks_from
    from inference.engines.hellomeme.model import Model
    from inference.engines.neural.device import Device

    layouts = json.loads((CASE / "hellomeme_keys_full.json").read_text(encoding="utf-8"))
    files = {"reference": f"hm5{version[2:]}_reference", **FULL_FILES}
    states = {
        part: {name: torch.empty(shape, dtype=getattr(torch, kind), device="meta")
               for name, (shape, kind) in layouts[file].items()}
        for part, file in files.items()
    }  # fmt: skip
    with torch.device("meta"):
        unet = UNet2DConditionModel(block_out_channels=(320, 640, 1280, 1280), cross_attention_dim=768).eval()
    return Model(networks_from(states, version), unet, unet, Placing(Device("cpu"), "full"))  # type: ignore[arg-type]


def work(version: str, size_px: int) -> dict[str, float]:
    """10^12 multiplications and additions of the official sizes, by what they are for."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from inference.engines.hellomeme.hooks import Insertion, States, inserted, recorded

    model, side = full_model(version), size_px // 8

    def counted(run: Callable[[], object]) -> float:
        with FlopCounterMode(display=False) as counter:
            run()
        return counter.get_total_flops() / 1e12

    def unet(frames: int) -> None:
        text = torch.empty(frames, 77, 768, device="meta")
        latents = torch.empty(frames, 4, side, side, device="meta")
        model.unet(latents, 0, encoder_hidden_states=text, return_dict=False)

    def control() -> Any:
        drive = model.networks.control.emotion(torch.empty(1, 548, device="meta"))
        found = model.networks.control(torch.empty(1, 3, size_px, size_px, device="meta"), drive)
        return model.networks.control_proj(found)

    def window(what: Insertion) -> None:
        with inserted(model.unet, what):
            unet(WINDOW)

    with torch.inference_mode(), torch.device("meta"):
        with recorded(model.unet) as states:
            unet(1)
        prepared = model.networks.reference.prepared(states.up)
        pads = States(*([torch.stack([one, one], 1) for one in part] for part in (states.down, states.up)))
        reference, motion = (model.networks.reference, prepared), model.networks.motion
        plain = counted(lambda: unet(WINDOW)) / WINDOW
        return {
            "U-Net": plain,
            "portrait": counted(lambda: window(Insertion(WINDOW, None, reference))) / WINDOW - plain,
            "motion": counted(lambda: window(Insertion(WINDOW, None, None, motion, pads))) / WINDOW - plain,
            "control": counted(control),
        }


def print_work(size_px: int) -> None:
    """What a frame costs."""
    for version in ("v5", "v5b"):
        found = work(version, size_px)
        step = 2 * sum(found[name] for name in ("U-Net", "portrait", "motion"))
        parts = ", ".join(f"{name} {value:.2f}" for name, value in found.items() if name != "control")
        print(f"  {version:4} {step:.2f} TFLOP for a frame and step, both conditions ({parts} for one)")
        print(f"       {found['control']:.2f} once for a frame (control), {found['U-Net']:.2f} once for a key frame")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, metavar="DIR", help="checkout of the reference implementation")
    parser.add_argument("--repeats", type=int, default=3, help="turns, of which the fastest counts")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--size", type=int, default=512, metavar="PX", help="side of what is counted in official size")
    options = parser.parse_args()
    if importlib.util.find_spec("diffusers") is None:
        print("Left out: PyTorch or diffusers is not installed.")
        return
    import hellomeme_weights
    import torch

    torch.set_num_threads(options.threads)
    states, inputs = hellomeme_weights.states(), Inputs()
    print(
        f"PyTorch {torch.__version__}, CPU, {options.threads} threads, 32 bit, tiny networks, 128 px, {WINDOW} frames"
    )
    sides = [ours(our_model(states), inputs)]
    if options.reference:
        sides.append(Upstream(options.reference, states).stages(inputs))
    print_times(*measured(sides, options.repeats))
    del sides, states
    gc.collect()
    print("Resident memory: peak with the networks loaded and steps done, and its growth")
    print_memory(options.reference, options.threads, 3 * options.repeats)
    print(f"What the official sizes compute at {options.size} px, in multiplications and additions")
    print_work(options.size)


if __name__ == "__main__":
    main()
