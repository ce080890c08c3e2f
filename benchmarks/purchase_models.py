"""How fast, and how well, do the purchase models fit, next to ``lifetimes`` and ``pymc-marketing``?

The packages fit the same histories in one process, in turn, medians of five; the log-likelihood
of each estimate is evaluated by kapkit's likelihood. CDNOW as ``lifetimes`` ships it, then
simulated accounts up to a million (kapkit alone from 100,000 on: the others take minutes).
``pymc-marketing`` is no dependency: where it is installed beside kapkit it takes part, with the
mode under flat priors, which is the maximum of the likelihood. Its models are compiled before
the clock starts.
"""

import importlib.util
import logging
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


def by_pymc(model: type[CountedLikelihood], history: pd.DataFrame) -> np.ndarray:
    from pymc_extras.prior import Prior
    from pymc_marketing import clv

    known = history[history["repeat_orders"] > 0] if model is GammaGamma else history
    columns = {"frequency": "repeat_orders", "recency": "last_order", "T": "age"}
    if model is GammaGamma:
        columns = {"frequency": "repeat_orders", "monetary_value": "mean_spend"}
    data = pd.DataFrame({name: known[of].to_numpy(dtype=float) for name, of in columns.items()})
    kind = {BGNBD: clv.BetaGeoModel, ParetoNBD: clv.ParetoNBDModel, GammaGamma: clv.GammaGammaModel}
    names = ["v" if name == "gamma" else name for name in model.names]
    fitter = kind[model](
        data=data.assign(customer_id=range(len(data))),
        model_config={name: Prior("HalfFlat") for name in names},
    )
    fitter.fit(method="map", progressbar=False)
    return fitter.fit_summary()[names].to_numpy(dtype=float)


PEERS: dict[str, Callable[[type[CountedLikelihood], pd.DataFrame], np.ndarray]] = {
    "lifetimes": by_lifetimes,
    "pymc_marketing": by_pymc,
}


def compare(model: type[CountedLikelihood], history: pd.DataFrame, runs: int) -> None:
    ours, fitted = timed(lambda: model(history).fit(), runs)
    assert isinstance(fitted, CountedResults)
    print(f"{model.title:12} {len(history):9,} accounts: kapkit {ours:6.3f} s, {fitted.llf:.4f}")
    for name, fit in PEERS.items():
        if importlib.util.find_spec(name) is None:
            print(f"{'':12} {name} is not installed")
            continue
        if name == "pymc_marketing":
            fit(model, history)
        theirs, params = timed(lambda fit=fit: fit(model, history), runs)  # type: ignore[misc]
        likelihood = fitted.model.loglike(np.asarray(params, dtype=float))
        print(
            f"{'':12} {name} {theirs:7.3f} s ({theirs / ours:5.1f} x), log-likelihood "
            f"{likelihood:.4f} (kapkit {fitted.llf - likelihood:+.4f})"
        )


def alone(model: type[CountedLikelihood], history: pd.DataFrame, runs: int) -> None:
    ours, fitted = timed(lambda: model(history).fit(), runs)
    assert isinstance(fitted, CountedResults)
    print(f"{model.title:12} {len(history):9,} accounts: kapkit {ours:6.3f} s; {fitted.sentence}")


def main() -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
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
