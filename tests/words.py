"""The message catalogues: ``python -m tests.words`` brings them up to date with the package.

Messages are what `say` and `say_count` are given, fixed words of tables, figures, findings and
tiles, what templates say, and the Markdown of notebooks.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
LOCALES = ROOT / "kapkit" / "wording" / "locales"

#: Calls whose fixed words people read, with the places and names of the arguments.
_SHOWN: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "say": ((0,), ()),
    "worded": ((0,), ()),
    "_listed": ((0,), ()),
    "listed": ((0,), ()),
    "Column": ((0,), ("header",)),
    "Table": ((), ("caption", "how")),
    "Chart": ((), ("caption", "how", "alt")),
    "Tile": ((0, 2), ("name", "note")),
    "Finding": ((0,), ()),
    "set": ((), ("xlabel", "ylabel")),
    "set_xlabel": ((0,), ()),
    "set_ylabel": ((0,), ()),
    "several": ((), ()),
    "say_count": ((), ()),
}
#: Values of frames, worded where they are shown.
VALUES = (
    *("visit", "call", "email", "demo", "training", "other"),
    *("accepted", "set aside", "after as_of", "margin", "revenue", "Margin", "none"),
    *("failed", "timeout", "dead kernel", "not started", "last 12 months"),
    *(f"{level} room" for level in ("Much", "Some", "Little")),
    *("much", "some", "little", "satisfaction", "needs", "deals", "account records"),
    *("Purchases", "Satisfaction", "Complaints", "Scoring"),
)
_CURRENCY = re.compile(r", \{[^{}]*currency[^{}]*\}$")
_MARKS = re.compile(r"\s*(?:#+\s+)?(?:\d+(?:\.\d+)+\s+)?")


def messages() -> list[str]:
    """Give every message of the package once, sorted."""
    found = {*_python(), *_templates(), *_notebooks(), *VALUES}
    return sorted(one for one in found if re.search(r"[A-Za-z]{2}|^, $|^: ", one))


def _python() -> Iterator[str]:
    for path in sorted((ROOT / "kapkit").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from _said(node)
            elif isinstance(node, ast.Assign) and _is_table_of_words(node):
                yield from _values(node.value)


def _values(node: ast.expr) -> Iterator[str]:
    """Give the words of a dictionary or list, not its keys."""
    held = node.values if isinstance(node, ast.Dict) else getattr(node, "elts", [])
    yield from (text for one in held for text in _fixed(one))


def _is_table_of_words(node: ast.Assign) -> bool:
    names = {"PARTS", "TAKEN", "NOUNS", "FIELDS", "STEPS"}
    return any(isinstance(one, ast.Name) and one.id in names for one in node.targets)


def _said(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "id", None) or getattr(call.func, "attr", "")
    texts = [one.value for one in call.args if isinstance(one, ast.Constant)]
    words = [one for one in texts if isinstance(one, str)]
    if name == "say_count":
        yield from words[:1]
    elif name == "several" and words:
        yield f"{{count}} {words[0]}"
    elif name in _SHOWN:
        places, keywords = _SHOWN[name]
        given = [call.args[at] for at in places if at < len(call.args)]
        given += [one.value for one in call.keywords if one.arg in keywords]
        for one in given:
            yield from _fixed(one)


def _fixed(node: ast.expr) -> Iterator[str]:
    """Give fixed texts: of a literal, of a list of them, and before a currency."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.List | ast.Tuple):
        for one in node.elts:
            yield from _fixed(one)
    elif isinstance(node, ast.BinOp):
        yield from _fixed(node.left)
    elif isinstance(node, ast.IfExp):
        yield from (*_fixed(node.body), *_fixed(node.orelse))
    elif isinstance(node, ast.JoinedStr):
        text = ast.unparse(node)[2:-1]
        if _CURRENCY.search(text) and "{" not in (fixed := _CURRENCY.sub("", text)):
            yield fixed


def _templates() -> Iterator[str]:
    for path in sorted((ROOT / "kapkit").rglob("*.j2")):
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r'say\("((?:[^"\\]|\\.)*)"|"([^"]*)" \| say', text):
            yield (match[1] or match[2]).replace("\\'", "'")


def _notebooks() -> Iterator[str]:
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                for block in re.split(r"\n\s*\n", "".join(cell["source"])):
                    yield _MARKS.sub("", block, count=1).strip()


def load(language: str) -> dict[str, str]:
    """Read a catalogue: message to translation, empty where there is none."""
    path = LOCALES / f"{language}.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(one.id): str(one.string or "") for one in read_po(file) if one.id}


def save(language: str, known: dict[str, str]) -> list[str]:
    """Write the catalogue of the package's messages; name those without a translation."""
    made = Catalog(locale=language, project="kapkit", fuzzy=False)
    for one in messages():
        made.add(one, known.get(one, ""))
    made.creation_date = made.revision_date = None  # type: ignore[assignment]
    with (LOCALES / f"{language}.po").open("wb") as file:
        write_po(file, made, width=100, omit_header=True, sort_output=True)
    return [one for one in messages() if not known.get(one)]


if __name__ == "__main__":
    for spoken in ("zh",):
        missing = save(spoken, load(spoken))
        sys.stdout.write("".join(f"{spoken}: {json.dumps(one)}\n" for one in missing))
