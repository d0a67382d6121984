# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws a preview's pixels with the graphics card: colour adjustments of the strip, then the scene's view transform."""

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
  gl_Position = view_projection * vec4(pos, 0.0, 1.0);
}
"""

# Textures are read texel by texel and mixed here, so that neither the version nor the driver decides how they are
# filtered. A texel of the picture holds its three colours as one whole number, which 32 bits of a float keep exactly.
_FRAGMENT = """
vec4 texel_at(ivec2 at)
{
  ivec2 size = textureSize(picture, 0);
  vec4 packed_color = texelFetch(picture, clamp(at, ivec2(0), size - ivec2(1)), 0);
  uint color = uint(packed_color.x);
  vec3 rgb = vec3(float(color & 255u), float((color >> 8u) & 255u), float((color >> 16u) & 255u)) / 255.0;
  float alpha = packed_color.y / 255.0;
  return vec4(rgb * alpha, alpha);
}

vec4 picture_at(vec2 where)
{
  vec2 at = where * vec2(textureSize(picture, 0)) - vec2(0.5);
  vec2 low = floor(at);
  // A hundredth of a texel beside its centre is its centre: pixels that are shown one to one stay what they are.
  vec2 mix_by = clamp((at - low - vec2(0.5)) * 1.02 + vec2(0.5), 0.0, 1.0);
  ivec2 i = ivec2(low);
  vec4 upper = mix(texel_at(i), texel_at(i + ivec2(1, 0)), mix_by.x);
  vec4 lower = mix(texel_at(i + ivec2(0, 1)), texel_at(i + ivec2(1, 1)), mix_by.x);
  vec4 mixed = mix(upper, lower, mix_by.y);
  return vec4(mixed.rgb / max(mixed.a, 0.0001), mixed.a);
}

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
  vec3 at = clamp(color, 0.0, 1.0) * float(LEVELS - 1);
  ivec3 i = min(ivec3(at), ivec3(LEVELS - 2));
  vec3 mix_by = at - vec3(i);
  vec3 near = mix(red_line(i, mix_by.x), red_line(i + ivec3(0, 1, 0), mix_by.x), mix_by.y);
  vec3 far = mix(red_line(i + ivec3(0, 0, 1), mix_by.x), red_line(i + ivec3(0, 1, 1), mix_by.x), mix_by.y);
  return mix(near, far, mix_by.z);
}

void main()
{
  vec4 color = picture_at(part);
  float high = max(max(color.r, color.g), color.b);
  vec3 rgb = clamp(vec3(high) - (vec3(high) - color.rgb) * adjust.x, 0.0, 1.0);
  rgb = clamp(rgb * adjust.y, 0.0, 1.0);
  if (adjust.w > 0.5) {
    rgb = displayed(rgb);
  }
  fragment = vec4(rgb, clamp(color.a * adjust.z, 0.0, 1.0));
}
"""
_SHADER = "shader"
_kept: dict[str, Any] = {}
_textures: dict[str, tuple[np.ndarray, Any]] = {}


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
    shader = _shader()
    left, top, right, bottom = seen
    # Two triangles as a strip: bottom left, bottom right, top left, top right.
    positions = (corners[3], corners[2], corners[0], corners[1])
    parts = ((left, bottom), (right, bottom), (left, top), (right, top))
    batch = batch_for_shader(shader, "TRI_STRIP", {"pos": positions, "place": parts})
    picture = _texture("picture", pixels, "RG32F", packed)
    has_table = view_transform.table is not None
    table = _texture("view", view_transform.table, "RGBA8", _table_rows) if has_table else picture
    gpu.state.blend_set("ALPHA")
    shader.bind()
    shader.uniform_float("view_projection", gpu.matrix.get_projection_matrix() @ gpu.matrix.get_model_view_matrix())
    shader.uniform_float("adjust", (look.saturation, look.multiply, look.alpha, float(has_table)))
    shader.uniform_sampler("picture", picture)
    shader.uniform_sampler("view_table", table)
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
    _textures.clear()
    _kept.clear()


def _shader() -> Any:
    if _SHADER not in _kept:
        import gpu

        between = gpu.types.GPUStageInterfaceInfo("talkinghead_picture")
        between.smooth("VEC2", "part")
        info = gpu.types.GPUShaderCreateInfo()
        info.define("LEVELS", str(LEVELS))
        info.push_constant("MAT4", "view_projection")
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


def _texture(name: str, source: Any, texture_format: Any, values_of: Any) -> Any:
    """The texture of a name, of an array; only the newest is kept, with its array, so that no other can be taken."""
    if name not in _textures or _textures[name][0] is not source:
        import gpu

        values = np.ascontiguousarray(values_of(source), np.float32)
        height, width, _ = values.shape
        data = gpu.types.Buffer("FLOAT", values.size, values.reshape(-1))  # type: ignore[arg-type]
        _textures[name] = source, gpu.types.GPUTexture((width, height), format=texture_format, data=data)
    return _textures[name][1]


def _table_rows(table: np.ndarray) -> np.ndarray:
    """(LEVELS, LEVELS * LEVELS, 4) float32: a row for each blue, in it groups of one green with all reds."""
    rows = table.reshape(LEVELS, LEVELS * LEVELS, 3)
    return np.dstack((rows, np.ones(rows.shape[:2], np.float32)))
