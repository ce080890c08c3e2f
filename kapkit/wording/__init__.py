"""Sentences, numbers, money and days as people read them, in their language."""

from kapkit.wording.language import LANGUAGES, language, speak, speaking
from kapkit.wording.numbers import amount, day, percent, signed_percent
from kapkit.wording.sentences import say, say_count, several, worded

__all__ = [
    "LANGUAGES",
    "amount",
    "day",
    "language",
    "percent",
    "say",
    "say_count",
    "several",
    "signed_percent",
    "speak",
    "speaking",
    "worded",
]
