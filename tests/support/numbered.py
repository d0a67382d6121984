# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures that carry their number as eight black and white bars, so that a render tells which picture it shows."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import sequencer

WIDTH, HEIGHT, BITS = 64, 48, 8


def write_png(path: Path, pixels: np.ndarray) -> Path:
    """Write (H, W, 3 or 4) uint8 pixels, R, G, B(, A), origin top left."""
    height, width, channels = pixels.shape
    rows = np.hstack([np.zeros((height, 1), np.uint8), pixels.reshape(height, width * channels)])
    header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[channels], 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 1)), (b"IEND", b""))
    data = b"\x89PNG\r\n\x1a\n"
    for kind, content in parts:
        data += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    path.write_bytes(data)
    return path


def picture(number: int) -> np.ndarray:
    """The (HEIGHT, WIDTH, 3) picture of a number from 0 to 255, the highest bit at the left."""
    bits = [(number >> (BITS - 1 - bit)) & 1 for bit in range(BITS)]
    row = np.repeat(np.array(bits, np.uint8) * 255, WIDTH // BITS)
    return np.ascontiguousarray(np.broadcast_to(row[None, :, None], (HEIGHT, WIDTH, 3)))


def number_in(path: Path) -> int:
    """The number that a picture file shows; -1 for a transparent one."""
    pixels = read(path)
    if pixels[..., 3].max() < 0.5:
        return -1
    height, width = pixels.shape[:2]
    row = pixels[height // 2, :, 0].reshape(BITS, width // BITS).mean(axis=1) > 0.5
    return int("".join("1" if bit else "0" for bit in row), 2)


def read(path: Path) -> np.ndarray:
    """(H, W, 4) float32 pixels of a picture file, origin top left, 0 to 1 as stored."""
    image = bpy.data.images.load(str(path), check_existing=False)
    try:
        image.colorspace_settings.name = "Non-Color"
        image.alpha_mode = "CHANNEL_PACKED"
        width, height = image.size
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
        return pixels.reshape(height, width, 4)[::-1]
    finally:
        bpy.data.images.remove(image)


def sequence(folder: Path, count: int, first: int = 0, stem: str = "shot_") -> list[Path]:
    """Numbered pictures as PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    return [write_png(folder / f"{stem}{i:04d}.png", picture(i)) for i in range(first, first + count)]


def movie(path: Path, count: int, fps: int = 24, fps_base: float = 1.0) -> Path:
    """A movie of numbered pictures with a frame rate of ``fps / fps_base``, made by Blender."""
    scene, shown = bpy.data.scenes.new("Numbered Movie"), bpy.context.window.scene
    try:
        scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
        scene.render.resolution_percentage = 100
        scene.render.fps, scene.render.fps_base = fps, fps_base
        scene.frame_start, scene.frame_end = 1, count
        scene.view_settings.view_transform = "Standard"
        files = sequence(path.parent / (path.stem + "_pictures"), count)
        add_sequence(scene, files, "Pictures", 1, 1)
        _write_movie(scene, path)
    finally:
        bpy.context.window.scene = shown
        sequencer.make_editor(shown)
        bpy.data.scenes.remove(scene)
    return path


def add_sequence(scene: Any, files: list[Path], name: str = "Sequence", channel: int = 1, start: int = 1) -> Any:
    """An image strip of several files."""
    strip = sequencer.strips(scene).new_image(name=name, filepath=str(files[0]), channel=channel, frame_start=start)
    for path in files[1:]:
        strip.elements.append(path.name)
    return strip


def shown_numbers(scene: Any, frames: range, folder: Path) -> list[int]:
    """The numbers that the edit shows at some frames, by rendering it."""
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    return [number_in(sequencer.render_frame(folder / f"render_{frame}.png", frame, scene)) for frame in frames]


def _write_movie(scene: Any, path: Path) -> None:
    render, image = scene.render, scene.render.image_settings
    if hasattr(image, "media_type"):
        image.media_type = "VIDEO"
    image.file_format, image.color_mode = "FFMPEG", "RGB"
    render.ffmpeg.format, render.ffmpeg.codec = "MPEG4", "H264"
    render.ffmpeg.constant_rate_factor, render.ffmpeg.audio_codec = "HIGH", "NONE"
    render.filepath, render.use_file_extension = str(path), False
    bpy.context.window.scene = scene
    bpy.ops.render.render(animation=True)
    assert path.is_file()
