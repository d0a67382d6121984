# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws a preview's pixels with the graphics card: colour adjustments of the strip, then the scene's view transform.

In two steps. The colours are computed once, into a texture of the picture's own size, by a shader of ours. That texture
is drawn with Blender's own shader for images, because the Preview's frame buffer takes linear light in some versions,
and only Blender's own shaders know (seen in 5.2: what other shaders draw becomes too bright).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .look import Look
from .placement import Placement, Point
from .view_transform import LEVELS, ViewTransform

_VERTEX = """
void main()
{
  part = place;
  gl_Position = vec4(pos, 0.0, 1.0);
}
"""

# Textures are read texel by texel and mixed here, so that neither the version nor the driver decides how they are
# filtered. A texel of the picture holds its three colours as one whole number, which 32 bits of a float keep exactly.
_FRAGMENT = """
vec3 entry(ivec3 at)
{
  return texelFetch(view_table, ivec2(at.y * LEVELS + at.x, at.z), 0).rgb;
}

vec3 red_line(ivec3 at, float mix_by)
{
  return mix(entry(at), entry(at + ivec3(1, 0, 0)), mix_by);
}

vec3 displayed(vec3 color)
{
  vec3 at = color * float(LEVELS - 1);
  ivec3 i = min(ivec3(at), ivec3(LEVELS - 2));
  vec3 mix_by = at - vec3(i);
  vec3 low = mix(red_line(i, mix_by.x), red_line(i + ivec3(0, 1, 0), mix_by.x), mix_by.y);
  vec3 high = mix(red_line(i + ivec3(0, 0, 1), mix_by.x), red_line(i + ivec3(0, 1, 1), mix_by.x), mix_by.y);
  return mix(low, high, mix_by.z);
}

void main()
{
  ivec2 size = textureSize(picture, 0);
  vec4 texel = texelFetch(picture, clamp(ivec2(part * vec2(size)), ivec2(0), size - ivec2(1)), 0);
  uint color = uint(texel.x);
  vec3 rgb = vec3(float(color & 255u), float((color >> 8u) & 255u), float((color >> 16u) & 255u)) / 255.0;
  float value = max(max(rgb.r, rgb.g), rgb.b);
  rgb = clamp(vec3(value) - (vec3(value) - rgb) * adjust.x, 0.0, 1.0);
  rgb = clamp(rgb * adjust.y, 0.0, 1.0);
  if (adjust.w > 0.5) {
    rgb = displayed(rgb);
  }
  float alpha = clamp(texel.y / 255.0 * adjust.z, 0.0, 1.0);
  fragment = vec4(rgb * alpha, alpha);
}
"""
_SHADER = "shader"
_kept: dict[str, Any] = {}
_tables: list[tuple[np.ndarray, Any]] = []  # the newest table of colours, and its texture
# The picture that was drawn last, with what it was made from, by which it is known again.
_colored: list[tuple[np.ndarray, Look, np.ndarray | None, Any]] = []


def packed(pixels: np.ndarray) -> np.ndarray:
    """Pixels as the shader reads them: a tenth of the time of floats for each channel.

    Args:
        pixels: (h, w, 4) uint8, R, G, B, A.

    Returns:
        (h, w, 2) float32: R + 256 G + 65536 B, and A.
    """
    words = np.ascontiguousarray(pixels).view("<u4")[..., 0]
    values = np.empty((*words.shape, 2), np.float32)
    values[..., 0] = words & 0xFFFFFF
    values[..., 1] = pixels[..., 3]
    return values


def draw_picture(pixels: np.ndarray, placement: Placement, look: Look, view_transform: ViewTransform) -> None:
    """Draw a picture in view coordinates.

    Args:
        pixels: (h, w, 4) uint8, R, G, B, A straight, origin top left. The array that was drawn last stays on the
            graphics card, so it must not be changed in place.
    """
    import gpu
    from gpu_extras.batch import batch_for_shader

    corners, seen = placement.seen_corners(), placement.seen()
    if corners is None or seen is None:
        return
    texture = _colored_picture(pixels, look, view_transform.table)
    shader = gpu.shader.from_builtin("IMAGE")
    left, top, right, bottom = seen
    # Two triangles as a strip: bottom left, bottom right, top left, top right; textures begin at the bottom.
    positions = (corners[3], corners[2], corners[0], corners[1])
    parts = ((left, 1 - bottom), (right, 1 - bottom), (left, 1 - top), (right, 1 - top))
    batch = batch_for_shader(shader, "TRI_STRIP", {"pos": positions, "texCoord": parts})
    gpu.state.blend_set("ALPHA_PREMULT")
    shader.bind()
    shader.uniform_sampler("image", texture)
    batch.draw(shader)
    gpu.state.blend_set("NONE")


def draw_rectangle(corners: Sequence[Point], color: Sequence[float]) -> None:
    """Fill a rectangle of four corners in view coordinates, in their order around it."""
    import gpu
    from gpu_extras.batch import batch_for_shader

    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    shader.bind()
    shader.uniform_float("color", color)
    gpu.state.blend_set("ALPHA")
    batch_for_shader(shader, "TRIS", {"pos": list(corners)}, indices=[(0, 1, 2), (0, 2, 3)]).draw(shader)
    gpu.state.blend_set("NONE")


def free() -> None:
    """Give back what lies on the graphics card."""
    _tables.clear()
    _colored.clear()
    _kept.clear()


def _colored_picture(pixels: np.ndarray, look: Look, table: np.ndarray | None) -> Any:
    """A texture of a picture's size with its colours as the display shows them, premultiplied."""
    if _colored:
        old_pixels, old_look, old_table, texture = _colored[0]
        if old_pixels is pixels and old_look == look and old_table is table:
            return texture
    import gpu
    from gpu_extras.batch import batch_for_shader

    height, width, _ = pixels.shape
    # Not an offscreen buffer: making one while a region is drawn takes the region's own frame buffer away.
    texture = gpu.types.GPUTexture((width, height), format="RGBA8")
    picture, shader = _texture(packed(pixels), "RG32F"), _shader()
    corners: Any = {"pos": ((-1, -1), (1, -1), (-1, 1), (1, 1)), "place": ((0, 1), (1, 1), (0, 0), (1, 0))}
    batch = batch_for_shader(shader, "TRI_STRIP", corners)
    buffer: Any = gpu.types.GPUFrameBuffer(color_slots=texture)
    with buffer.bind():
        gpu.state.blend_set("NONE")
        shader.bind()
        shader.uniform_float("adjust", (look.saturation, look.multiply, look.alpha, float(table is not None)))
        shader.uniform_sampler("picture", picture)
        shader.uniform_sampler("view_table", picture if table is None else _table_texture(table))
        batch.draw(shader)
    _colored[:] = [(pixels, look, table, texture)]
    return texture


def _shader() -> Any:
    if _SHADER not in _kept:
        import gpu

        between = gpu.types.GPUStageInterfaceInfo("talkinghead_picture")
        between.smooth("VEC2", "part")
        info = gpu.types.GPUShaderCreateInfo()
        info.define("LEVELS", str(LEVELS))
        info.push_constant("VEC4", "adjust")
        info.sampler(0, "FLOAT_2D", "picture")
        info.sampler(1, "FLOAT_2D", "view_table")
        info.vertex_in(0, "VEC2", "pos")
        info.vertex_in(1, "VEC2", "place")
        info.vertex_out(between)
        info.fragment_out(0, "VEC4", "fragment")
        info.vertex_source(_VERTEX)
        info.fragment_source(_FRAGMENT)
        _kept[_SHADER] = gpu.shader.create_from_info(info)
    return _kept[_SHADER]


def _texture(values: np.ndarray, texture_format: Any) -> Any:
    import gpu

    height, width, _ = values.shape
    data = gpu.types.Buffer("FLOAT", values.size, np.ascontiguousarray(values, np.float32).reshape(-1))  # type: ignore[arg-type]
    return gpu.types.GPUTexture((width, height), format=texture_format, data=data)


def _table_texture(table: np.ndarray) -> Any:
    """A row for each blue, in it groups of one green with all reds."""
    if not _tables or _tables[0][0] is not table:
        rows = table.reshape(LEVELS, LEVELS * LEVELS, 3)
        _tables[:] = [(table, _texture(np.dstack((rows, np.ones(rows.shape[:2], np.float32))), "RGBA8"))]
    return _tables[0][1]
