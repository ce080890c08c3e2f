"""Encodings: told from a file's own bytes, all of which are looked at up to a bound."""

import codecs
import re
from pathlib import Path

from charset_normalizer import from_bytes

from kapkit.book.sources.encoding import encoding_of

_CHUNK, _MOST, _EVIDENCE = 1 << 20, 1 << 28, 1 << 16
#: Encodings of exports, as kapkit.toml calls them; each is tried on the lines that are not ASCII.
_KNOWN = ["gb18030", "big5", "shift_jis", "euc_kr", "cp1252", "cp1250", "cp1251"]
#: Not ì and ò: in the code page of Central Europe those are ě and ň.
_WESTERN = set(
    "ÄÖÜäöüßÀÁÂÃÅÆÇÈÉÊËÍÎÏÑÓÔÕØÚÛÝŠŽŒàáâãåæçèéêëíîïñóôõøùúûýšžœ¿¡ºª°«»€£’‘“”„–—…·§\u00a0"
)
_HAN = re.compile(r"[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef]")


def encoding_told(path: Path) -> str:
    """Tell the encoding of a text file: its byte-order mark, UTF-8 if it is, else the likeliest.

    Parameters
    ----------
    path : path
        A text file; the first 256 MB are looked at.

    Returns
    -------
    str
        By Python's name. Bytes that no multi-byte encoding fits are read as cp1252, or as
        latin-1 where cp1252 has no sign for one of them.
    """
    marked = encoding_of(path, None)
    if marked != "utf-8":
        return marked
    strange = _strange_lines(path)
    if strange is None:
        return "utf-8"
    if wide := _wide(strange):
        return wide
    return _guessed(strange)


def _strange_lines(path: Path) -> bytes | None:
    """Collect lines with bytes that are not ASCII; None where all is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    strange, valid, seen = bytearray(), True, 0
    with path.open("rb") as file:
        while (chunk := file.read(_CHUNK)) and seen < _MOST:
            seen += len(chunk)
            valid = valid and _decodes(decoder, chunk)
            valid = valid and b"\0" not in chunk
            if (len(strange) < _EVIDENCE and not chunk.isascii()) or b"\0" in chunk:
                lines = chunk.splitlines(keepends=True) if b"\0" not in chunk else [chunk]
                strange += b"".join(one for one in lines if not one.isascii() or b"\0" in one)
            if not valid and len(strange) >= _EVIDENCE:
                break
    return None if valid else bytes(strange[:_EVIDENCE])


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def _wide(lines: bytes) -> str | None:
    """Tell UTF-16 without a mark: every other byte of plain text is zero."""
    even, odd = lines[0:4000:2].count(0), lines[1:4000:2].count(0)
    if max(even, odd) < 0.2 * min(len(lines), 4000) / 2:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _guessed(lines: bytes) -> str:
    if _western(lines):
        return "cp1252"
    if _chinese(lines):
        return "gb18030"
    best = from_bytes(lines, cp_isolation=_KNOWN, threshold=0.5).best()
    if best is None or best.encoding == "cp1252":
        return "cp1252" if _fits(lines, "cp1252") else "latin-1"
    return str(best.encoding)


def _western(lines: bytes) -> bool:
    """Tell cp1252: all that is not ASCII are letters of Western Europe, one by one in words."""
    runs = re.findall(rb"[\x80-\xff]+", lines)
    text = b"".join(runs).decode("cp1252", "replace")
    return set(text) <= _WESTERN and len(text) < 1.5 * len(runs)


def _chinese(lines: bytes) -> bool:
    """Tell GB18030: read so, nearly all that is not ASCII is Chinese, two signs or more a run."""
    text = lines.decode("gb18030", "ignore")
    strange = [sign for sign in text if not sign.isascii()]
    common = sum(bool(_HAN.match(sign)) for sign in strange)
    runs = re.findall(r"[\u4e00-\u9fff]{2,}", text)
    high = sum(byte > 127 for byte in lines)
    paired = sum(len(run) for run in runs) * 2
    return bool(strange) and common > 0.95 * len(strange) and paired > 0.8 * high


def _fits(lines: bytes, encoding: str) -> bool:
    try:
        lines.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
