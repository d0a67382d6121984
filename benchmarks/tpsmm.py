# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed of Thin-Plate Spline's networks against the reference implementation's, differences, 16 bit, and memory.

    python -m benchmarks tpsmm --reference DIR

DIR is a checkout of github.com/yoyo-nb/Thin-Plate-Spline-Motion-Model, which needs torchvision. Its modules and ours
take the same seeded weights and inputs and run in turns in one process, so that what else the machine does meets both;
the smallest of several times counts. Per source the reference only finds key points; it encodes the source again for
every frame, which counts as inpainting. Without a checkout the times are compared with recorded ones.
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
    from inference.engines.tpsmm.model import Model

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "data" / "conformance")]

LABELS = {
    "source": "per source",
    "points": "key points",
    "motion": "dense motion",
    "paint": "inpainting",
    "frame": "whole frame",
}
# Seconds of the reference on a 2-core x86 CPU with one thread, 256 px, PyTorch 2.13.
RECORDED = {"source": 0.05, "points": 0.05, "motion": 0.23, "paint": 2.6, "frame": 2.9}
# The reference's own sizes, as its config/vox-256.yaml has them.
COMMON = {"num_tps": 10, "num_channels": 3, "bg": True, "multi_mask": True}
INPAINTING = {"block_expansion": 64, "max_features": 512, "num_down_blocks": 3}
DENSE_MOTION = {"block_expansion": 64, "max_features": 1024, "num_blocks": 5, "scale_factor": 0.25}

Stages = dict[str, Callable[[], np.ndarray]]


class Inputs:
    """The recorded source and one driving frame, enlarged where another size is wanted.

    Attributes:
        source, driving: (size, size, 3) uint8.
    """

    def __init__(self, size_px: int) -> None:
        import cv2

        with np.load(ROOT / "tests" / "data" / "conformance" / "tpsmm_public.npz") as file:
            pictures = file["input/source"], file["input/driving"][1]
        self.source, self.driving = (cv2.resize(picture, (size_px, size_px)) for picture in pictures)


def ours(model: Model, inputs: Inputs) -> Stages:
    """Our stages, standard mode; what is constant for a source is kept, as in a render."""
    source = model.encode(inputs.source)
    driving = inputs.driving[None]
    wanted = model.key_points(driving)
    motion = model.motion(source, wanted)

    def paint() -> np.ndarray:
        import torch

        with torch.inference_mode():
            painted = model._painter.paint(source.picture, source.features, motion.flow, motion.occlusions)
            return painted[0].float().cpu().numpy()

    return {
        "source": lambda: model.encode(inputs.source).kp,
        "points": lambda: model.key_points(driving)[0],
        "motion": lambda: model.motion(source, wanted).flow[0].cpu().numpy(),
        "paint": paint,
        "frame": lambda: model.draw(source, model.key_points(driving)).pictures[0],
    }


def reference(folder: Path, path: Path, inputs: Inputs) -> Stages:
    """The reference's modules with the same weights, on the CPU; a frame is what its loop does for one."""
    import torch

    sys.path.insert(0, str(folder))
    from modules.dense_motion import DenseMotionNetwork  # type: ignore[import-not-found]
    from modules.inpainting_network import InpaintingNetwork  # type: ignore[import-not-found]
    from modules.keypoint_detector import KPDetector  # type: ignore[import-not-found]

    modules = {
        "inpainting_network": InpaintingNetwork(**INPAINTING, **COMMON),
        "kp_detector": KPDetector(**COMMON),
        "dense_motion_network": DenseMotionNetwork(**COMMON, **DENSE_MOTION),
    }
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    for name, module in modules.items():
        module.load_state_dict(checkpoint[name])
        module.eval()
    inpainting, points, motion = modules.values()
    source, driving = (
        torch.tensor(picture[None].astype(np.float32) / 255).permute(0, 3, 1, 2)
        for picture in (inputs.source, inputs.driving)
    )
    with torch.no_grad():
        kp_source, kp_driving = points(source), points(driving)
        found = motion(source_image=source, kp_driving=kp_driving, kp_source=kp_source, bg_param=None)

    def flow(wanted: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return motion(source_image=source, kp_driving=wanted, kp_source=kp_source, bg_param=None)

    def picture(dense: Mapping[str, torch.Tensor]) -> np.ndarray:
        return inpainting(source, dense)["prediction"][0].permute(1, 2, 0).numpy()

    return {
        "source": lambda: points(source)["fg_kp"][0].numpy(),
        "points": lambda: points(driving)["fg_kp"][0].numpy(),
        "motion": lambda: flow(kp_driving)["deformation"][0].numpy(),
        "paint": lambda: picture(found),
        "frame": lambda: picture(flow(points(driving))),
    }


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
                    differences[stage] = float(np.abs(results[0].astype(float) - results[1]).max())
    return best, differences


def print_times(times: Mapping[str, float], other: Mapping[str, float], differences: Mapping[str, float]) -> None:
    """One line a stage."""
    print(f"  {'stage':16} {'reference s':>12} {'ours s':>9} {'ratio':>7} {'largest difference':>20}")
    for stage, label in LABELS.items():
        difference = f"{differences[stage]:20.1e}" if stage in differences else ""
        print(f"  {label:16} {other[stage]:12.3f} {times[stage]:9.3f} {other[stage] / times[stage]:7.2f} {difference}")
    print(f"  {1 / other['frame']:.3f} and {1 / times['frame']:.3f} frames a second")


def memory(folder: Path | None, path: Path, threads: int, size_px: int, frames: int) -> tuple[float, float]:
    """MB: largest resident memory of this process after drawing frames, and its growth a frame; ours or theirs."""
    import torch

    from inference.engines.neural.device import Device
    from inference.engines.tpsmm.model import Model
    from inference.engines.tpsmm.networks.loading import load_networks

    torch.set_num_threads(threads)
    inputs = Inputs(size_px)
    if folder is not None:
        stages = reference(folder, path, inputs)
    else:
        stages = ours(Model(load_networks(path, "vox"), Device("cpu"), "full"), inputs)
    held = []
    with torch.no_grad():
        for _ in range(frames):
            stages["frame"]()
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


def print_memory(folder: Path | None, path: Path, threads: int, size_px: int, frames: int) -> None:
    """Each side in a process of its own."""
    for label, where, count in (("ours", None, frames), ("reference", folder, 2)):
        if label == "ours" or where is not None:
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                peak, slope = pool.submit(memory, where, path, threads, size_px, count).result()
            growth = f", {slope:+.3f} MB a frame over {count} frames" if label == "ours" else ""
            print(f"  {label:16} {peak:8.0f} MB{growth}")


def half_precision(model: Model, path: Path, inputs: Inputs) -> None:
    """Print how near 16 bit comes to 32 bit, and its time where the device is made for it."""
    import torch
    from rounding import round_to_half

    from inference.engines.tpsmm.networks.loading import load_networks
    from inference.engines.tpsmm.painter import PlainPainter

    source = model.encode(inputs.source)
    wanted = model.key_points(inputs.driving[None])
    exact = model.draw(source, wanted).pictures
    motion = model.motion(source, wanted)
    network = load_networks(path, "vox").inpainting
    half = model.device.half
    how = f"{half} on {model.device.label}"
    if half is None:
        how = "torch.bfloat16, its rounding imitated, as this device has no matrix units for it"
        round_to_half(network, torch.bfloat16)
    painter = PlainPainter(network, model.device, half)
    seconds, frames = [], exact
    with torch.inference_mode():
        features = painter.encode(source.picture)
        for _ in range(1 if half is None else 4):
            start = time.perf_counter()
            frames = painter.paint(source.picture, features, motion.flow, motion.occlusions).float().cpu().numpy()
            seconds.append(time.perf_counter() - start)
    psnr = -10 * np.log10(np.square(exact - frames).mean())
    print(f"  {how}: {psnr:.1f} dB against 32 bit", end="" if half else "\n")
    if half:
        print(f", {min(seconds):.3f} s for the inpainting of a frame")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, metavar="DIR", help="checkout of the reference implementation")
    parser.add_argument("--repeats", type=int, default=3, help="turns, of which the fastest counts")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--size", type=int, default=256, metavar="PX", help="side of the pictures")
    parser.add_argument("--device", default="", help="cpu, cuda, mps; the reference always runs on the CPU")
    parser.add_argument("--frames", type=int, default=60, help="frames over which memory is looked at; 0 leaves it out")
    options = parser.parse_args()
    if importlib.util.find_spec("torch") is None:
        print("Left out: PyTorch is not installed.")
        return
    import torch
    import tpsmm_weights

    from inference.engines.neural.device import choose_device
    from inference.engines.tpsmm.model import Model
    from inference.engines.tpsmm.networks.loading import load_networks

    torch.set_num_threads(options.threads)
    path = tpsmm_weights.official_paths(tpsmm_weights.official_folder())["tpsmm"]
    device, inputs = choose_device(options.device), Inputs(options.size)
    model = Model(load_networks(path, "vox"), device, "full")
    print(f"PyTorch {torch.__version__}, {device.label}, {options.threads} threads, 32 bit, {options.size} px")
    stages = ours(model, inputs)
    if options.reference:
        print("Side by side, seeded weights, smallest of", options.repeats)
        (mine, other), differences = measured([stages, reference(options.reference, path, inputs)], options.repeats)
        print_times(mine, other, differences)
    else:
        print("Against RECORDED times of another machine (2-core x86, one thread, 256 px); ratios are only a hint")
        print_times(measured([stages], options.repeats)[0][0], RECORDED, {})
    print("16 bit")
    half_precision(model, path, inputs)
    del stages, model
    gc.collect()
    if options.frames:
        print("Resident memory on the CPU: peak with the file loaded and frames drawn, and its growth")
        print_memory(options.reference, path, options.threads, options.size, options.frames)


if __name__ == "__main__":
    main()
