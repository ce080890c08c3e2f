"""Prepare a run, once: check the book, write one folder of Parquet per region."""

import datetime as dt
import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from kapkit.batch.decisions import Earlier
from kapkit.batch.exchange import take_place
from kapkit.book.errors import DataError, listing
from kapkit.book.prepared import EARLIER, FACTS_FILE, FOR_ALL, facts_to_json
from kapkit.book.region import Region
from kapkit.book.schema import CATEGORIES, PURCHASES
from kapkit.book.slug import slug
from kapkit.book.snapshot import Snapshot
from kapkit.book.source import LazyFrame
from kapkit.book.totals import reconcile
from kapkit.classification.learned import learned_frames
from kapkit.models.account_goals import account_goal_frames
from kapkit.models.alarms import alarm_frames, alarms_of
from kapkit.models.company_health import company_health, health_frames
from kapkit.models.company_response import company_elasticity, elasticity_frames
from kapkit.models.company_retention import company_retention, retention_frames
from kapkit.models.forward import forward, forward_frames
from kapkit.models.goal_forecast import goal_forecast_frames, goal_forecasts_of
from kapkit.models.outlook import Outlook, outlook, outlook_frames
from kapkit.models.panels import MOST_ROWS, panels
from kapkit.models.satisfaction import company_satisfaction, satisfaction_frames
from kapkit.models.value_then import value_then
from kapkit.monitoring.programme import programme_frames, programme_impact


def prepare(
    snapshot: Snapshot,
    folder: Path,
    *,
    earlier: Earlier | None = None,
    most_rows: int = MOST_ROWS,
) -> Mapping[str, str]:
    """Write the book as of a day as partitions that notebooks read with ``open_book``.

    Parameters
    ----------
    snapshot : Snapshot
        The checked book.
    folder : Path
        Appears whole or not at all; an older one is replaced.
    earlier : Earlier, optional
        The run before, whose decisions each region is handed its own part of.
    most_rows : int
        Account-days and accounts that models are learned from at a time (`panels`).

    Returns
    -------
    Mapping
        Region name to the name of its folder.

    Raises
    ------
    DataError
        If the control totals do not reconcile, or the book has no region.
    """
    reconcile(snapshot.totals)
    if not snapshot.regions:
        raise DataError("accounts: no row has a region, so there is nothing to plan")
    slugs = _folders(snapshot.regions)
    beside = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    frames = snapshot.frames()
    for name, frame in frames.items():
        _write_partitions(snapshot.source.batches(_in_order(frame, name)), name, slugs, beside)
    pooled = _write_pooled(snapshot, slugs, beside, most_rows, earlier)
    decided = dict(earlier.frames()) if earlier else {}
    for name, table in decided.items():
        _write_table(table, f"{EARLIER}{name}", slugs, beside)
    _write_set_aside(snapshot, beside / "set_aside")
    facts = facts_to_json(snapshot.facts)
    content = {"facts": facts, "regions": slugs, "frames": list(frames), "pooled": pooled}
    if earlier:
        content["earlier"] = {"as_of": str(earlier.as_of), "frames": list(decided)}
    (beside / FACTS_FILE).write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
    take_place(beside, folder, old=folder.with_name(f"{folder.name}.old"))
    return slugs


def _write_pooled(
    snapshot: Snapshot,
    slugs: dict[str, str],
    folder: Path,
    most_rows: int,
    earlier: Earlier | None,
) -> list[str]:
    """Fit what regions learn together, on as many at a time as memory has room for."""
    groups = panels(snapshot.rows, most=most_rows)
    names: dict[str, None] = {}
    for panel, regions in enumerate(groups):
        part = snapshot.part(regions)
        found = outlook(part)
        tables = outlook_frames(
            found, part.accounts, panel=panel, panels=len(groups), regions=len(slugs)
        )
        health = company_health(part, since=_scored(earlier))
        tables |= health_frames(health, part.accounts, panel=panel)
        tables |= forward_frames(forward(part, found), part.accounts, panel=panel)
        tables |= satisfaction_frames(company_satisfaction(part), part.accounts)
        tables |= _then(part, earlier, found.chosen)
        tables |= _monitored(part, found, first=panel == 0)
        # One elasticity is for all regions; those of the first group tell it.
        tables |= {} if panel else elasticity_frames(company_elasticity(part))
        tables |= retention_frames(company_retention(part), part.accounts, panel=panel)
        learned = learned_frames(part)
        # So is what accounts are like; only scores are each account's own.
        tables |= {"engagement": learned["engagement"]} if panel else learned
        for name, table in tables.items():
            _write_table(table, name, slugs, folder, part=panel)
        names |= dict.fromkeys(tables)
    return list(names)


def _scored(earlier: Earlier | None) -> dt.date | None:
    """Tell the day of the earlier run, where it recorded health scores."""
    scores = dict(earlier.frames()).get("health") if earlier else None
    return earlier.as_of if earlier and scores is not None and len(scores) else None


def _then(company: Region, earlier: Earlier | None, way_now: str) -> dict[str, pd.DataFrame]:
    """Value accounts on the earlier run's day from today's book, to tell why they moved since."""
    classes = dict(earlier.frames()).get("classes") if earlier else None
    if earlier is None or classes is None:
        return {}
    ways = classes.loc[classes["account_id"].isin(company.accounts.index), "way"].dropna()
    if ways.empty:
        return {}
    way_then = str(ways.iloc[0])
    return {"values_then": value_then(company, earlier.as_of, way_then=way_then, way_now=way_now)}


def _monitored(part: Region, found: Outlook, *, first: bool) -> dict[str, pd.DataFrame]:
    """Forecast goals, test for silence, estimate the programme; what is for all is said once."""
    goals = goal_forecast_frames(goal_forecasts_of(part))
    tables = goals | alarm_frames(alarms_of(part), part.accounts)
    tables |= account_goal_frames(part)
    # The company's own are made by the portfolio: no region rests on another's sales by them.
    own = goals["goal_forecasts"]["region"].notna()
    tables["goal_forecasts"] = goals["goal_forecasts"][own]
    if first:
        return tables | programme_frames(programme_impact(part, found.accounts["value"]))
    return {name: tables[name] for name in ("goal_forecasts", "alarms", "account_goals")}


def _folders(regions: Sequence[str]) -> dict[str, str]:
    slugs = {region: slug(region) for region in regions}
    if len(set(slugs.values())) < len(slugs):
        shared = [name for name, count in Counter(slugs.values()).items() if count > 1]
        names = [region for region, name in slugs.items() if name == shared[0]]
        raise DataError(f"regions: {listing(names)} would share the folder {shared[0]}; rename one")
    return slugs


def _in_order(frame: LazyFrame, name: str) -> LazyFrame:
    """Sort by key, else by all columns: written in order, the same data make the same bytes."""
    key = _KEYS.get(name, frame.collect_schema().names())
    first = {"region": 0, "account_id": 1}
    return frame.sort(*sorted({"region", *key}, key=lambda name: (first.get(name, 2), name)))


_KEYS = {"purchases": list(PURCHASES.unique or []), "categories": list(CATEGORIES.unique or [])}


def _write_table(
    table: pd.DataFrame, name: str, slugs: dict[str, str], folder: Path, *, part: int = 0
) -> None:
    made = pa.Table.from_pandas(table, preserve_index=False)
    _write_partitions(made.to_reader(), name, slugs, folder, part=part)


def _write_partitions(
    batches: pa.RecordBatchReader,
    name: str,
    slugs: dict[str, str],
    folder: Path,
    *,
    part: int = 0,
) -> None:
    """Stream one frame, or part of it, into a file per region; an empty file keeps its columns."""
    schema = batches.schema.append(pa.field("_slug", pa.string()))
    folders = pa.array([*slugs.values(), FOR_ALL]), pa.array(list(slugs))
    named = (_with_folder(batch, *folders, schema) for batch in batches)
    ds.write_dataset(
        named,
        folder,
        schema=schema,
        format="parquet",
        partitioning=["_slug"],
        basename_template=f"{name}-{part}-{{i}}.parquet",
        existing_data_behavior="overwrite_or_ignore",
        preserve_order=True,
        max_partitions=max(1024, len(slugs)),
    )
    pq.write_table(batches.schema.empty_table(), folder / f"{name}.parquet")


def _with_folder(
    batch: pa.RecordBatch, folders: pa.Array, regions: pa.Array, schema: pa.Schema
) -> pa.RecordBatch:
    """Name each row's folder; the last one is for rows whose region is missing."""
    place = pc.fill_null(pc.index_in(batch["region"], regions), len(regions))
    return pa.RecordBatch.from_arrays([*batch.columns, folders.take(place)], schema=schema)


def _write_set_aside(snapshot: Snapshot, folder: Path) -> None:
    folder.mkdir()
    for name in snapshot.tables:
        batches = snapshot.source.batches(snapshot.set_aside(name))
        with pq.ParquetWriter(folder / f"{name}.parquet", batches.schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
