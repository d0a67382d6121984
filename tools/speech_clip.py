# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A short speech for the demo, as a WAV file.

    python -m tools.speech_clip --output speech.wav     (in the worker's Python)

espeak-ng speaks it where that is installed; elsewhere recorded letter names of the pylipsync package are put in a row.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tools import sample_files

TEXT = "Hello. My name is Grace. People move, bits move, and every portrait may speak."
RATE_HZ = 16000
PAUSE_S = 0.25
LETTERS = ("A", "E", "I", "O", "U")


def make(output: Path) -> str:
    """Write the speech; gives back what was said.

    Raises:
        FileNotFoundError: neither espeak-ng nor pylipsync is there.
    """
    program = shutil.which("espeak-ng")
    if program is not None:
        subprocess.run([program, "-v", "en-us+f3", "-s", "150", "-w", str(output), TEXT], check=True)
        return TEXT
    pause = np.zeros(round(PAUSE_S * RATE_HZ), np.float32)
    parts = [pause]
    for letter in LETTERS:
        parts += [decoded(sample_files.letter_name(letter)), pause]
    write_wav(output, np.concatenate(parts))
    return " ".join(LETTERS)


def decoded(path: Path) -> np.ndarray:
    """(n,) float32 mono at ``RATE_HZ`` of a sound file."""
    import av

    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    with av.open(str(path)) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames])


def write_wav(path: Path, samples: np.ndarray) -> None:
    """Write (n,) float samples, -1 to 1, as 16 bit mono."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; gives back the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.speech_clip", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="WAV file to write")
    sys.stdout.write(make(parser.parse_args(argv).output) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
