"""Damaged files: either every row and every cent is somewhere, or there is one clear error."""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kapkit.batch.prepare import prepare
from kapkit.book.book import read_book
from kapkit.book.errors import DataError
from kapkit.book.totals import reconcile

pytestmark = pytest.mark.slow

ROWS = 8
ACCOUNTS = "account_id,name,region\n1,Müller,North\n2,穆勒,NA\n3,None,South\n".encode()
SALES = "order_id,account_id,date,revenue,quantity,note\n" + "".join(
    f"o{n},{n % 3 + 1},2024-0{n % 4 + 1}-1{n % 3},{n * 10}.5,{n},café {n}\n" for n in range(ROWS)
)
TOML = """
[book]
name = "Damaged"
as_of = 2024-12-31
[files]
accounts = "accounts*.csv"
sales = "sales*.csv"
"""

Damage = Callable[[bytes], bytes]


def truncated(share: float) -> Damage:
    return lambda text: text[: int(share * len(text))]


def without_column(place: int) -> Damage:
    def cut(text: bytes) -> bytes:
        lines = [line.split(b",") for line in text.splitlines()]
        return b"\n".join(b",".join(cells[:place] + cells[place + 1 :]) for cells in lines)

    return cut


def renamed(place: int) -> Damage:
    def rename(text: bytes) -> bytes:
        head, _, rest = text.partition(b"\n")
        cells = head.split(b",")
        cells[place % len(cells)] = b"Umsatz"
        return b",".join(cells) + b"\n" + rest

    return rename


def in_part_as(encoding: str) -> Damage:
    """Write the second half in another encoding."""

    def mix(text: bytes) -> bytes:
        half = text.find(b"\n", len(text) // 2) + 1
        return text[:half] + text[half:].decode("utf-8", "replace").encode(encoding, "replace")

    return mix


def with_value(old: str, new: str) -> Damage:
    return lambda text: re.sub(old.encode(), new.encode(), text, count=3)


def with_bytes(place: float, put: bytes) -> Damage:
    def insert(text: bytes) -> bytes:
        at = int(place * len(text))
        return text[:at] + put + text[at:]

    return insert


VALUES = ["NaN", "inf", "-Infinity", "1e400", "1e-400", "9" * 40, "", "NULL", "0x10", "٣", "1,5"]
DAYS = ["0001-01-01", "9999-12-31", "24-01-05", "2024-02-30", "2024-13-01", "20240105", "infinity"]
SIGNS = [b"\x00", b'"', b'""', b"\r", b"\n\n", b"\xff\xfe", b"\xef\xbb\xbf", b";", b"\\", b"'"]

damage = st.one_of(
    st.builds(truncated, st.floats(0, 1)),
    st.builds(without_column, st.integers(0, 5)),
    st.builds(renamed, st.integers(0, 5)),
    st.builds(in_part_as, st.sampled_from(["latin-1", "gb18030", "utf-16-le", "cp1252"])),
    st.builds(with_value, st.just(r"\d+\.5"), st.sampled_from(VALUES)),
    st.builds(with_value, st.just(r"2024-(\d\d)-(\d\d)"), st.just(r"2024-\2-\1")),
    st.builds(with_value, st.just(r"2024-\d\d-\d\d"), st.sampled_from(DAYS)),
    st.builds(with_bytes, st.floats(0, 1), st.sampled_from(SIGNS)),
    st.builds(with_bytes, st.floats(0, 1), st.binary(min_size=1, max_size=4)),
    st.just(lambda text: text.replace(b"\n", b"\r")),
)


@given(
    damages=st.lists(damage, min_size=1, max_size=3),
    of_accounts=st.booleans(),
    again=st.booleans(),
)
@example(damages=[truncated(0.0)], of_accounts=False, again=False)
@example(damages=[truncated(0.0)], of_accounts=True, again=False)
@settings(max_examples=15, deadline=None, derandomize=True)
def test_nothing_is_lost_or_one_error_says_why(
    damages: list[Damage], of_accounts: bool, again: bool
) -> None:
    files = {"accounts": ACCOUNTS, "sales": SALES.encode()}
    hurt = "accounts" if of_accounts else "sales"
    for one in damages:
        files[hurt] = one(files[hurt])
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "kapkit.toml").write_text(TOML, encoding="utf-8")
        for name, text in files.items():
            (folder / f"{name}.csv").write_bytes(text)
            if again and name == hurt:
                (folder / f"{name}_again.csv").write_bytes(text)
        said = _refusal(folder)
        assert said is None or re.match(rf"\A(kapkit\.toml|{hurt})", said)
        if said is None:
            book = read_book(folder)
            assert reconcile(book.at().totals).endswith("accounts, sales")
            assert book.company().check()
            assert not book.regions() or prepare(book.at(), folder / "prepared")


def _refusal(folder: Path) -> str | None:
    """Give the one error, where the book cannot be read; any other exception is a fault."""
    try:
        read_book(folder).at().totals  # noqa: B018
    except DataError as error:
        return str(error)
    return None


@pytest.mark.parametrize("value", VALUES)
def test_no_odd_number_is_ever_summed(value: str, tmp_path: Path) -> None:
    (tmp_path / "kapkit.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "accounts.csv").write_bytes(ACCOUNTS)
    quoted = f'"{value}"' if "," in value else value
    (tmp_path / "sales.csv").write_text(SALES.replace("10.5", quoted, 1), encoding="utf-8")
    totals = read_book(tmp_path).at().totals.query("table == 'sales'").set_index("state")
    whole = sum(n * 10 + 0.5 for n in range(ROWS))
    number = {"1e-400": 0.0}.get(value)
    assert totals["rows"]["read"] == ROWS
    assert float(totals["revenue"]["accepted"].sum()) == whole - 10.5
    assert (totals["rows"]["accepted"].sum() == ROWS) == (number is not None)
