"""multipart/related (RFC 2387, PS3.18 8.7.1), read part by part as it arrives and written without a copy."""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEADER_LIMIT = 16 * 1024
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)


class Truncated(Exception):
    """The body ended before its closing boundary."""


def boundary_of(content_type: str) -> bytes:
    """The boundary that `content_type` names, empty when it is no multipart."""
    match = _BOUNDARY.search(content_type)
    if match is None or not content_type.lower().lstrip().startswith("multipart/"):
        return b""
    return (match.group(1) or match.group(2)).encode("latin-1", "replace")


class Parts:
    """The parts of a body; each must be read or dropped before the next is asked for."""

    def __init__(self, chunks: Iterator[bytes], boundary: bytes) -> None:
        self._chunks = chunks
        self._delimiter = b"\r\n--" + boundary
        self._buffer = b"\r\n"  # so that the first delimiter looks like the others
        self._in_part = False

    def __iter__(self) -> Iterator[Iterator[bytes]]:
        """The content of each part in pieces. Raises Truncated."""
        for _ in self._until_delimiter():
            pass  # preamble
        while not self._closing():
            self._skip_header()
            content = self._until_delimiter()
            yield content
            for _ in content:
                pass  # what the reader left

    def _until_delimiter(self) -> Iterator[bytes]:
        keep = len(self._delimiter) - 1
        while True:
            found = self._buffer.find(self._delimiter)
            if found >= 0:
                piece, self._buffer = self._buffer[:found], self._buffer[found + len(self._delimiter) :]
                if piece:
                    yield piece
                return
            if len(self._buffer) > keep:
                piece, self._buffer = self._buffer[:-keep], self._buffer[-keep:]
                yield piece
            self._more()

    def _closing(self) -> bool:
        while len(self._buffer) < 2:
            self._more()
        return self._buffer[:2] == b"--"

    def _skip_header(self) -> None:
        """Past the part's header fields, which say nothing that the Part 10 file does not."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > _HEADER_LIMIT:
                raise Truncated
            self._more()
        self._buffer = self._buffer[end + 4 :]

    def _more(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise Truncated
        self._buffer += chunk
