# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two voices of the conversation in the demo: a WAV file each, as long as the edit, silent while the other speaks.

    python -m tools.conversation_sound --output media     (in the worker's Python)

Writes ``hopper.wav`` and ``astronaut.wav`` and prints what each says as JSON. espeak-ng speaks where that is installed;
elsewhere recorded letter names of the pylipsync package stand for the lines.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools import sample_files, speech_clip
from tools.speech_clip import RATE_HZ

SECONDS = 10.0
LOUDEST = 0.7


@dataclass(frozen=True)
class Line:
    """What is said, from when on, and the letter names that stand for it without a speech synthesizer."""

    start_s: float
    text: str
    letters: str


VOICES = {"hopper": ("en-us+f4", 145, 35), "astronaut": ("en-us+f2", 160, 62)}  # voice, words a minute, pitch
LINES = {
    "hopper": (
        Line(0.3, "Good evening. Did you see your lips move?", "AEI"),
        Line(5.5, "So do yours. We were both still pictures.", "OUA"),
    ),
    "astronaut": (
        Line(2.9, "They do! And nobody filmed a thing.", "IOE"),
        Line(8.5, "Not any more.", "AU"),
    ),
}


def make(folder: Path) -> dict[str, str]:
    """Write both voices; gives back the words of each, "" where there are none or the worker cannot follow them.

    Raises:
        FileNotFoundError: neither espeak-ng nor pylipsync is there.
        ValueError: a line does not end before the film does.
    """
    program = shutil.which("espeak-ng")
    for speaker, lines in LINES.items():
        track = np.zeros(round(SECONDS * RATE_HZ), np.float32)
        for line in lines:
            spoken = _letters(line.letters) if program is None else _synthesized(program, line.text, *VOICES[speaker])
            start = round(line.start_s * RATE_HZ)
            if start + len(spoken) > len(track):
                raise ValueError(f"The line '{line.text}' is too long.")
            track[start : start + len(spoken)] += LOUDEST * spoken / max(float(np.abs(spoken).max()), 1e-6)
        speech_clip.write_wav(folder / f"{speaker}.wav", track)
    follows = program is not None and importlib.util.find_spec("pocketsphinx") is not None
    return {speaker: " ".join(line.text for line in lines) if follows else "" for speaker, lines in LINES.items()}


def _synthesized(program: str, text: str, voice: str, words_a_minute: int, pitch: int) -> np.ndarray:
    with tempfile.TemporaryDirectory(prefix="talkinghead-voice-") as folder:
        path = Path(folder) / "line.wav"
        options = ["-v", voice, "-s", str(words_a_minute), "-p", str(pitch), "-w", str(path)]
        subprocess.run([program, *options, text], check=True)
        return speech_clip.decoded(path)


def _letters(letters: str) -> np.ndarray:
    return np.concatenate([speech_clip.decoded(sample_files.letter_name(letter)) for letter in letters])


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; gives back the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.conversation_sound", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--output", type=Path, required=True, help="folder to write both files to")
    sys.stdout.write(json.dumps(make(parser.parse_args(argv).output)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
