"""Odd files: whatever they hold, the proposal is valid TOML that says what it did with each."""

import tempfile
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapkit.book.errors import DataError
from kapkit.book.proposal.charset import encoding_told
from kapkit.book.proposal.days import days_of
from kapkit.book.proposal.draft import comment, toml_key, toml_text
from kapkit.book.proposal.labels import likeness, words
from kapkit.book.proposal.numbers import writing_of
from kapkit.book.proposal.proposal import propose

#: No lone surrogates: those stand in no file.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAMES = st.sampled_from(
    ["id", "Kundennr", "date", "Betrag", "name", "region", "订单号", "", '"', "_file"]
)
CELLS = st.one_of(
    TEXT, st.sampled_from(["1", "-2,50", "1.234,5", "31.01.2024", "01/02/2024", "NA", "A-1", "007"])
)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """Write a table as some system might, or might have broken off."""
    columns = draw(st.lists(st.one_of(NAMES, TEXT), min_size=1, max_size=6))
    rows = draw(st.lists(st.lists(CELLS, max_size=7), max_size=8))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text = end.join(delimiter.join(line) for line in [columns, *rows])
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "gb18030"]))
    return text.encode(encoding, "replace")[: draw(st.integers(0, 2000))]


@settings(max_examples=25, deadline=None)
@given(
    contents=st.lists(st.one_of(tables(), st.binary(max_size=200)), min_size=1, max_size=3),
    suffix=st.sampled_from([".csv", ".txt", ".xlsx", ".parquet"]),
)
def test_no_file_breaks_it(contents: list[bytes], suffix: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for number, content in enumerate(contents):
            (folder / f"odd {number}{suffix if number else '.csv'}").write_bytes(content)
        try:
            proposal = propose(folder)
        except DataError:
            return
    assert tomllib.loads(proposal.toml)["book"]["name"]
    said = "\n".join([*proposal.report()])
    assert all(f"odd {number}" in said for number in range(len(contents))) or "(" in said


@given(TEXT)
def test_text_survives_toml(text: str) -> None:
    assert tomllib.loads(f"{toml_key(text)} = {toml_text(text)}  {comment(text)}") == {text: text}


@given(TEXT)
def test_labels_of_any_kind_are_compared(text: str) -> None:
    assert 0 <= likeness(text, "sales", "date") <= 1
    assert all(word == word.casefold() for word in words(text))


@settings(deadline=None)
@given(st.lists(CELLS, max_size=6))
def test_values_of_any_kind_are_read(values: list[str]) -> None:
    writing_of([value for value in values if value])
    days_of([value for value in values if value])


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        ("Straße Größe Köln", "utf-8", "utf-8"),
        ("Straße Größe Köln", "cp1252", "cp1252"),
        ("facturé à Besançon, 10 €", "cp1252", "cp1252"),
        ("客户编号,客户名称,大区", "gb18030", "gb18030"),
        ("客户编号,客户名称,大区", "utf-8-sig", "utf-8"),
        ("Straße Größe", "utf-16", "utf-16"),
        ("Strasse;Groesse;Ort", "utf-16-le", "utf-16-le"),
        (
            "Žluťoučký kůň úpěl ďábelské ódy; Příliš; společnost s ručením omezeným",
            "cp1250",
            "cp1250",
        ),
    ],
)
def test_encodings_are_told(text: str, encoding: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    assert encoding_told(tmp_path / "a.csv") == told


def test_bytes_far_down_the_file_count(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a;b\n" * 600_000 + "K\u00f6ln;2\n".encode("cp1252"))
    assert encoding_told(tmp_path / "a.csv") == "cp1252"
