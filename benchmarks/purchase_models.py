"""How fast, and how well, do the purchase models fit, next to ``lifetimes``?

Both packages fit the same histories in one process, in turn, medians of five; the log-likelihood
of both estimates is evaluated by kapkit's likelihood. CDNOW as ``lifetimes`` ships it, then
simulated accounts up to a million (kapkit alone from 100,000 on: ``lifetimes`` takes minutes).
"""

import os
import statistics
import time
import warnings
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the batch does, for both packages

import numpy as np
import pandas as pd

from kapkit.models.bg_nbd import BGNBD
from kapkit.models.counted_likelihood import CountedLikelihood, CountedResults
from kapkit.models.gamma_gamma import GammaGamma
from kapkit.models.order_history import order_history
from kapkit.models.pareto_nbd import ParetoNBD
from tests.models.buyers import bg_nbd_buyers, gamma_gamma_spend, pareto_nbd_buyers
from tests.models.conftest import CDNOW_ORIGIN, SAMPLE, cdnow_purchases

RUNS = 5
PARETO = ["r", "alpha", "s", "beta"]


def timed(fit: Callable[[], object], runs: int = RUNS) -> tuple[float, object]:
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        found = fit()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), found


def by_lifetimes(model: type[CountedLikelihood], history: pd.DataFrame) -> np.ndarray:
    import lifetimes

    if model is GammaGamma:
        told = history[history["repeat_orders"] > 0]
        fitter = lifetimes.GammaGammaFitter(penalizer_coef=0.0)
        fitter.fit(told["repeat_orders"], told["mean_spend"])
        return fitter.params_[["p", "q", "v"]].to_numpy()
    fitter = {BGNBD: lifetimes.BetaGeoFitter, ParetoNBD: lifetimes.ParetoNBDFitter}[model]()
    fitter.fit(history["repeat_orders"], history["last_order"], history["age"])
    return fitter.params_[model.names].to_numpy()


def compare(model: type[CountedLikelihood], history: pd.DataFrame, runs: int) -> None:
    ours, fitted = timed(lambda: model(history).fit(), runs)
    theirs, params = timed(lambda: by_lifetimes(model, history), runs)
    assert isinstance(fitted, CountedResults)
    likelihood = fitted.model.loglike(np.asarray(params, dtype=float))
    print(
        f"{model.title:12} {len(history):9,} accounts: kapkit {ours:6.3f} s, lifetimes "
        f"{theirs:7.3f} s ({theirs / ours:5.1f} x); log-likelihood {fitted.llf:.4f}, "
        f"{likelihood:.4f} ({fitted.llf - likelihood:+.4f})"
    )


def alone(model: type[CountedLikelihood], history: pd.DataFrame, runs: int) -> None:
    ours, fitted = timed(lambda: model(history).fit(), runs)
    assert isinstance(fitted, CountedResults)
    print(f"{model.title:12} {len(history):9,} accounts: kapkit {ours:6.3f} s; {fitted.sentence}")


def main() -> None:
    warnings.filterwarnings("ignore", module="lifetimes|autograd|scipy|pandas")
    bought = cdnow_purchases(SAMPLE)
    cdnow = order_history(bought, pd.Index(bought["account_id"].unique()), as_of=CDNOW_ORIGIN)
    for model in (BGNBD, ParetoNBD, GammaGamma):
        compare(model, cdnow, RUNS)
    simulated = {
        BGNBD: lambda n: bg_nbd_buyers(n, (0.5, 8.0, 0.8, 2.5)),
        ParetoNBD: lambda n: pareto_nbd_buyers(n, (0.6, 10.0, 0.6, 12.0)),
        GammaGamma: lambda n: gamma_gamma_spend(
            bg_nbd_buyers(n, (0.5, 8.0, 0.8, 2.5)), (6.0, 3.7, 15.0)
        ),
    }
    for model, simulate in simulated.items():
        compare(model, simulate(20_000), 1)
        alone(model, simulate(100_000), 3)
        alone(model, simulate(1_000_000), 1)


if __name__ == "__main__":
    main()
