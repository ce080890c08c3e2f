"""Regions borrow strength: none is fitted alone, large ones keep their own."""

import numpy as np
import pandas as pd
import pytest

from kapkit.models.bg_nbd import BGNBD
from kapkit.models.counted_likelihood import CountedLikelihood
from kapkit.models.pareto_nbd import ParetoNBD
from kapkit.models.regional import fit_regions
from tests.models.buyers import bg_nbd_buyers, pareto_nbd_buyers

#: Accounts of each region, and the factor on its orders.
REGIONS = {f"small {at}": (12, 1.0) for at in range(20)} | {
    "middle": (300, 1.0),
    "busy": (1500, 1.6),
    "quiet": (1500, 0.6),
    "usual": (1500, 1.0),
}


def regions(simulate, truth: tuple[float, ...], place: int) -> pd.DataFrame:
    parts = []
    for seed, (name, (accounts, factor)) in enumerate(REGIONS.items()):
        own = tuple(p / factor if at == place else p for at, p in enumerate(truth))
        parts.append(simulate(accounts, own, seed=seed).assign(region=name))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(
    ("model", "simulate", "truth"),
    [
        (BGNBD, bg_nbd_buyers, (0.8, 8.0, 0.8, 2.5)),
        (ParetoNBD, pareto_nbd_buyers, (0.8, 8.0, 0.6, 12.0)),
    ],
    ids=["BG/NBD", "Pareto/NBD"],
)
@pytest.mark.slow
def test_regions_are_drawn_to_the_rest(
    model: type[CountedLikelihood], simulate, truth: tuple[float, ...]
) -> None:
    buyers = regions(simulate, truth, 1)
    fitted = fit_regions(model, buyers, buyers["region"])
    rate = fitted.table["r"] / fitted.table["alpha"]
    usual = rate["usual"]
    assert rate["busy"] / usual == pytest.approx(1.6, rel=0.15)
    assert rate["quiet"] / usual == pytest.approx(0.6, rel=0.15)
    small = rate.filter(like="small")
    assert small.div(usual).between(0.5, 2).all()
    trust = fitted.table["trust"]
    assert trust.filter(like="small").max() < 0.6 < trust["busy"]
    assert fitted.sentence.startswith(fitted.pooled.sentence)


@pytest.mark.slow
def test_twelve_accounts_alone_would_not_do() -> None:
    """The point of it: separate fits run to their bounds, the shrunk ones never."""
    buyers = regions(bg_nbd_buyers, (0.8, 8.0, 0.8, 2.5), 1)
    small = buyers[buyers["region"].str.startswith("small")]
    alone = [BGNBD(part).fit().converged for _, part in small.groupby("region")]
    assert np.mean(alone) < 0.7
    table = fit_regions(BGNBD, buyers, buyers["region"]).table
    pooled = table.loc["usual", BGNBD.names].astype(float)
    shares = table.filter(like="small", axis=0)[BGNBD.names].astype(float) / pooled
    assert ((shares > 0.25) & (shares < 4)).all(axis=None)


def test_unseen_region_takes_the_pooled_model() -> None:
    buyers = regions(bg_nbd_buyers, (0.8, 8.0, 0.8, 2.5), 1)
    fitted = fit_regions(BGNBD, buyers, buyers["region"])
    one = buyers.head(5)
    elsewhere = fitted.expected_orders(one, pd.Series("elsewhere", index=one.index), 26.0)
    np.testing.assert_allclose(elsewhere, fitted.pooled.expected_orders(one, 26.0), rtol=1e-9)
    assert fitted.p_alive(one, one["region"]).between(0, 1).all()
    assert fitted.p_order(one, one["region"], 26.0).between(0, 1).all()
