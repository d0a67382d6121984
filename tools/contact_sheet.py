# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture of every slider at both ends, for some portraits, made by the worker's command line.

    python -m tools.contact_sheet --output build/contact_sheet.png [PORTRAIT ...]

With ``--poses`` it shows the supplied poses instead. Runs in the worker's Python. Without portraits it takes the two of
the demo.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from inference import cli
from inference.controls import BY_NAME, Control, names_for
from inference.engines import DEFAULT_ENGINE, ENGINES
from inference.face.tracker import FaceTracker
from inference.motion.poses import SUPPLIED
from inference.performance import Performance, parse_rate
from inference.weights.store import WeightStore, default_folders
from tools import sample_files

LABEL_HEIGHT_PX = 26
GAP_PX = 4
CROP, POSE_CROP = 2.0, 1.35  # side of a tile in face heights
PAPER = (34, 34, 34)
INK = (235, 235, 235)


@dataclass(frozen=True)
class Tile:
    """One picture of the sheet: what it is called and the pose it shows."""

    label: str
    pose: dict[str, float]


def tiles_of(control: Control) -> tuple[Tile, ...]:
    """A control at its lower and upper end as far as dragging reaches; an end that is the rest is shown as such."""
    return tuple(Tile(_label(control, value), {control.name: value}) for value in control.soft_range)


def _label(control: Control, value: float) -> str:
    return f"{control.name} {value:+g}" + (" (rest)" if value == control.rest else "")


def render(portrait: Path, poses: Sequence[dict[str, float]], arguments: Sequence[str]) -> list[np.ndarray]:
    """The portrait in each pose, through ``python -m inference render``.

    Returns:
        (H, W, 3) uint8 pictures, B, G, R.
    """
    with tempfile.TemporaryDirectory(prefix="talkinghead-sheet-") as temporary:
        folder = Path(temporary)
        performance = folder / "poses.json"
        performance.write_text(json.dumps(Performance.from_poses(parse_rate("24"), poses).to_dict()), encoding="utf-8")
        frames = folder / "frames"
        command = ["render", "--source", str(portrait), "--performance", str(performance), "--output", str(frames)]
        with contextlib.redirect_stdout(io.StringIO()):
            failed = cli.main([*command, *arguments])
        if failed:
            raise SystemExit(1)  # the command has said why
        return [read(path) for path in sorted(frames.glob("frame_*.png"))]


def read(path: Path) -> np.ndarray:
    """A picture as (H, W, 3) uint8, B, G, R.

    Raises:
        SystemExit: it cannot be read.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise SystemExit(f"{path} cannot be read.")
    return picture


def square_around_face(picture: np.ndarray, face_heights: float = CROP) -> tuple[slice, slice]:
    """Rows and columns of a square around the largest face, of this many face heights or as large as fits."""
    faces = FaceTracker(WeightStore(default_folders())).faces(picture)
    if not faces:
        raise SystemExit("There is no face to show.")
    left, top, right, bottom = faces[0].box()
    side = min(round((bottom - top) * face_heights), *picture.shape[:2])
    corner = [(top + bottom - side) / 2 - 0.1 * (bottom - top), (left + right - side) / 2]
    first = [round(min(max(start, 0), extent - side)) for start, extent in zip(corner, picture.shape[:2], strict=True)]
    return slice(first[0], first[0] + side), slice(first[1], first[1] + side)


def tile_picture(square: np.ndarray, label: str, side_px: int) -> np.ndarray:
    """A square picture at the tile's size, with its label below; (side + label, side, 3) uint8."""
    interpolation = cv2.INTER_AREA if len(square) > side_px else cv2.INTER_CUBIC
    reduced = cv2.resize(square, (side_px, side_px), interpolation=interpolation)
    strip = np.full((LABEL_HEIGHT_PX, side_px, 3), PAPER, np.uint8)
    cv2.putText(strip, label, (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.45, INK, 1, cv2.LINE_AA)
    return np.vstack([reduced, strip])


def arrange(tiles: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Tiles of one size in rows, with gaps; the last row is filled with paper."""
    height, width = tiles[0].shape[:2]
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * (height + GAP_PX) + GAP_PX, columns * (width + GAP_PX) + GAP_PX, 3), PAPER, np.uint8)
    for number, tile in enumerate(tiles):
        top = GAP_PX + number // columns * (height + GAP_PX)
        left = GAP_PX + number % columns * (width + GAP_PX)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def make_sheet(
    portraits: Sequence[Path], side_px: int, arguments: Sequence[str], engine: str = DEFAULT_ENGINE
) -> np.ndarray:
    """The sheet: a row holds one or two controls, and of each the two ends for every portrait.

    Returns:
        (H, W, 3) uint8, B, G, R.
    """
    tiles = [tile for name in names_for(engine) for tile in tiles_of(BY_NAME[name])]
    columns = [squares(portrait, tiles, arguments) for portrait in portraits]
    pictures = []
    for number in range(0, len(tiles), 2):
        for frames in columns:
            pair = zip(tiles[number : number + 2], frames[number : number + 2], strict=True)
            pictures += [tile_picture(frame, tile.label, side_px) for tile, frame in pair]
    per_control = 2 * len(portraits)
    return arrange(pictures, per_control if per_control > 4 else 2 * per_control)


def make_pose_sheet(portraits: Sequence[Path], side_px: int, arguments: Sequence[str], columns: int = 5) -> np.ndarray:
    """A sheet of the supplied poses, one portrait after the other.

    Returns:
        (H, W, 3) uint8, B, G, R.
    """
    tiles = [Tile(pose.name, dict(pose.values)) for pose in SUPPLIED]
    blank = np.full((side_px + LABEL_HEIGHT_PX, side_px, 3), PAPER, np.uint8)
    pictures = []
    for portrait in portraits:
        pairs = zip(tiles, squares(portrait, tiles, arguments, POSE_CROP), strict=True)
        pictures += [tile_picture(square, tile.label, side_px) for tile, square in pairs]
        pictures += [blank] * (-len(tiles) % columns)
    return arrange(pictures, columns)


def squares(
    portrait: Path, tiles: Sequence[Tile], arguments: Sequence[str], face_heights: float = CROP
) -> list[np.ndarray]:
    """The portrait in the pose of each tile, cut out around the face."""
    rows_and_columns = square_around_face(read(portrait), face_heights)
    return [frame[rows_and_columns] for frame in render(portrait, [tile.pose for tile in tiles], arguments)]


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; gives back the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.contact_sheet", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("portraits", nargs="*", type=Path, metavar="PORTRAIT")
    parser.add_argument("--output", type=Path, required=True, help="PNG to write")
    parser.add_argument("--tile", type=int, default=216, metavar="PX", help="side of a picture (default: 216)")
    parser.add_argument("--setting", action="append", default=[], metavar="NAME=VALUE", help="as for inference render")
    parser.add_argument("--engine", choices=ENGINES, default=DEFAULT_ENGINE, help=f"default: {DEFAULT_ENGINE}")
    parser.add_argument("--poses", action="store_true", help="show the supplied poses")
    options = parser.parse_args(argv)
    portraits = options.portraits or [sample_files.astronaut(), sample_files.hopper()]
    settings = [word for setting in options.setting for word in ("--setting", setting)]
    arguments = ["--engine", options.engine, *settings]
    if options.poses:
        sheet = make_pose_sheet(portraits, options.tile, arguments)
    else:
        sheet = make_sheet(portraits, options.tile, arguments, options.engine)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(options.output), sheet):
        sys.stderr.write(f"{options.output} cannot be written.\n")
        return 1
    sys.stdout.write(f"{options.output}: {sheet.shape[1]} x {sheet.shape[0]} px\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
