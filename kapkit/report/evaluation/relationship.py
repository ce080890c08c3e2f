"""3.3 How we stand with the accounts: the score's own test first, then satisfaction and loyalty."""

import pandas as pd

from kapkit.book.region import Region
from kapkit.evaluation.relationship import Relationship
from kapkit.models.company_health import BEFORE_WEEKS, HORIZON_WEEKS, Health
from kapkit.models.health_inputs import INPUTS
from kapkit.report.display import Chart, Column, Finding, Table, listed
from kapkit.report.forest import draw_calibration
from kapkit.report.look import ACCENT, CONTEXT, canvas, label, short
from kapkit.wording import amount, day, percent, say

_COUNT = Column("", "{:,.0f}".format, numeric=True)
_NAME, _KEY = Column("Account"), Column("Key", key=True)
_WAYS = {"score": "Health score", "recency": "Last purchase alone"}
#: How inputs are drawn together, and in which tone.
_GROUPS = {
    "Purchases": ["silence", "recency", "trend", "frequency", "spending", "breadth", "tenure"],
    "Satisfaction": ["satisfaction"],
    "Complaints": ["complaints", "waiting"],
    "Scoring": ["scoring"],
}
_TONES = {"Purchases": "#123f5e", "Satisfaction": "#4b8fbd", "Complaints": "#bcd3e3"}


def finding_health(region: Region, health: Health) -> Finding:
    """Say how good the score was before, in the company and here; a caution where it is none."""
    said = [health.sentence]
    here = health.ways(region.name) if region.name is not None else pd.DataFrame()
    if len(here):
        said.append(
            say(
                "In {region} alone: AUC {auc} against {naive}, {stopped} of {asked} stopped.",
                region=region.name,
                auc=_two(here["auc"]["score"]),
                naive=_two(here["auc"]["recency"]),
                stopped=f"{here['stopped']['score']:,.0f}",
                asked=f"{here['asked']['score']:,.0f}",
            )
        )
    elif len(health.judged) and region.name is not None:
        said.append(say("Too few accounts are here to judge the score on them alone."))
    wrong = health.weights.index[health.weights["wrong"].astype(bool)]
    if len(wrong):
        named = ", ".join(INPUTS[name].lower() for name in wrong)
        said.append(
            say("Look at the data of {inputs}: it wants the wrong sign and counts 0.", inputs=named)
        )
    return Finding(said, caution=not health.earned)


def table_health_judged(health: Health) -> Table | Finding:
    """Compare the score with last purchase alone, at each lead; nothing where never tested."""
    judged = health.judged[health.judged["region"].isna()]
    if judged.empty:
        return Finding([])
    shown = judged.assign(way=judged["way"].map(_WAYS))
    lead = Column("Weeks ahead", lambda value: f"{value:,.0f}" if value else say("at once"))
    columns = {
        "way": Column("Way"),
        "lead_weeks": lead,
        "asked": Column("Asked", _COUNT.show, numeric=True),
        "stopped": Column("Stopped", _COUNT.show, numeric=True),
        "auc": Column("AUC", _two, numeric=True),
        "brier_skill": Column("Brier skill", percent, numeric=True),
        "calibration_error": Column("Calibration error", percent, numeric=True),
    }
    return Table(
        shown,
        columns,
        name="health-judged",
        caption=say("How well the score told before who would stop buying, whole company"),
        how=say(
            "Fitted on what was known before each half-year and judged after it. Weeks ahead: the "
            "score was taken so long before the half-year in which the account did not order. "
            "AUC: chance that one that stopped had the worse score (.5 is a coin). Brier skill: "
            "share of the base rate's squared error taken away."
        ),
        folded=True,
    )


def plot_risk(health: Health) -> Chart | Finding:
    """Draw said against seen risk of no order; nothing where the score was never tested."""
    curve = health.curve
    if curve.empty:
        return Finding([])
    top = min(float(max(curve["said"].max(), curve["seen"].max())) * 1.25, 1.0) or 1.0
    with canvas(width=4.6, height=4.0) as (figure, axes):
        draw_calibration(axes, curve, color=ACCENT, top=top)
        axes.set_xlabel(f"Said: risk of no order in {HORIZON_WEEKS} weeks")
        axes.set_ylabel("Seen")
    pairs = zip(curve["said"], curve["seen"], strict=True)
    words = "; ".join(f"{percent(said)} said, {percent(seen)} seen" for said, seen in pairs)
    return Chart(
        figure,
        alt=say("Risk said and seen, by tenths of the accounts: {words}.", words=words),
        caption=say("Is the dormancy risk right? Said against seen, before"),
        how=say(
            "Each point is a tenth of all answers at past half-years, with an 80 % interval; on "
            "the line what was said came true. {chances}",
            chances=health.chances,
        ),
        folded=True,
    )


def plot_health(region: Region, found: Relationship, *, most: int = 12) -> Chart | Finding:
    """Draw what the lowest scores are made of; a finding where nobody has one.

    Parameters
    ----------
    region : Region
        For the names.
    found : Relationship
        From `relationship_of`.
    most : int
        Bars drawn, lowest score first.
    """
    scored = found.table["score"].dropna().sort_values(kind="stable").head(most)[::-1]
    if scored.empty:
        return Finding([say("No account ordered in the last twelve months, so none has a score.")])
    groups = _grouped(found.health.points.loc[scored.index])
    with canvas(height=1.2 + 0.3 * len(scored)) as (figure, axes):
        for sign in (1, -1):
            left = pd.Series(0.0, scored.index)
            for name in map(str, groups):
                part = groups[name].clip(lower=0.0) if sign > 0 else groups[name].clip(upper=0.0)
                axes.barh(range(len(scored)), part, left=left, color=_TONES[name], height=0.65,
                          label=name if sign > 0 else None)  # fmt: skip
                left = left + part
        ends = groups.clip(lower=0.0).sum(axis=1)
        for at, (end, score) in enumerate(zip(ends, scored, strict=True)):
            label(axes, f"{score:.0f}", (end, at))
        axes.axvline(0, color=CONTEXT, linewidth=1)
        names = [short(str(region.accounts["name"].get(key, key))) for key in scored.index]
        axes.set_yticks(range(len(scored)), names, parse_math=False)
        axes.grid(axis="y", visible=False)
        axes.grid(axis="x", visible=True)
        axes.set_xlabel("Points above or below the average account (50)")
        axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    parts = "; ".join(
        f"{region.accounts['name'].get(key, key)} {score:.0f}"
        for key, score in scored[::-1].items()
    )
    return Chart(
        figure,
        alt=say("Lowest health scores: {parts}.", parts=parts),
        caption=say("What the lowest health scores are made of"),
        how=say(
            "50 is the average account; ten points more double the odds that it keeps buying. The "
            "parts add up to the score; what is not known adds nothing. The colours name sources, "
            "they are no verdict."
        ),
    )


def table_at_stake(region: Region, found: Relationship, *, most: int = 8) -> Table | Finding:
    """List the few accounts where most is at stake: risk times what they are expected to bring.

    Parameters
    ----------
    region : Region
        For the names and the currency.
    found : Relationship
        From `relationship_of`.
    most : int
        Rows shown; the caption says how many there are.
    """
    scored = found.table.dropna(subset="score")
    if scored.empty:
        return Finding([])
    if scored["stake"].isna().all():
        ordered, first = scored.sort_values("score", kind="stable"), say("Lowest scores")
    else:
        ordered = scored.sort_values("stake", ascending=False, kind="stable")
        first = say("Where most is at stake")
    stake = Column(f"At stake a year, {region.book.currency}", amount, numeric=True)
    columns = {"name": _NAME, "account_id": _KEY, "stake": stake, **_standing(found)}
    return Table(
        _shown(region, found, ordered.head(most)),
        columns,
        name="at-stake",
        caption=listed(first, min(most, len(ordered)), len(ordered)),
        how=say("At stake: the risk times what the account is expected to bring a year.")
        + " "
        + _how_scored(found),
    )


def table_relationship(region: Region, found: Relationship, *, most: int = 200) -> Table | Finding:
    """List how we stand with each account, lowest score first.

    Parameters
    ----------
    region : Region
        For the names.
    found : Relationship
        From `relationship_of`.
    most : int
        Rows shown; the caption says how many there are.
    """
    scored = found.table.dropna(subset="score").sort_values("score", kind="stable")
    if scored.empty:
        return Finding([])
    columns = {
        "name": _NAME,
        "account_id": _KEY,
        **_standing(found),
        "gap_weeks": Column("usual gap", "{:z,.1f}".format, numeric=True),
        "breadth": Column("Categories", percent, numeric=True),
        "potential_share": Column("of peers' best", percent, numeric=True),
    }
    return Table(
        _shown(region, found, scored.head(most)),
        columns,
        name="relationship",
        caption=listed(say("How we stand with each account"), min(most, len(scored)), len(scored)),
        how=_how_scored(found)
        + " "
        + say(
            "Categories: share of those the region buys. Of peers' best: last year's revenue over "
            "what the best fifth of its peers spends."
        ),
        folded=True,
    )


def _shown(region: Region, found: Relationship, rows: pd.DataFrame) -> pd.DataFrame:
    shown = rows.join(region.accounts["name"]).join(found.loyalty)
    if found.complaints is None:
        return shown.assign(open=float("nan")).reset_index(names="account_id")
    known = shown.join(found.complaints.accounts[["open"]]).fillna({"open": 0.0})
    return known.reset_index(names="account_id")


def _standing(found: Relationship) -> dict[str, Column]:
    """Name the columns that both lists have."""
    return {
        "score": Column("Score", _COUNT.show, numeric=True),
        "moved": Column(say("since {day}", day=day(found.since)), "{:+z,.0f}".format, numeric=True),
        "risk": Column("Risk of no order", percent, numeric=True),
        "why": Column("What moved it"),
        "open": Column("Open complaints", _COUNT.show, numeric=True),
        "silent_weeks": Column("Weeks since order", _COUNT.show, numeric=True),
    }


def _how_scored(found: Relationship) -> str:
    return say(
        "Score: 50 is the average account, ten points more double the odds that it orders in "
        "the next {weeks} weeks. Risk: chance of no order in that time. Accounts without an order "
        "in twelve months have no score. {compared}",
        weeks=HORIZON_WEEKS,
        compared=_compared(found),
    )


def _compared(found: Relationship) -> str:
    if found.recorded:
        return say("Moves are since the last run, of {day}.", day=day(found.since))
    return say(
        "Moves are since {day}, {weeks} weeks before: no earlier run has scores on record.",
        day=day(found.since),
        weeks=BEFORE_WEEKS,
    )


def table_moves(region: Region, found: Relationship, *, most: int = 12) -> Table | Finding:
    """List the scores that moved most since the last run, and what moved them; it adds up.

    Parameters
    ----------
    region : Region
        For the names.
    found : Relationship
        From `relationship_of`; without an earlier run's scores, moves are of 13 weeks.
    most : int
        Rows shown, the largest move first.
    """
    moves = found.moves
    if moves.empty:
        return Finding([])
    moved, score = moves.sum(axis=1), found.health.accounts["score"].reindex(moves.index)
    table = _grouped(moves).assign(moved=moved, score=score, score_before=score - moved)
    order = moved.abs().sort_values(ascending=False, kind="stable").index[:most]
    step = "{:+z,.1f}".format
    columns = {
        "name": _NAME,
        "account_id": _KEY,
        "score_before": Column("Before", "{:z,.1f}".format, numeric=True),
        **{name: Column(name, step, numeric=True) for name in _groups(moves)},
        "score": Column("Now", "{:z,.1f}".format, numeric=True),
        "moved": Column("Change", step, numeric=True),
    }
    exact = say("By the same weights then and now: before plus the steps is now, exactly.")
    if found.recorded:
        exact = say(
            "Before is what the last run said; before plus the steps is now, exactly. Scoring: "
            "what today's weights, and rows of old days that came since, make of the score of then."
        )
    return Table(
        table.loc[order].join(region.accounts["name"]).reset_index(names="account_id"),
        columns,
        name="score-moves",
        caption=say("Scores that moved most since {day}", day=day(found.since)),
        how=f"{exact} {_compared(found)}",
        folded=True,
    )


def finding_satisfaction(found: Relationship) -> Finding:
    """Say who answers, and that the others' satisfaction is not known."""
    judged = found.satisfaction["verdict"].dropna()
    said = [found.sentence]
    if len(found.satisfaction):
        counts = judged.value_counts()
        said.append(
            say(
                "{judged} answers by account and question are three or more, enough to judge: "
                "{above} above the company's mean, {below} below it.",
                judged=f"{len(judged):,}",
                above=f"{counts.get('above', 0):,}",
                below=f"{counts.get('below', 0):,}",
            )
        )
    return Finding(said, caution=found.satisfaction.empty)


def table_satisfaction(region: Region, found: Relationship, *, most: int = 15) -> Table | Finding:
    """List satisfaction on its own scale with its interval, lowest first."""
    table = found.satisfaction
    if table.empty:
        return Finding([])
    ordered = table.sort_values(["standing", "answers"], kind="stable").head(most).reset_index()
    ends = zip(ordered["low"], ordered["high"], strict=True)
    scale = zip(ordered["scale_min"], ordered["scale_max"], strict=True)
    shown = ordered.join(region.accounts["name"], on="account_id").assign(
        interval=[f"{low:.1f} to {high:.1f}" for low, high in ends],
        scale=[f"{low:.0f} to {high:.0f}" for low, high in scale],
        question=ordered["kind"].str.upper(),
    )
    one = "{:.1f}".format
    columns = {
        "name": _NAME,
        "account_id": _KEY,
        "question": Column("Question"),
        "satisfaction": Column("Estimate", one, numeric=True),
        "interval": Column("80 % interval", numeric=True),
        "scale": Column("Scale", numeric=True),
        "mean": Column("All accounts", one, numeric=True),
        "answers": Column("Answers", _COUNT.show, numeric=True),
        "change": Column("On the year before", "{:+z.1f}".format, numeric=True),
        "verdict": Column("Verdict"),
    }
    return Table(
        shown,
        columns,
        name="satisfaction",
        caption=listed(say("Satisfaction, lowest first"), len(ordered), len(table)),
        how=say(
            "Answers of eighteen months, put on today's scale and mean, drawn to the mean of all "
            "accounts the more the fewer there are. No verdict on fewer than three answers."
        ),
        folded=True,
    )


def finding_complaints(found: Relationship) -> Finding:
    """Say how many complaints there were and how soon they were closed."""
    if found.complaints is None:
        return Finding([say("The book has no complaints table: none are known.")], caution=True)
    return Finding([found.complaints.sentence])


def table_complaints(found: Relationship) -> Table | Finding:
    """List complaints by severity and category, with the share closed in time."""
    if found.complaints is None or found.complaints.kinds.empty:
        return Finding([])
    kinds = found.complaints.kinds.reset_index()
    ends = zip(kinds["low"], kinds["high"], strict=True)
    spread = [f"{percent(low)} to {percent(high)}" if low == low else None for low, high in ends]
    columns = {
        "category": Column("Category"),
        "severity": Column("Severity"),
        "complaints": Column("Complaints", _COUNT.show, numeric=True),
        "accounts": Column("Accounts", _COUNT.show, numeric=True),
        "open": Column("Open", _COUNT.show, numeric=True),
        "days": Column("Median days to close", _COUNT.show, numeric=True),
        "in_time": Column("Closed in time", percent, numeric=True),
        "spread": Column("80 % interval", numeric=True),
        "repeats": Column("Came again", _COUNT.show, numeric=True),
    }
    return Table(
        kinds.assign(spread=pd.Series(spread, kinds.index, dtype="str")),
        columns,
        name="complaints",
        caption=say("Complaints of the last twelve months"),
        how=say(
            "In time: within 2, 7, 14 or 30 days for critical, high, medium or low severity, 14 "
            "where it is not said; those not yet due do not count. Came again: the same account "
            "and category within half a year."
        ),
        folded=True,
    )


def _grouped(points: pd.DataFrame) -> pd.DataFrame:
    """Add inputs up by what they come from."""
    groups = _groups(points)
    return pd.DataFrame(
        {name: points[inputs].fillna(0.0).sum(axis=1) for name, inputs in groups.items()},
        index=points.index,
    )


def _groups(points: pd.DataFrame) -> dict[str, list[str]]:
    known = {name: [one for one in inputs if one in points] for name, inputs in _GROUPS.items()}
    return {name: inputs for name, inputs in known.items() if inputs}


def _two(value: float) -> str:
    return f"{value:.2f}"
