# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed of LivePortrait's networks against the reference implementation's, the whole path, memory, and 16 bit.

    python -m benchmarks liveportrait --reference DIR

DIR is a checkout of github.com/KwaiVGI/LivePortrait. Its modules and ours take the same seeded weights and inputs and
run in turns in one process, so that what else the machine does meets both; the smallest of several times counts.
Without a checkout the times are compared with recorded ones of another machine.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

    from inference.engines.liveportrait.model import Model

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "data" / "conformance")]

STAGES = ("F", "M", "W", "G")
LABELS = {"F": "F, per source", "M": "M, per driver", "W": "W", "G": "G", "W+G": "frame, W+G"}
# Seconds of the reference on a 2-core x86 CPU, PyTorch 2.13, by threads: docs/performance.md says where from.
RECORDED = {
    1: {"F": 0.52, "M": 0.17, "W": 4.49, "G": 7.03, "W+G": 11.5},
    2: {"F": 0.28, "M": 0.095, "W": 2.38, "G": 3.79, "W+G": 6.2},
}
# The reference's own sizes, as its src/config/models.yaml has them.
DENSE_MOTION = {"block_expansion": 32, "max_features": 1024, "num_blocks": 5, "reshape_depth": 16, "compress": 4}
COMMON = {"block_expansion": 64, "max_features": 512, "num_down_blocks": 2}

Stages = dict[str, Callable[[], "torch.Tensor"]]


class Inputs:
    """A recorded crop and key points."""

    def __init__(self) -> None:
        import torch

        with np.load(ROOT / "tests" / "data" / "conformance" / "liveportrait_public.npz") as file:
            self.crop = file["e2e/source_crop256_u8"].reshape(1, 256, 256, 3)
            self.x_s = file["e2e/x_s"].reshape(1, 21, 3)
            self.x_d = file["e2e/rel_exprfriendly/x_d"][-1:]
        self.picture = torch.tensor(self.crop).permute(0, 3, 1, 2) / 255


def ours(model: Model, inputs: Inputs) -> Stages:
    """Our stages as functions; those of a frame take what the stage before gave."""
    import torch

    device = model.device.torch
    points = torch.tensor(inputs.x_s, device=device), torch.tensor(inputs.x_d, device=device)
    features = model.features(inputs.crop)
    with torch.inference_mode():
        warped = model.renderer.warp(features, *points)

    def head_pose() -> torch.Tensor:
        return torch.tensor(model.motion(inputs.crop)[0].kp)

    return {
        "F": lambda: model.features(inputs.crop)[0].volume,
        "M": head_pose,
        "W": lambda: model.renderer.warp(features, *points),
        "G": lambda: model.renderer.draw(warped)[0],
    }


def reference(folder: Path, paths: Mapping[str, Path], inputs: Inputs) -> Stages:
    """The reference's modules with the same weights, on the CPU."""
    import torch

    sys.path.insert(0, str(folder))
    from src.modules.appearance_feature_extractor import AppearanceFeatureExtractor  # type: ignore[import-not-found]
    from src.modules.motion_extractor import MotionExtractor  # type: ignore[import-not-found]
    from src.modules.spade_generator import SPADEDecoder  # type: ignore[import-not-found]
    from src.modules.warping_network import WarpingNetwork  # type: ignore[import-not-found]

    reshape = {"reshape_channel": 32, "reshape_depth": 16}
    modules = {
        "appearance_feature_extractor": AppearanceFeatureExtractor(
            image_channel=3, num_resblocks=6, **reshape, **COMMON
        ),
        "motion_extractor": MotionExtractor(num_kp=21, backbone="convnextv2_tiny"),
        "warping_module": WarpingNetwork(
            num_kp=21, reshape_channel=32, estimate_occlusion_map=True, dense_motion_params=DENSE_MOTION, **COMMON
        ),
        "spade_generator": SPADEDecoder(upscale=2, **COMMON),
    }
    for name, module in modules.items():
        module.load_state_dict(torch.load(paths[name], map_location="cpu", weights_only=True))
        module.eval()
    appearance, motion, warping, decoder = modules.values()
    points = torch.tensor(inputs.x_d), torch.tensor(inputs.x_s)
    with torch.inference_mode():
        volume = appearance(inputs.picture)
        warped = warping(volume, kp_driving=points[0], kp_source=points[1])["out"]
    return {
        "F": lambda: appearance(inputs.picture)[0],
        "M": lambda: motion(inputs.picture)["kp"].view(21, 3),
        "W": lambda: warping(volume, kp_driving=points[0], kp_source=points[1])["out"],
        "G": lambda: decoder(warped)[0].permute(1, 2, 0),
    }


def times_s(sides: list[Stages], repeats: int, wait: Callable[[], None]) -> list[dict[str, float]]:
    """The smallest time of each stage of each side, taken in turns."""
    import torch

    best = [dict.fromkeys(STAGES, float("inf")) for _ in sides]
    with torch.inference_mode():
        for _ in range(repeats):
            for stage in STAGES:
                for times, side in zip(best, sides, strict=True):
                    start = time.perf_counter()
                    side[stage]()
                    wait()
                    times[stage] = min(times[stage], time.perf_counter() - start)
    for times in best:
        times["W+G"] = times["W"] + times["G"]
    return best


def largest_differences(ours_: Stages, theirs: Stages) -> dict[str, float]:
    """Largest difference of each stage's result; W's maps may lie otherwise in memory."""
    import torch

    found = {}
    with torch.inference_mode():
        for stage in STAGES:
            mine, other = ours_[stage]().float().cpu(), theirs[stage]().float()
            if mine.shape != other.shape:
                other = other.permute(0, 2, 3, 1)
            found[stage] = float((mine - other).abs().max())
    return found


def print_times(times: Mapping[str, float], other: Mapping[str, float], differences: Mapping[str, float]) -> None:
    """One line a stage."""
    print(f"  {'stage':16} {'reference s':>12} {'ours s':>9} {'ratio':>7} {'largest difference':>20}")
    for stage, label in LABELS.items():
        difference = f"{differences[stage]:20.1e}" if stage in differences else ""
        ratio = other[stage] / times[stage]
        print(f"  {label:16} {other[stage]:12.3f} {times[stage]:9.3f} {ratio:7.2f} {difference}")


def peak_mb(folder: Path | None, paths: Mapping[str, Path], threads: int) -> float:
    """Largest resident memory of this process after loading the files and drawing a frame: ours, or the reference's."""
    import torch

    from inference.engines.liveportrait.model import Model
    from inference.engines.liveportrait.networks.loading import load_networks
    from inference.engines.neural.device import Device

    torch.set_num_threads(threads)
    inputs = Inputs()
    if folder is not None:
        stages = reference(folder, paths, inputs)
        with torch.inference_mode():
            stages["G"]()
    else:
        model = Model(load_networks(paths), Device("cpu"), "full")
        model.decode(model.features(inputs.crop), inputs.x_s, inputs.x_d)
    return _peak_mb()


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():  # Linux' getrusage begins with the peak of the process that started this one
        return int(status.read_text(encoding="ascii").split("VmHWM:")[1].split()[0]) / 1e3
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def print_memory(folder: Path | None, paths: Mapping[str, Path], threads: int) -> None:
    """Each side in a process of its own."""
    for label, where in (("ours", None), ("reference", folder)):
        if label == "ours" or where is not None:
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                print(f"  {label:16} {pool.submit(peak_mb, where, paths, threads).result():12.0f} MB")


def half_precision(model: Model, paths: Mapping[str, Path], inputs: Inputs) -> None:
    """Print how near 16 bit comes to 32 bit, and its time where the device is made for it."""
    import torch
    from rounding import round_to_half

    from inference.engines.liveportrait.fast.plain import PlainRenderer
    from inference.engines.liveportrait.networks.loading import load_networks

    exact = model.decode(model.features(inputs.crop), inputs.x_s, inputs.x_d)
    networks = load_networks(paths)
    half = model.device.half
    how = f"{half} on {model.device.label}"
    if half is None:
        how = "torch.bfloat16, its rounding imitated, as this device has no matrix units for it"
        for network in (networks.appearance, networks.warping, networks.decoder):
            round_to_half(network, torch.bfloat16)
    renderer = PlainRenderer(networks, model.device, half)
    points = [torch.tensor(points, device=model.device.torch) for points in (inputs.x_s, inputs.x_d)]
    seconds = []
    with torch.inference_mode():
        features = renderer.features(inputs.picture.to(model.device.torch))
        for _ in range(1 if half is None else 4):
            start = time.perf_counter()
            frames = renderer.draw(renderer.warp(features, *points)).float().cpu().numpy()
            seconds.append(time.perf_counter() - start)
    psnr = -10 * np.log10(np.square(exact - frames).mean())
    print(f"  {how}: {psnr:.1f} dB against 32 bit", end="" if half else "\n")
    if half:
        print(f", {min(seconds):.3f} s a frame")


def whole_path(folder: Path, frames: int) -> None:
    """Print frames a second of a render by the worker's runner: a portrait of 512 x 512, all sliders moving."""
    from inference.controls import POSE_CONTROLS
    from inference.job import Job, job_path, save
    from inference.media.digests import Digests
    from inference.performance import Performance
    from inference.source import FaceChoice, Source, SourceKind
    from inference.weights.store import WeightStore, default_folders
    from inference.worker.runner import run
    from inference.worker.sessions import Sessions
    from inference.worker.task import Task
    from tools import sample_files

    phases = np.arange(1, frames + 1)[:, None] * 0.12 + np.arange(len(POSE_CONTROLS))
    rest = np.array([control.rest for control in POSE_CONTROLS])
    reach = np.array([0.3 * (control.soft_range[1] - control.rest) for control in POSE_CONTROLS])
    performance = Performance(Fraction(25), rest + np.abs(np.sin(phases)) * reach)
    source = Source(SourceKind.IMAGE, (str(sample_files.astronaut()),))
    with tempfile.TemporaryDirectory() as name:
        sessions = Sessions(WeightStore([folder, *default_folders()]), Digests(), lambda: None, Path(name))
        job = Job("bench", "bench", "liveportrait", {}, source, FaceChoice(), (0,) * frames, performance)
        save(job, job_path(Path(name), job.id))
        done = run(Task(lambda *_, **__: None, lambda: None), job_path(Path(name), job.id), None, sessions)
        sessions.unload()
    stages = done["stages"]
    assert isinstance(stages, dict)
    seconds = float(done["seconds"]) - stages["prepare"]  # type: ignore[arg-type]
    print(f"  {frames / seconds:.3f} frames a second; {stages['prepare']:.1f} s before the first")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, metavar="DIR", help="checkout of the reference implementation")
    parser.add_argument("--repeats", type=int, default=3, help="turns, of which the fastest counts")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--device", default="", help="cpu, cuda, mps; the reference always runs on the CPU")
    parser.add_argument("--frames", type=int, default=6, help="frames of the whole path; 0 leaves it out")
    options = parser.parse_args()
    if importlib.util.find_spec("torch") is None:
        print("Left out: PyTorch is not installed.")
        return
    import liveportrait_weights
    import torch

    from inference.engines.liveportrait.model import Model
    from inference.engines.liveportrait.networks.loading import load_networks
    from inference.engines.neural.device import choose_device

    torch.set_num_threads(options.threads)
    folder = liveportrait_weights.official_folder()
    paths = liveportrait_weights.official_paths(folder)
    device, inputs = choose_device(options.device), Inputs()
    model = Model(load_networks(paths), device, "full")
    wait = torch.cuda.synchronize if device.kind == "cuda" else lambda: None
    print(f"PyTorch {torch.__version__}, {device.label}, {options.threads} threads, 32 bit, seeded weights")
    stages = ours(model, inputs)
    if options.reference:
        print("Side by side, smallest of", options.repeats)
        theirs = reference(options.reference, paths, inputs)
        mine, other = times_s([stages, theirs], options.repeats, wait)
        print_times(mine, other, largest_differences(stages, theirs))
        del theirs
    else:
        print("Against RECORDED times of another machine (2-core x86); ratios are only a hint")
        print_times(times_s([stages], options.repeats, wait)[0], RECORDED[1 if options.threads == 1 else 2], {})
    print("16 bit")
    half_precision(model, paths, inputs)
    del stages, model
    gc.collect()
    print("Peak of resident memory, with the files loaded and a frame drawn on the CPU")
    print_memory(options.reference, paths, options.threads)
    if options.frames:
        print("Whole path: decode, networks, paste, encode")
        whole_path(folder, options.frames)


if __name__ == "__main__":
    main()
