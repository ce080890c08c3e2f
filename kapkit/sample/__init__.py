"""A simulated company with known truth, to try kapkit on and to prove its estimators."""

from kapkit.sample.company import Company, Truth, simulate
from kapkit.sample.folder import write

__all__ = ["Company", "Truth", "simulate", "write"]
