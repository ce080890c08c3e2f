"""The language in which people are spoken to: English, unless a book or a caller says otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ENGLISH = "en"
#: Languages there are, by the name a kapkit.toml gives them; and as a page names them.
LANGUAGES = {ENGLISH: "en", "zh": "zh-Hans"}

_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)
_usual = ENGLISH


def language() -> str:
    """Name the language spoken now."""
    return _spoken.get() or _usual


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Speak a language for a while, whatever the book's.

    >>> with speaking("zh"):
    ...     language()
    'zh'
    """
    token = _spoken.set(_known(name))
    try:
        yield
    finally:
        _spoken.reset(token)


def speak(name: str) -> None:
    """Speak a language from now on: that of the book which was opened last."""
    global _usual
    _usual = _known(name)


def _known(name: str) -> str:
    if name not in LANGUAGES:
        raise ValueError(f"no language is called {name!r}; there are {', '.join(LANGUAGES)}")
    return name
