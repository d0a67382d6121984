# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed and memory of X-Portrait's sampling, differences to the reference implementation, and what the full size takes.

    python -m benchmarks xportrait --reference DIR

DIR is a checkout of github.com/bytedance/X-Portrait, which needs einops and omegaconf. Its networks and ours take the
same seeded weights (a small configuration) and inputs and run in turns in one process; the smallest of several times
counts. A window is 16 frames at one step, drawn with and without the source. The full size is counted, not computed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from inference.engines.xportrait.model import Hints, Model

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data" / "conformance"
sys.path += [str(ROOT / "tests" / "support"), str(DATA)]

LABELS = {
    "bank": "bank of the source",
    "controls": "control networks",
    "with": "with the source",
    "without": "without",
    "window": "whole window",
}
FRAMES, TIMESTEP = 16, 521
GUIDED_STEPS, FILM_FRAMES, OVERLAP = 30, 64, 4

Stages = dict[str, Callable[[], np.ndarray]]


class Inputs:
    """Random numbers of the right form: a window of frames.

    Args:
        cells: side of the latents; pictures have eight times that.
        text_width: of a token.
    """

    def __init__(self, cells: int, text_width: int) -> None:
        numbers = np.random.default_rng(1)
        self.latents = numbers.standard_normal((FRAMES, 4, cells, cells), np.float32)
        self.source = numbers.standard_normal((1, 4, cells, cells), np.float32)
        self.text = numbers.standard_normal((77, text_width), np.float32)
        self.pose, self.local = numbers.random((2, FRAMES, 3, 8 * cells, 8 * cells), np.float32) * 2 - 1


def ours(model: Model, inputs: Inputs) -> Stages:
    """Our stages; the bank is made once a step, whatever the number of windows."""
    from inference.engines.xportrait.model import Hints

    hints = Hints(inputs.pose, inputs.local)  # type: ignore[arg-type]
    return _stages(model, inputs, hints)


def _stages(model: Model, inputs: Inputs, hints: Hints) -> Stages:
    given = inputs.latents, TIMESTEP, inputs.text

    def bank() -> Any:
        return model.bank(inputs.source, TIMESTEP, inputs.text)

    kept = bank()

    def controls() -> np.ndarray:
        pose, local = model.pose_residuals(*given, hints.pose), model.local_residuals(*given, hints.local)
        return _numbers(pose.middle + local.middle)

    return {
        "bank": lambda: _numbers(next(iter(bank().values()))),
        "controls": controls,
        "with": lambda: _numbers(model.conditional(*given, bank(), hints)),
        "without": lambda: _numbers(model.unconditional(*given)),
        "window": lambda: _numbers(model.conditional(*given, kept, hints) + 0 * model.unconditional(*given)),
    }


def _numbers(values: Any) -> np.ndarray:
    return values.float().cpu().numpy()


def reference(folder: Path, state: dict[str, np.ndarray], inputs: Inputs) -> Stages:
    """The reference's networks, on the CPU; it draws the source again for every frame of every window."""
    import torch

    from benchmarks._xportrait_reference import Reference

    channels = state["model.diffusion_model.input_blocks.0.0.weight"].shape[0]
    networks = Reference(folder, state, channels, inputs.text.shape[1])
    latents, text, source, *hints = (
        torch.from_numpy(values)
        for values in (inputs.latents, inputs.text, inputs.source[0], inputs.pose, inputs.local)
    )

    def drawn(shown: torch.Tensor | None) -> np.ndarray:
        return networks.noise(latents, TIMESTEP, text, shown, (hints[0], hints[1])).numpy()

    return {
        "with": lambda: drawn(source),
        "without": lambda: drawn(None),
        "window": lambda: drawn(source) + 0 * drawn(None),
    }


def measured(sides: list[Stages], repeats: int) -> tuple[list[dict[str, float]], dict[str, float]]:
    """The smallest seconds of each stage of each side, taken in turns, and the largest differences between sides."""
    best = [dict.fromkeys(side, float("inf")) for side in sides]
    differences: dict[str, float] = {}
    for _ in range(repeats):
        for stage in LABELS:
            results = []
            for times, side in zip(best, sides, strict=True):
                if stage in side:
                    start = time.perf_counter()
                    results.append(side[stage]())
                    times[stage] = min(times[stage], time.perf_counter() - start)
            if len(results) == 2:
                differences[stage] = float(np.abs(results[0] - results[1]).max())
    return best, differences


def print_times(times: list[dict[str, float]], differences: dict[str, float]) -> None:
    """One line a stage."""
    print(f"  {'stage':20} {'ours s':>9} {'reference s':>12} {'ratio':>7} {'largest difference':>20}")
    for stage, label in LABELS.items():
        line = f"  {label:20} {times[0][stage]:9.3f}"
        if len(times) == 2 and stage in times[1]:
            line += f" {times[1][stage]:12.3f} {times[1][stage] / times[0][stage]:7.2f} {differences[stage]:20.1e}"
        print(line)
    print(f"  {times[0]['window'] / FRAMES:.3f} s a frame and step")


def made_model(threads: int) -> Model:
    """The small configuration with seeded weights on the CPU, in 32 bit."""
    import torch
    import xportrait_weights

    from inference.engines.diffusion.placing import Placing
    from inference.engines.neural.device import Device
    from inference.engines.xportrait.loading import networks_from
    from inference.engines.xportrait.model import Model

    torch.set_num_threads(threads)
    return Model(networks_from(xportrait_weights.state()), Placing(Device("cpu"), "full"))


def memory(folder: Path | None, threads: int, cells: int, windows: int) -> tuple[float, float]:
    """MB: largest resident memory of this process after drawing windows, and its growth a window; ours or theirs."""
    import torch
    import xportrait_weights

    inputs, held = Inputs(cells, 16), []
    if folder is not None:
        torch.set_num_threads(threads)
        side = reference(folder, xportrait_weights.state(), inputs)
        with torch.no_grad():
            held = [_drawn(side) for _ in range(windows)]
    else:
        model = made_model(threads)
        with model.ready(FRAMES, (cells, cells)):
            side = ours(model, inputs)
            held = [_drawn(side) for _ in range(windows)]
    settled = held[len(held) // 4 :]
    slope = float(np.polyfit(range(len(settled)), settled, 1)[0]) if len(settled) > 1 else float("nan")
    return _status_mb("VmHWM"), slope


def _drawn(side: Stages) -> float:
    side["window"]()
    return _status_mb("VmRSS")


def _status_mb(name: str) -> float:
    """A figure of this process; not a number on systems without /proc."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    return int(status.read_text(encoding="ascii").split(f"{name}:")[1].split()[0]) / 1e3


def print_memory(folder: Path | None, threads: int, cells: int, windows: int) -> None:
    """Each side in a process of its own."""
    for label, where, count in (("ours", None, windows), ("reference", folder, 2)):
        if label == "ours" or where is not None:
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                peak, slope = pool.submit(memory, where, threads, cells, count).result()
            growth = f", {slope:+.3f} MB a window over {count} windows" if label == "ours" else ""
            print(f"  {label:16} {peak:8.0f} MB{growth}")


class _Counting:
    """In the place of ``Placing``: tensors without numbers, of the type that graphics cards compute in."""

    def __init__(self) -> None:
        import torch

        self.dtype = torch.float16

    @contextmanager
    def using(self, *networks: Any, working: int = 0) -> Any:
        import torch

        for network in networks:
            network.to(self.dtype)
        with torch.inference_mode():
            yield

    def tensor(self, values: Any) -> Any:
        import torch

        return torch.empty(values.shape, dtype=self.dtype, device="meta")


def print_full_size(size_px: int) -> None:
    """Operations and memory of the official size, counted."""
    import torch

    from benchmarks._full_size import counted
    from inference.engines.xportrait.loading import networks_from
    from inference.engines.xportrait.model import Hints, Model
    from inference.engines.xportrait.schedule import steps_of

    layout = json.loads((DATA / "xportrait_keys_full.json").read_text(encoding="utf-8"))["model"]
    placing: Any = _Counting()
    model = Model(
        networks_from({name: torch.empty(shape, device="meta") for name, (shape, _) in layout.items()}), placing
    )
    cells = size_px // 8
    inputs = Inputs(cells, 768)
    given = inputs.latents, TIMESTEP, inputs.text
    hints = Hints(inputs.pose, inputs.local)  # type: ignore[arg-type]
    with model.ready(FRAMES, (cells, cells)):
        with counted() as bank:
            kept = model.bank(inputs.source, TIMESTEP, inputs.text)
        with counted() as with_source:
            model.conditional(*given, kept, hints)
        with counted() as without:
            model.unconditional(*given)
    weights = sum(2 * np.prod(shape) for shape, _ in layout.values())
    window = with_source.flops + without.flops
    passes = steps_of(FILM_FRAMES, GUIDED_STEPS, OVERLAP)
    film = passes * window + steps_of(16, GUIDED_STEPS, OVERLAP) * bank.flops
    peak = max(bank.peak_bytes, with_source.peak_bytes, without.peak_bytes)
    reserved = model.working_bytes(FRAMES, (cells, cells))
    parts = {"bank": bank, "with the source": with_source, "without": without}
    print(f"  TFLOP: {', '.join(f'{label} {part.flops / 1e12:.1f}' for label, part in parts.items())}")
    print(f"  GB: networks {weights / 1e9:.2f}, results {peak / 1e9:.2f}, for which {reserved / 1e9:.2f} are reserved")
    print(f"  film of {FILM_FRAMES} frames, {GUIDED_STEPS} steps: {passes} windows, {film / 1e15:.2f} PFLOP")
    for rate in (20, 50, 150):
        seconds = film / rate / 1e12
        print(f"    at {rate:3d} TFLOP/s reached: {seconds:6.0f} s, {seconds / FILM_FRAMES:5.1f} s a frame")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, metavar="DIR", help="checkout of the reference implementation")
    parser.add_argument("--repeats", type=int, default=3, help="turns, of which the fastest counts")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--size", type=int, default=128, metavar="PX", help="side of the pictures of the small model")
    parser.add_argument("--windows", type=int, default=12, help="over which memory is looked at; 0 leaves it out")
    options = parser.parse_args()
    if any(importlib.util.find_spec(name) is None for name in ("torch", "diffusers")):
        print("Left out: PyTorch or diffusers is not installed.")
        return
    import torch
    import xportrait_weights

    cells = options.size // 8
    inputs = Inputs(cells, 16)
    model = made_model(options.threads)
    print(f"PyTorch {torch.__version__}, CPU, {options.threads} threads, 32 bit")
    print(f"Small model, {options.size} px, {FRAMES} frames; smallest of {options.repeats}")
    with model.ready(FRAMES, (cells, cells)):
        sides = [ours(model, inputs)]
        if options.reference:
            sides.append(reference(options.reference, xportrait_weights.state(), inputs))
        print_times(*measured(sides, options.repeats))
    del sides, model
    if options.windows:
        print("Resident memory on the CPU: peak with networks loaded and windows drawn, and its growth")
        print_memory(options.reference, options.threads, cells, options.windows)
    for size_px in (512, 256):
        print(f"Full size, {size_px} px, 16 bit, counted: a window of {FRAMES} frames at one step")
        print_full_size(size_px)


if __name__ == "__main__":
    main()
