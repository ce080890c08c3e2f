"""What if the cuts were others, or the hours more? Asked with sliders in the lab only."""

from dataclasses import dataclass, replace
from typing import Any

from kapkit.book.region import Region
from kapkit.classification.abc import Cuts
from kapkit.classification.key_accounts import key_accounts
from kapkit.cultivation.regional import NoPlan, plan_where_known
from kapkit.report.display import Bundle, Finding
from kapkit.report.lab import in_lab


@dataclass(frozen=True)
class WhatIf:
    """Answers for other cuts and hours; a page and a run show nothing of it."""

    region: Region
    cuts: Cuts
    seed: int

    def answer(self, a: float, b: float, hours: float) -> Finding:
        """Say what classes and plan would be.

        Parameters
        ----------
        a, b : float
            Shares of class A, and of A and B together.
        hours : float
            Every owner's hours, as a multiple of today's.

        Returns
        -------
        Finding
            What class A would hold, and what the plan would bring.
        """
        classified = key_accounts(self.region, cuts=replace(self.cuts, a=a, b=max(a, b)))
        staff = self.region.tables.get("staff")
        asked = self.region
        if staff is not None:
            more = staff.assign(hours_per_month=staff["hours_per_month"].astype(float) * hours)
            asked = replace(asked, tables={**asked.tables, "staff": more})
        plan = plan_where_known(asked, classified.table, seed=self.seed)
        planned = plan.sentence if isinstance(plan, NoPlan) else plan.allocation.sentence
        return Finding([classified.sentence, planned])

    def _repr_mimebundle_(self, **options: Any) -> Bundle:
        if not in_lab():
            return {
                "text/plain": "Sliders for cuts and hours: open this notebook by kapkit lab."
            }, {}
        import ipywidgets as widgets

        def slider(value: float, most: float, said: str) -> Any:
            return widgets.FloatSlider(
                value=value,
                min=0.05,
                max=most,
                step=0.05,
                description=said,
                continuous_update=False,
                style={"description_width": "10em"},
            )

        asked = widgets.interactive(
            self.answer,
            a=slider(self.cuts.a, 1.0, "Class A, share"),
            b=slider(self.cuts.b, 1.0, "A and B, share"),
            hours=slider(1.0, 3.0, "Hours, times today's"),
        )
        bundle: Bundle = asked._repr_mimebundle_(**options), {}
        return bundle


def what_if(region: Region, *, cuts: Cuts | None = None, seed: int = 1) -> WhatIf:
    """Ask what other cuts and more or fewer hours would change, with sliders, in JupyterLab.

    Parameters
    ----------
    region : Region
        The region.
    cuts : Cuts
        Where the sliders start.
    seed : int
        As for the plan.

    Returns
    -------
    WhatIf
        Shows sliders in the lab and nothing on pages; ``answer`` is what they call.
    """
    return WhatIf(region, cuts or Cuts(), seed)
