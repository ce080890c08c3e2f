"""A simulated company with known truth, to try kapkit on and to prove its estimators."""

from kapkit.sample.company import Company, Truth, simulate, stream
from kapkit.sample.folder import write
from kapkit.sample.settings import Settings

__all__ = ["Company", "Settings", "Truth", "simulate", "stream", "write"]
