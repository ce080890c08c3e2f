"""Chapter 2: figures and tables of the classification."""

import pandas as pd

from kapkit.book.region import Region
from kapkit.classification.abc import CLASSES, Classification, pareto_curve
from kapkit.classification.class_moves import CALLED, Moves
from kapkit.classification.key_accounts import ChoiceBacktest
from kapkit.classification.matrix import LEVELS, PotentialMatrix
from kapkit.models.outlook import outlook_of
from kapkit.report.display import Chart, Column, Finding, Table, listed, ranges
from kapkit.report.look import CLASS_COLORS, CONTEXT, INK, canvas, label, percent_axis, short
from kapkit.wording import amount, percent, say, say_count, several, worded


def table_key_accounts(region: Region, classified: Classification, *, most: int = 15) -> Table:
    """List the best accounts with class, chances, value and reason.

    Parameters
    ----------
    region : Region
        For the currency and the name.
    classified : Classification
        From `key_accounts`.
    most : int
        Rows shown; the caption says how many there are.
    """
    shown = _with_words(classified.table.head(most))
    columns = {
        "name": Column("Account"),
        "class": Column("Class"),
        "chances": Column("Chances A / B / C", key=True, by="A"),
        "value": Column(f"Expected a year, {region.book.currency}", amount, numeric=True),
        "range": Column("Range", numeric=True, by="low"),
        "reason": Column("Why"),
    }
    return Table(
        shown,
        columns,
        name="key-accounts",
        caption=listed(say("Accounts by expected value"), len(shown), len(classified.table)),
        how=say(
            "Expected value is next year's {measure}, by the way that ranked best on the company's "
            "past. Chances are those of the class by what the next half-year brings. {interval}",
            measure=worded(region.book.value_measure),
            interval=outlook_of(region).said["interval"],
        ),
    )


def table_classes(region: Region, classified: Classification, *, most: int = 200) -> Table:
    """List every account's class beside that of the plain ranking, and what would change it.

    Parameters
    ----------
    region : Region
        For the currency.
    classified : Classification
        From `key_accounts`.
    most : int
        Rows shown; the caption says how many there are.
    """
    shown = _with_words(classified.table.head(most))
    columns = {
        "name": Column("Account"),
        "account_id": Column("Key", key=True),
        "class": Column("Class"),
        "chances": Column("Chances A / B / C", key=True, by="A"),
        "plain_class": Column("By last 12 months"),
        "value": Column(f"Expected a year, {region.book.currency}", amount, numeric=True),
        "past_value": Column("Last 12 months", amount, numeric=True),
        "would_change": Column("What would change it"),
    }
    return Table(
        shown,
        columns,
        name="classes",
        caption=listed(
            say("All classes, and what would change them"), len(shown), len(classified.table)
        ),
        how=say("Beside each class stands the one that the last twelve months alone would give."),
        folded=True,
    )


def _with_words(table: pd.DataFrame) -> pd.DataFrame:
    shown = table.reset_index(names="account_id")
    held = ranges(shown["low"], shown["high"], amount)
    return shown.assign(range=held, chances=_chances(shown))


def table_potential(region: Region, classified: Classification, *, most: int = 20) -> Table:
    """List the accounts that could buy most more, beside what was typed about them.

    Parameters
    ----------
    region : Region
        For the currency.
    classified : Classification
        From `key_accounts`.
    most : int
        Rows shown; the caption says how many there are.
    """
    known = classified.table.dropna(subset=["headroom"])
    ranked = known.sort_values("headroom", ascending=False, kind="stable")
    shown = ranked.head(most).reset_index(names="account_id")
    columns = {
        "name": Column("Account"),
        "account_id": Column("Key", key=True),
        "class": Column("Class"),
        "headroom": Column(f"Room to grow a year, {region.book.currency}", amount, numeric=True),
        "potential": Column("Potential", amount, numeric=True),
        "range": Column("Range", numeric=True, by="potential_low"),
        "stated_potential": Column("Typed potential", amount, numeric=True),
        "buys": Column("Buys next quarter", percent, numeric=True),
    }
    return Table(
        shown.assign(range=ranges(shown["potential_low"], shown["potential_high"], amount)),
        columns,
        name="potential",
        caption=listed(say("Accounts by room to grow"), len(shown), len(known)),
        how=(
            "Potential is the revenue a year that the best fifth of comparable accounts spends, "
            "never a wallet; room to grow is what is missing to it. The range says how far chance "
            "may have put that fifth off (8 of 10)."
        ),
        folded=True,
    )


def plot_matrix(region: Region, matrix: PotentialMatrix) -> Chart | Finding:
    """Draw accounts by class and room to grow, naming those with the most of it.

    A finding where no potential could be told.
    """
    if matrix.table.empty:
        return Finding([matrix.sentence], caution=True)
    levels = list(LEVELS.values())
    counted = matrix.cells["accounts"].to_dict()
    cells = [(room, name, int(counted[room, name])) for room in levels for name in CLASSES]
    with canvas(height=3.8) as (figure, axes):
        axes.set(xlim=(0, 3), ylim=(0, 3), xticks=[0.5, 1.5, 2.5], yticks=[2.5, 1.5, 0.5])
        axes.set_xticklabels([say("Class {name}", name=name) for name in CLASSES])
        axes.set_yticklabels([worded(f"{level} room".capitalize()) for level in levels])
        axes.grid(visible=False)
        axes.tick_params(length=0)
        for room, name, accounts in cells:
            at = CLASSES.index(name), 2 - levels.index(room)
            color = CLASS_COLORS[name] if accounts else CONTEXT
            axes.plot([at[0] + 0.03] * 2, [at[1] + 0.08, at[1] + 0.92], color=color, linewidth=4)
            label(axes, _cell(matrix, room, name), (at[0] + 0.03, at[1] + 0.5), fontsize=8.5)
        for line in (1, 2):
            axes.axhline(line, color=CONTEXT, linewidth=0.6)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.tick_params(colors=INK)
    words = "; ".join(
        say(
            "class {name}, {room} room: {accounts}",
            name=name,
            room=worded(room),
            accounts=several(accounts, "account"),
        )
        for room, name, accounts in cells
    )
    return Chart(
        figure,
        alt=say("Accounts by class and room to grow: {words}.", words=words),
        caption=say("Class and room to grow, {currency} a year", currency=region.book.currency),
        how="Top left: key accounts to grow. Top right: worth little yet, and could be worth "
        "much. Bottom left: key accounts to defend. Named are those with most room.",
    )


def finding_matrix(matrix: PotentialMatrix) -> Finding:
    """Say how much room to grow there is, and how much of it outside class A."""
    return Finding([matrix.sentence], caution=matrix.table.empty)


def plot_pareto(classified: Classification) -> Chart | Finding:
    """Draw how few accounts make most of the expected value, by class.

    A finding where no account has a positive value.
    """
    if not (classified.table["value"] > 0).any():
        return Finding([say("No Pareto curve. {why}", why=classified.sentence)], caution=True)
    curve = pareto_curve(classified.table["value"]).join(classified.table[["class", "name"]])
    with canvas() as (figure, axes):
        axes.plot([0, 1], [0, 1], color=CONTEXT, linewidth=1)
        for name in CLASSES:
            here = curve["class"] == name
            part = curve[here]
            # Whom a person classed stands among others: the line breaks there, a dot remains.
            alone = here & ~here.shift(fill_value=False) & ~here.shift(-1, fill_value=False)
            dots = len(curve) <= 60 or alone.any()
            span = curve.loc[part.index[0] : part.index[-1]] if len(part) else part
            axes.plot(
                span["account_share"],
                span["value_share"].where(here),
                color=CLASS_COLORS[name],
                linewidth=3,
                marker="o" if dots else None,
                markersize=4,
            )
            if len(part):
                middle = part.iloc[len(part) // 2]
                at = (float(middle["account_share"]), float(middle["value_share"]))
                label(axes, f"{name}: {several(len(part), 'account')}", at, xytext=(8, -12))
        axes.set(xlim=(0, 1.02), ylim=(0, 1.05), xlabel="Share of accounts, best first")
        axes.set_ylabel("Share of expected value")
        percent_axis(axes.xaxis)
        percent_axis(axes.yaxis)
    return Chart(
        figure,
        alt=_pareto_words(curve),
        caption="Pareto curve of expected value",
        how="The steeper the start, the more depends on few accounts. The straight line is a "
        "region whose accounts are all alike.",
    )


def finding_classes(classified: Classification) -> Finding:
    """Say how many key accounts there are, what they carry, and which are undecided."""
    undecided = int((classified.table["reaches"] != "").sum())
    decided = int((classified.table["class"] != classified.table["model_class"]).sum())
    moved = int((classified.table["model_class"] != classified.table["plain_class"]).sum())
    sentences = [classified.sentence]
    if undecided:
        sentences.append(
            say_count(
                undecided,
                "The class of {count} account is undecided: another one is likely too.",
                "The class of {count} accounts is undecided: another one is likely too.",
            )
        )
    if decided:
        sentences.append(
            say_count(
                decided,
                "People class {count} account differently from the model.",
                "People class {count} accounts differently from the model.",
            )
        )
    if moved:
        sentences.append(
            say("The last twelve months alone would class {moved} differently.", moved=f"{moved:,}")
        )
    return Finding(sentences)


def finding_class_moves(moves: Moves) -> Finding:
    """Say how many accounts changed class since the last run, what moved them, and who held."""
    return Finding(moves.sentences)


def table_class_moves(region: Region, moves: Moves, *, most: int = 20) -> Table | Finding:
    """List who changed class since the last run, with the exact split of causes.

    Parameters
    ----------
    region : Region
        For the currency.
    moves : Moves
        From `class_moves`.
    most : int
        Rows shown; the caption says how many there are.
    """
    if moves.table.empty:
        return Finding([])
    shown = moves.table.head(most).reset_index(names="account_id")
    steps = zip(shown["was"], shown["is"], strict=True)
    decided = shown["decided"].astype(bool)
    why = shown["cause"].map(CALLED).fillna("").where(~decided, say("a person decided"))
    columns = {
        "name": Column("Account"),
        "account_id": Column("Key", key=True),
        "step": Column("Class"),
        "value": Column(f"Expected a year, {region.book.currency}", amount, numeric=True),
        "why": Column("Mostly because of"),
        "moved": Column("Places moved", _points, numeric=True),
        "behaviour": Column("Own buying", _points, numeric=True),
        "peers": Column("Others", _points, numeric=True),
        "data": Column("Data", _points, numeric=True),
        "model": Column("Model", _points, numeric=True),
    }
    return Table(
        shown.assign(
            step=[f"{was} → {now}" for was, now in steps],
            why=why,
            moved=shown["after"] - shown["before"],
        ),
        columns,
        name="moves",
        caption=listed(say("Accounts that changed class"), len(shown), len(moves.table)),
        how=say(
            "Places are in hundredths of the ranking; minus is up. The four causes add up to the "
            "move: what the account bought since, what the others did, data of the old days that "
            "came late or was mended, and another way of valuing."
        ),
    )


def _points(value: float) -> str:
    return f"{value * 100:+z.0f}"


def table_backtest(backtest: ChoiceBacktest) -> Table:
    """Show how each way of valuing accounts would have chosen, the plain one first."""
    taken = [say("yes") if chosen else "" for chosen in backtest.table["chosen"]]
    columns = {
        "way": Column("Accounts valued by"),
        "capture_here": Column("Caught here by the top 20 %", percent, numeric=True),
        "capture_20": Column("Whole company", percent, numeric=True),
        "precision_here": Column("Chosen rightly here", percent, numeric=True),
        "precision_20": Column("Whole company", percent, numeric=True),
        "changed_here": Column("Change in a quarter here", percent, numeric=True),
        "changed": Column("Whole company", percent, numeric=True),
        "taken": Column("Taken"),
    }
    return Table(
        backtest.table.assign(taken=taken).rename(index={"plain": "last 12 months"}).reset_index(),
        columns,
        name="backtest",
        caption="Ways to value accounts, chosen at past days, judged by the 26 weeks that followed",
        how="Of the value that a choice made with hindsight would have caught. The plain ranking "
        "is the one to beat; a later way is taken only where it is better by half a point. Chosen "
        "rightly: of the top fifth, those that then were in it. Change: of the top fifth, those "
        "that the choice a quarter later leaves out.",
    )


def finding_backtest(backtest: ChoiceBacktest) -> Finding:
    """Say which way of valuing accounts was taken, and whether it was right here.

    A caution where it did worse, or where the data cannot tell.
    """
    return Finding(backtest.sentences, caution=backtest.worse or not backtest.told)


def finding_outlook(region: Region) -> Finding:
    """Say how good chances of classes and orders, and the potential, were before."""
    said = outlook_of(region).said
    asked = ("class", "buying", "potential", "learned")
    sentences = [said[name] for name in asked if name in said]
    return Finding(sentences, caution=any(one.startswith("Not enough") for one in sentences))


def table_potential_backtest(region: Region) -> Table | Finding:
    """Show how far off potentials were out of fold, by features and by the peers' quantile alone.

    A finding where accounts are too few to try.
    """
    found = outlook_of(region)
    company, here = found.ways("potential"), found.ways("potential", region.name)
    if company.empty:
        return Finding([])
    here = here.reindex(company.index)
    columns = {
        "way": Column("Potential told by"),
        "pinball_here": Column("Pinball loss here", _loss, numeric=True),
        "pinball": Column("Whole company", _loss, numeric=True),
        "covered_here": Column("Spend no more here", percent, numeric=True),
        "covered": Column("Whole company", percent, numeric=True),
        "taken": Column("Taken"),
    }
    table = company[["pinball", "covered"]].assign(
        pinball_here=here["pinball"],
        covered_here=here["covered"],
        taken=[say("yes") if chosen else "" for chosen in company["chosen"]],
    )
    return Table(
        table.rename(index={way: worded(way) for way in table.index}).reset_index(names="way"),
        columns,
        name="potential-backtest",
        caption=say("Ways to tell a potential, each account told from the others alone"),
        how=say(
            "Pinball loss is the mean distance of the spend from what was said, in hundredths of "
            "its size, four times as dear above as below: it is least where one account in five "
            "spends more. The peers' quantile is the same for all, and the one to beat."
        ),
    )


def _loss(value: float) -> str:
    return f"{100 * value:.1f}"


def _pareto_words(curve: pd.DataFrame) -> str:
    parts = [
        say(
            "class {name}: {accounts} up to {share} of the value",
            name=name,
            accounts=several(len(part), "account"),
            share=percent(float(part["value_share"].iloc[-1])),
        )
        for name in CLASSES
        if len(part := curve[curve["class"] == name])
    ]
    return say("Cumulative share of expected value; {parts}.", parts="; ".join(parts))


def _chances(shown: pd.DataFrame) -> pd.Series:
    """Write three chances in a cell; missing where they cannot be told."""
    rows = shown[list(CLASSES)].to_numpy(dtype=float)
    said = [None if row[0] != row[0] else " / ".join(f"{100 * p:.0f}" for p in row) for row in rows]
    return pd.Series(said, shown.index, dtype="str")


def _cell(matrix: PotentialMatrix, room: str, name: str, *, named: int = 3) -> str:
    """Write what a cell of the matrix holds: how many, how much, and who."""
    here = matrix.table[(matrix.table["room"] == room) & (matrix.table["class"] == name)]
    if here.empty:
        return "none"
    first = here.sort_values("headroom", ascending=False, kind="stable").head(named)
    total = amount(float(here["headroom"].sum()))
    return "\n".join(
        [f"{several(len(here), 'account')}, {total}", *(short(n, most=24) for n in first["name"])]
    )
