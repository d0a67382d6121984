# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed of EDTalk's networks against the reference implementation's, differences, 16 bit, and memory.

    python -m benchmarks edtalk --reference DIR

DIR is a checkout of github.com/tanshuai0219/EDTalk. Its modules and ours take the same seeded weights and inputs and
run in turns in one process, so that what else the machine does meets both; the smallest of several times counts. The
reference encodes source and driving pictures again for every frame. Ours encodes a source once; a frame is measured
with its driving pictures encoded, and as it is drawn when these are known or sliders drive it. Without a checkout the
times are compared with recorded ones.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from inference.engines.edtalk.model import Model

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "data" / "conformance")]

LABELS = {
    "full": {
        "sound": "sound, head clip, preset",
        "clips": "mouth, head and emotion clips",
        "known": "sound, head known, preset",
        "kept": "the same, emotion kept",
    },
    "lip_pose": {"sound": "sound, head clip", "clips": "mouth and head clips", "known": "sound, head known"},
}
# What the reference does for a frame that is drawn from what is known.
SAME = {"known": "sound", "kept": "sound"}
# Seconds a frame of the reference on a 2-core x86 CPU with one thread, PyTorch 2.13; not every way was recorded.
RECORDED = {"full": {"sound": 2.6, "clips": 5.8}, "lip_pose": {"sound": 2.3}}

Frames = dict[str, Callable[[], np.ndarray]]


class Inputs:
    """Recorded pictures, and weights of a sound and of an emotion.

    Attributes:
        source, mouth, pose, expression: (1, 256, 256, 3) uint8.
        sound: (1, 20).
        preset: (1, 10).
    """

    def __init__(self) -> None:
        with np.load(ROOT / "tests" / "data" / "conformance" / "edtalk_public.npz") as file:
            self.source = file["input/source"][None]
            self.mouth, self.pose, self.expression = (
                file[f"input/{name}"][1:2] for name in ("mouth", "pose", "expression")
            )
            self.sound = file["expect/lip_smooth"][4:5]
            self.preset = file["input/exp_weight_happy"]


def ours(model: Model, inputs: Inputs) -> Frames:
    """Ways to draw a frame of an encoded source: (256, 256, 3) each."""
    from inference.engines.edtalk.model import Weights

    (source,) = model.encode(inputs.source)
    nothing = np.zeros((1, 0), np.float32)
    preset = inputs.preset if model.full else nothing
    known = model.weights(model.encode_codes(inputs.pose)).pose
    others = iter(np.linspace(1, 1.01, 100000))

    def draw(mouth: np.ndarray, pose: np.ndarray, expression: np.ndarray) -> np.ndarray:
        return model.decode_raw(source, Weights(mouth, pose, expression))[0]

    def of(pictures: np.ndarray) -> Weights:
        return model.weights(model.encode_codes(pictures))

    def clips() -> np.ndarray:
        expression = of(inputs.expression).expression if model.full else nothing
        return draw(of(inputs.mouth).mouth, of(inputs.pose).pose, expression)

    frames: Frames = {
        "sound": lambda: draw(inputs.sound, of(inputs.pose).pose, preset),
        "clips": clips,
        "known": lambda: draw(inputs.sound, known, preset * np.float32(next(others))),
    }
    if model.full:
        frames["kept"] = lambda: draw(inputs.sound, known, preset)
    return frames


def reference(folder: Path, path: Path, name: str, inputs: Inputs) -> Frames:
    """What the reference does for a frame, with the same weights, on the CPU."""
    import torch

    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    torch.Tensor.cuda = lambda self, *_, **__: self  # type: ignore[method-assign]  # its decoder asks for a GPU
    from networks.generator import Generator as Full  # type: ignore[import-not-found]
    from networks.generator_lip_pose import Generator as LipPose  # type: ignore[import-not-found]

    module = Full(256) if name == "full" else LipPose(256)
    with torch.serialization.safe_globals([argparse.Namespace]):
        module.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["gen"])
    module.eval()
    source, mouth, pose, expression = (
        (torch.tensor(picture).permute(0, 3, 1, 2) / 255 - 0.5) * 2
        for picture in (inputs.source, inputs.mouth, inputs.pose, inputs.expression)
    )
    sound, preset = torch.tensor(inputs.sound), torch.tensor(inputs.preset)

    def picture(made: torch.Tensor) -> np.ndarray:
        return made[0].permute(1, 2, 0).numpy()

    if name == "full":
        return {
            "sound": lambda: picture(module.test_EDTalk_A_use_exp_weight(source, sound, pose, preset)),
            "clips": lambda: picture(module.test_EDTalk_V(source, mouth, pose, expression)),
        }
    return {
        "sound": lambda: picture(module.test_from_audio_pose_image(source, sound, pose)),
        "clips": lambda: picture(module.test_EDTalk_V(source, mouth, pose)),
    }


def measured(sides: list[Frames], repeats: int) -> tuple[list[dict[str, float]], dict[str, float]]:
    """The smallest seconds of each way of each side, taken in turns, and the largest differences between sides."""
    import torch

    best = [dict.fromkeys(side, float("inf")) for side in sides]
    differences = {}
    with torch.no_grad():
        for _ in range(repeats):
            for way in sides[0]:
                results = []
                for times, side in zip(best, sides, strict=True):
                    if way in side:
                        start = time.perf_counter()
                        results.append(side[way]())
                        times[way] = min(times[way], time.perf_counter() - start)
                if len(results) == 2:
                    differences[way] = float(np.abs(results[0] - results[1]).max())
    return best, differences


def print_times(
    labels: Mapping[str, str], times: Mapping[str, float], other: Mapping[str, float], differences: Mapping[str, float]
) -> None:
    """One line a way to draw a frame."""
    print(f"  {'a frame':30} {'reference s':>12} {'ours s':>9} {'ratio':>7} {'largest difference':>20}")
    for way, label in labels.items():
        theirs = other.get(SAME.get(way, way), float("nan"))
        difference = f"{differences[way]:20.1e}" if way in differences else ""
        print(f"  {label:30} {theirs:12.3f} {times[way]:9.3f} {theirs / times[way]:7.2f} {difference}")


def memory(folder: Path | None, paths: Mapping[str, Path], name: str, threads: int, frames: int) -> tuple[float, float]:
    """MB: largest resident memory of this process after drawing frames, and its growth a frame; ours or theirs."""
    import torch

    from inference.engines.edtalk.model import Model, load_networks
    from inference.engines.neural.device import Device

    torch.set_num_threads(threads)
    inputs = Inputs()
    if folder is not None:
        side = reference(folder, paths["edtalk"], name, inputs)
    else:
        side = ours(Model(load_networks(paths, name), Device("cpu"), "full"), inputs)
    held = []
    with torch.no_grad():
        for _ in range(frames):
            side["sound"]()
            held.append(_status_mb("VmRSS"))
    # The first frames fill what is used again.
    settled = held[len(held) // 4 :]
    slope = float(np.polyfit(range(len(settled)), settled, 1)[0]) if len(settled) > 1 else float("nan")
    return _status_mb("VmHWM"), slope


def _status_mb(name: str) -> float:
    """A figure of this process; not a number on systems without /proc."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    return int(status.read_text(encoding="ascii").split(f"{name}:")[1].split()[0]) / 1e3


def print_memory(folder: Path | None, paths: Mapping[str, Path], name: str, threads: int, frames: int) -> None:
    """Each side in a process of its own."""
    for label, where, count in (("ours", None, frames), ("reference", folder, 2)):
        if label == "ours" or where is not None:
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                peak, slope = pool.submit(memory, where, paths, name, threads, count).result()
            growth = f", {slope:+.3f} MB a frame over {count} frames" if label == "ours" else ""
            print(f"  {label:16} {peak:8.0f} MB{growth}")


def half_precision(model: Model, paths: Mapping[str, Path], name: str, inputs: Inputs) -> None:
    """Print how near 16 bit comes to 32 bit, and its time where the device is made for it."""
    import torch
    from edtalk_rounding import round_decoder

    from inference.engines.edtalk.fast.plain import PlainRenderer
    from inference.engines.edtalk.model import load_networks

    exact = ours(model, inputs)["sound"]()
    networks = load_networks(paths, name)
    half = model.device.half
    how = f"{half} on {model.device.label}"
    if half is None:
        how = "torch.bfloat16, its rounding imitated, as this device has no matrix units for it"
        round_decoder(networks.generator.dec, torch.bfloat16)
    renderer, model.renderer = model.renderer, PlainRenderer(networks.generator, model.device, half)
    rounded = ours(model, inputs)
    seconds, frame = [], exact
    for _ in range(1 if half is None else 4):
        start = time.perf_counter()
        frame = rounded["known"]()
        seconds.append(time.perf_counter() - start)
    frame = rounded["sound"]()
    model.renderer = renderer
    psnr = -10 * np.log10(np.square((exact - frame) / 2).mean())
    print(f"  {how}: {psnr:.1f} dB against 32 bit", end="" if half else "\n")
    if half:
        print(f", {min(seconds):.3f} s a frame")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, metavar="DIR", help="checkout of the reference implementation")
    parser.add_argument("--repeats", type=int, default=3, help="turns, of which the fastest counts")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--model", choices=tuple(LABELS), help="one of the two; both without")
    parser.add_argument("--device", default="", help="cpu, cuda, mps; the reference always runs on the CPU")
    parser.add_argument("--frames", type=int, default=60, help="frames over which memory is looked at; 0 leaves it out")
    options = parser.parse_args()
    if importlib.util.find_spec("torch") is None:
        print("Left out: PyTorch is not installed.")
        return
    import edtalk_weights
    import torch

    from inference.engines.edtalk.model import Model, load_networks
    from inference.engines.neural.device import choose_device

    torch.set_num_threads(options.threads)
    device, inputs = choose_device(options.device), Inputs()
    print(f"PyTorch {torch.__version__}, {device.label}, {options.threads} threads, 32 bit, seeded weights")
    for name in [options.model] if options.model else LABELS:
        paths = edtalk_weights.official_paths(edtalk_weights.official_folder(), name)
        model = Model(load_networks(paths, name), device, "full")
        side = ours(model, inputs)
        if options.reference:
            print(f"{paths['edtalk'].name}, side by side, smallest of {options.repeats}")
            theirs = reference(options.reference, paths["edtalk"], name, inputs)
            (mine, other), differences = measured([side, theirs], options.repeats)
            print_times(LABELS[name], mine, other, differences)
            del theirs
        else:
            print(f"{paths['edtalk'].name}, against RECORDED times of another machine; ratios are only a hint")
            print_times(LABELS[name], measured([side], options.repeats)[0][0], RECORDED[name], {})
        print("16 bit")
        half_precision(model, paths, name, inputs)
        del side, model
        gc.collect()
        if options.frames:
            print("Resident memory on the CPU: peak with the files loaded and frames drawn, and its growth")
            print_memory(options.reference, paths, name, options.threads, options.frames)


if __name__ == "__main__":
    main()
