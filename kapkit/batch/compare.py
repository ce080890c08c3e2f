"""Two runs of a book beside each other: what changed, and why, adding up."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from kapkit.batch.decisions import FOLDER, Earlier
from kapkit.batch.record import RECORD_FILE, RunRecord
from kapkit.book.errors import DataError
from kapkit.book.prepared import PreparedBook
from kapkit.book.region import Region
from kapkit.classification.moves import CAUSES, split_moves
from kapkit.models.outlook import outlook
from kapkit.wording import amount, percent, say, say_count, several

_INPUTS = ("data", "parameters", "notebook", "package", "environment")


@dataclass(frozen=True)
class RunComparison:
    """What changed between two runs.

    ``moves`` is indexed by account: ``region``, ``class_before``, ``class_now``, ``value_before``,
    ``value_now``, the place ``before`` and ``after`` in its region's ranking, and what the move
    is made of (``data``, ``model``, ``behaviour``, ``peers``: they add up), with ``cause``;
    accounts that one of the runs does not know have no move, but their value counts.
    ``worth`` sums the change of value by region: ``before``, ``data and model`` (the same day,
    valued anew), ``behaviour`` (what happened since) and ``now``. ``inputs`` says which inputs
    of each notebook differ.
    """

    moves: pd.DataFrame
    worth: pd.DataFrame
    inputs: pd.DataFrame
    sentences: tuple[str, ...]


def compare_runs(first: Path, second: Path) -> RunComparison:
    """Compare two runs of a book, the earlier one first.

    The earlier day is valued anew from the later run's book. Where the package is the same, what
    differs from what the earlier run said is due to changed data; where it is not, the two
    cannot be told apart and count as the model's. The rest is what accounts did since.

    Parameters
    ----------
    first, second : Path
        Folders of runs, runs/BOOK/DAY.

    Raises
    ------
    DataError
        If a folder holds no finished run, the books differ, or the first is not earlier.
    """
    records = [_record(folder) for folder in (first, second)]
    if records[0].book != records[1].book:
        raise DataError(f"compare: {records[0].book} and {records[1].book} are two books")
    if records[0].as_of >= records[1].as_of:
        raise DataError(
            f"compare: the first run is of {records[0].as_of}, the second of {records[1].as_of}; "
            "give the earlier one first"
        )
    before, now = (
        dict(Earlier(record.as_of, folder / FOLDER).frames())
        for record, folder in zip(records, (first, second), strict=True)
    )
    if "classes" not in before or "classes" not in now:
        raise DataError("compare: one of the runs decided on no classes; run it again")
    company = PreparedBook(second / "prepared").company()
    anew = outlook(as_of_day(company, records[0])).accounts["value"]
    moves = _moves(before["classes"], now["classes"], anew, _same_package(records))
    values = _values(moves)
    inputs = _changed(before["inputs"], now["inputs"])
    said = _sentences(moves, values, inputs, records, company.book.currency)
    return RunComparison(moves, values, inputs, said)


def as_of_day(company: Region, record: RunRecord) -> Region:
    """Give a company as it was on the day of a run, from today's book."""
    day = pd.Timestamp(record.as_of)
    sold, months = company.purchases, company.categories
    return replace(
        company,
        book=replace(company.book, as_of=record.as_of),
        purchases=sold[sold["date"] <= day].reset_index(drop=True),
        categories=months[months["month"] <= day].reset_index(drop=True),
        pooled={},
        whole=None,
    )


def _moves(
    before: pd.DataFrame, now: pd.DataFrame, anew: pd.Series, same_package: bool
) -> pd.DataFrame:
    shared = sorted(set(before["region"]) & set(now["region"]))
    if not shared:
        raise DataError("compare: the runs have no region in common")
    return pd.concat([_moved(before, now, anew, region, same_package) for region in shared])


def _moved(
    before: pd.DataFrame, now: pd.DataFrame, anew: pd.Series, region: str, same_package: bool
) -> pd.DataFrame:
    """Split the moves of a region's accounts; those of one run alone have no move, but money."""
    then, here = (
        table[table["region"] == region].set_index("account_id") for table in (before, now)
    )
    again = anew.reindex(here.index)
    data = again if same_package else then["value"].reindex(here.index)
    split = split_moves(then["value"], data, again, here["value"])
    every = here.index.append(then.index.difference(here.index))
    return split.reindex(every).assign(
        region=region,
        class_before=then["class"].reindex(every),
        class_now=here["class"].reindex(every),
        value_before=then["value"].reindex(every),
        value_anew=again.reindex(every),
        value_now=here["value"].reindex(every),
    )


def _values(moves: pd.DataFrame) -> pd.DataFrame:
    money = moves[["value_before", "value_anew", "value_now"]].fillna(0.0)
    sums = money.groupby(moves["region"]).sum()
    total = pd.concat([sums, sums.sum().to_frame(say("all")).T])
    return pd.DataFrame(
        {
            "before": total["value_before"],
            "data and model": total["value_anew"] - total["value_before"],
            "behaviour": total["value_now"] - total["value_anew"],
            "now": total["value_now"],
        }
    )


def _changed(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    both = before.merge(now, on=["region", "chapter"], suffixes=("_before", "_now"))
    parts = {name: both[f"{name}_before"] != both[f"{name}_now"] for name in _INPUTS}
    return both[["region", "chapter"]].assign(**parts)


def _same_package(records: list[RunRecord]) -> bool:
    return records[0].package == records[1].package


def _record(folder: Path) -> RunRecord:
    path = folder / RECORD_FILE
    if not path.is_file() or not (folder / FOLDER).is_dir():
        raise DataError(f"{folder}: there is no finished run; give a folder runs/BOOK/DAY")
    return RunRecord.load(path)


def _sentences(
    moves: pd.DataFrame,
    values: pd.DataFrame,
    inputs: pd.DataFrame,
    records: list[RunRecord],
    currency: str,
) -> tuple[str, ...]:
    both = moves["class_before"].notna() & moves["class_now"].notna()
    moved = moves[both & (moves["class_before"] != moves["class_now"])]
    total = values.iloc[-1]
    said = [
        say(
            "{first} to {second}: expected value {before} then, {now} now; {anew} of the change is "
            "the data and the model, {behaviour} what accounts did.",
            first=str(records[0].as_of),
            second=str(records[1].as_of),
            before=amount(total["before"], currency),
            now=amount(total["now"], currency),
            anew=amount(total["data and model"]),
            behaviour=amount(total["behaviour"]),
        ),
        say_count(
            len(moved),
            "{count} account changed class ({share}).",
            "{count} accounts changed class ({share}).",
            share=percent(len(moved) / max(int(both.sum()), 1)),
        ),
    ]
    new, gone = (int(moves[name].isna().sum()) for name in ("class_before", "class_now"))
    if new or gone:
        said.append(
            say(
                "{new} are in the later run alone, {gone} in the earlier one alone.",
                new=several(new, "account"),
                gone=several(gone, "account"),
            )
        )
    causes = moved["cause"].value_counts().reindex(list(CAUSES), fill_value=0)
    if len(moved):
        named = ", ".join(f"{name} {count}" for name, count in causes.items() if count)
        said.append(say("Main causes: {named}.", named=named))
    differ = [name for name in _INPUTS if inputs[name].any()] if len(inputs) else []
    said.append(say("Inputs that differ: {names}.", names=", ".join(differ) or say("none")))
    if not _same_package(records):
        said.append(
            say("The package changed between the runs: data and model count together as model.")
        )
    return tuple(said)
