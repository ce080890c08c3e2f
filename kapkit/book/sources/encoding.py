"""Encodings: text of any encoding as a stream of UTF-8, and the place where one is wrong."""

import codecs
from collections.abc import Callable
from pathlib import Path

from kapkit.book.config import FILE_NAME
from kapkit.book.errors import DataError

_CHUNK = 1 << 20
_UTF8 = {"utf-8", "ascii"}


def encoding_of(path: Path, said: str | None) -> str:
    """Name a file's encoding: as said, else UTF-16 where a byte-order mark says so, else UTF-8."""
    if said is not None:
        name = codecs.lookup(said).name
        return "utf-8" if name == "utf-8-sig" else name
    with path.open("rb") as file:
        mark = file.read(2)
    return "utf-16" if mark in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8"


def as_utf8(path: Path, encoding: str, spare: Callable[[], Path]) -> Path:
    """Give a UTF-8 file of the same text: itself, or a copy written chunk by chunk.

    Raises
    ------
    DataError
        With line and byte of the first sign that is not of this encoding.
    """
    if encoding in _UTF8:
        return path
    copy = spare()
    copy.parent.mkdir(parents=True, exist_ok=True)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as source, copy.open("w", encoding="utf-8", newline="") as written:
            while chunk := source.read(_CHUNK):
                written.write(decoder.decode(chunk))
            written.write(decoder.decode(b"", final=True))
    except UnicodeDecodeError:
        raise DataError(misread(path, encoding)) from None
    return copy


def misread(path: Path, encoding: str) -> str:
    """Say where a file is not of an encoding, and what to do."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, before = 1, 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding, "ignore")
                place = before - pending + error.start + 1
                return _wrong(path, encoding, line + _lines(good), place)
            line, before = line + _lines(text), before + len(chunk)
    return _wrong(path, encoding, line, before)


def _lines(text: str) -> int:
    return text.count("\n") or text.count("\r")


def _wrong(path: Path, encoding: str, line: int, byte: int) -> str:
    return (
        f"{path.name}: line {line:,} (byte {byte:,}) is not {encoding}; say what the file is in "
        f'{FILE_NAME}, as in [formats.sales] encoding = "cp1252" (or "gb18030", "utf-16")'
    )
