"""Names of folders made from names that people typed."""

import hashlib
import re
import unicodedata


def slug(name: str) -> str:
    """Give a region (or a book) a folder name that is safe on every file system.

    Lower-case ASCII letters, digits and dashes, at most 40 of them, then eight hex digits
    of the SHA-256 of the exact name: names that differ only by case, by Unicode form or in
    signs that are dropped still get folders of their own.

    >>> slug("Île-de-France"), slug("../../x"), slug("华东")
    ('ile-de-france-8733be97', 'x-9cdf6a50', 'region-142461b1')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-") or "region"
    return f"{words}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
