"""Prepare a run, once: check the book, write one folder of Parquet per region."""

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
from kapkit.book.errors import DataError, listing
from kapkit.book.prepared import EARLIER, FACTS_FILE, FOR_ALL, facts_to_json
from kapkit.book.region import Region
from kapkit.book.slug import slug
from kapkit.book.snapshot import Snapshot
from kapkit.book.source import LazyFrame
from kapkit.book.totals import reconcile
from kapkit.models.company_response import elasticity_frames, elasticity_of
from kapkit.models.outlook import outlook_frames, outlook_of


def prepare(
    snapshot: Snapshot, folder: Path, *, earlier: Earlier | None = None
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
        _write_partitions(snapshot.source.batches(_in_order(frame)), name, slugs, beside)
    pooled = _pooled(snapshot.company)
    decided = dict(earlier.frames()) if earlier else {}
    for name, table in (pooled | {f"{EARLIER}{one}": t for one, t in decided.items()}).items():
        made = pa.Table.from_pandas(table, preserve_index=False)
        _write_partitions(made.to_reader(), name, slugs, beside)
    _write_set_aside(snapshot, beside / "set_aside")
    facts = facts_to_json(snapshot.facts)
    content = {"facts": facts, "regions": slugs, "frames": list(frames), "pooled": list(pooled)}
    if earlier:
        content["earlier"] = {"as_of": str(earlier.as_of), "frames": list(decided)}
    (beside / FACTS_FILE).write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
    _take_place(beside, folder)
    return slugs


def _pooled(company: Region) -> dict[str, pd.DataFrame]:
    """Fit once what is learned from all regions together, as frames with a region."""
    outlook = outlook_frames(outlook_of(company), company.accounts)
    return outlook | elasticity_frames(elasticity_of(company))


def _folders(regions: Sequence[str]) -> dict[str, str]:
    slugs = {region: slug(region) for region in regions}
    if len(set(slugs.values())) < len(slugs):
        shared = [name for name, count in Counter(slugs.values()).items() if count > 1]
        names = [region for region, name in slugs.items() if name == shared[0]]
        raise DataError(f"regions: {listing(names)} would share the folder {shared[0]}; rename one")
    return slugs


def _take_place(beside: Path, folder: Path) -> None:
    """Exchange by renaming: an older folder is there whole, or not at all."""
    old = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    beside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _in_order(frame: LazyFrame) -> LazyFrame:
    """Sort by all columns: written in order, the same data make the same bytes."""
    first = {"region": 0, "account_id": 1}
    names = sorted(frame.collect_schema().names(), key=lambda name: (first.get(name, 2), name))
    return frame.sort(*names)


def _write_partitions(
    batches: pa.RecordBatchReader, name: str, slugs: dict[str, str], folder: Path
) -> None:
    """Stream one frame into a file per region; an empty file keeps its columns."""
    schema = batches.schema.append(pa.field("_slug", pa.string()))
    folders = pa.array([*slugs.values(), FOR_ALL]), pa.array(list(slugs))
    named = (_with_folder(batch, *folders, schema) for batch in batches)
    ds.write_dataset(
        named,
        folder,
        schema=schema,
        format="parquet",
        partitioning=["_slug"],
        basename_template=f"{name}-{{i}}.parquet",
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
