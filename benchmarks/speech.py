# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed and memory of listening: seconds of sound read in a second, by formants and, with pocketsphinx, by phones.

    python -m benchmarks.speech

Runs in the worker's Python. The voice is espeak-ng's where that is installed, else synthetic noise and tones, which
take as long. Each length runs as a program of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np

from inference.media.digests import Digests
from inference.speech.speech import SpeechSpec, read_speech
from inference.worker.task import Task

TEXT = "People move, bits move, and every portrait may speak before the map is made."
RATE_HZ = 22050
LENGTHS_S = (10, 60, 600)
LONGEST_TRANSCRIBED_S = 60


def make_sound(path: Path, seconds: int) -> str:
    """Write a WAV file of at least this length; gives back what is said in it, "" where nothing is."""
    program = shutil.which("espeak-ng")
    if program is None:
        random = np.random.default_rng(0)
        write(path, random.standard_normal(seconds * RATE_HZ) * 3000)
        return ""
    subprocess.run([program, "-v", "en-us+f3", "-s", "150", "-w", str(path), TEXT], check=True)
    with wave.open(str(path)) as once:
        frames = np.frombuffer(once.readframes(once.getnframes()), "<i2")
    repeats = -(-seconds * RATE_HZ // len(frames))
    write(path, np.tile(frames, repeats))
    return " ".join([TEXT] * repeats)


def write(path: Path, samples: np.ndarray) -> None:
    """Write (n,) samples in 16 bit steps."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(samples.astype("<i2").tobytes())


def measure(path: Path, transcript: str) -> str:
    """One row: seconds of sound, time, factor of real time, peak memory."""
    start = time.perf_counter()
    speech = read_speech(SpeechSpec(path, transcript), Digests(), Task(lambda *_, **__: None, lambda: None))
    took_s = time.perf_counter() - start
    length_s = len(speech.track) / float(speech.track.rate)
    speed = f"{took_s:8.2f} s  {length_s / took_s:6.0f} x real time"
    return f"{length_s:8.1f} s  {speech.method:9}{speed}  {peak_mb():6.0f} MB"


def peak_mb() -> float:
    """Peak resident memory of this process in MB; NaN on Windows."""
    if importlib.util.find_spec("resource") is None:
        return float("nan")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> int:
    """Print a row for each length and method; gives back the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speech", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--one", nargs=2, metavar=("FILE", "TRANSCRIPT"), help="measure one file in this process")
    options = parser.parse_args()
    if options.one:
        print(measure(Path(options.one[0]), options.one[1]), flush=True)
        return 0
    aligner = importlib.util.find_spec("pocketsphinx") is not None
    with tempfile.TemporaryDirectory(prefix="talkinghead-speech-") as folder:
        for seconds in LENGTHS_S:
            path = Path(folder) / f"{seconds}.wav"
            said = make_sound(path, seconds)
            transcripts = ["", said] if said and aligner and seconds <= LONGEST_TRANSCRIBED_S else [""]
            for transcript in transcripts:
                command = [sys.executable, "-m", "benchmarks.speech", "--one", str(path), transcript]
                subprocess.run(command, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
