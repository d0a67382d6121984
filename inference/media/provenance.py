# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What says in a file that its picture was edited: an XMP packet in PNG frames, a comment in movies.

The terms are those of IPTC's Digital Source Type (NewsCodes). A frame of a neural engine is a composite with what a
trained model drew; the puppet warp moves the picture's own pixels, so that its frames are marked as edited and no more.
"""

from __future__ import annotations

import struct
import zlib
from html import escape, unescape
from pathlib import Path

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

_KEYWORD = b"XML:com.adobe.xmp"
# Signature and the chunk IHDR, after which others may stand (PNG specification, third edition, 5.6).
_HEADER_BYTES = 33
_LARGEST_PACKET_BYTES = 10_000
_TOOL = "Edited with Talking Head"
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmp:CreatorTool="{tool}"{source_type}/>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


def xmp_chunk(engine: str, *, trained: bool) -> bytes:
    """The PNG chunk that marks a frame; the same bytes each time, so that frames stay the same to the byte.

    Args:
        engine: its label, for people.
        trained: a trained model drew some of the picture.
    """
    source_type = f'\n Iptc4xmpExt:DigitalSourceType="{TRAINED}"' if trained else ""
    packet = _PACKET.format(tool=escape(f"{_TOOL} ({engine})"), source_type=source_type)
    # Keyword, no compression, no language, no translated keyword.
    content = b"iTXt" + _KEYWORD + bytes(5) + packet.encode()
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))


def marked(png: bytes | memoryview, chunk: bytes) -> bytes:
    """A PNG file's content with a chunk behind its header."""
    return b"".join((png[:_HEADER_BYTES], chunk, png[_HEADER_BYTES:]))


def comment_of(frame: Path) -> str:
    """What a frame file says of its making, as a comment for a movie; "" for a file that is not marked."""
    with frame.open("rb") as file:
        start = file.read(_HEADER_BYTES + _LARGEST_PACKET_BYTES)[_HEADER_BYTES:]
    if start[4:8] != b"iTXt" or not start[8:].startswith(_KEYWORD):
        return ""
    packet = start[8 : 8 + struct.unpack(">I", start[:4])[0]].decode("utf-8", errors="replace")
    tool = unescape(packet.partition('xmp:CreatorTool="')[2].partition('"')[0])
    return f"{tool}. Digital source type: {TRAINED}" if TRAINED in packet else tool
