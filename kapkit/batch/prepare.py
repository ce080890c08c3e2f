"""Prepare a run, once: check the book, write one folder of Parquet per region."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from kapkit.book.errors import DataError
from kapkit.book.prepared import FACTS_FILE, FOR_ALL, facts_to_json
from kapkit.book.slug import slug
from kapkit.book.snapshot import Snapshot
from kapkit.book.totals import reconcile
from kapkit.models.outlook import outlook_frames, outlook_of


def prepare(snapshot: Snapshot, folder: Path) -> Mapping[str, str]:
    """Write the book as of a day as partitions that notebooks read with ``open_book``.

    Parameters
    ----------
    snapshot : Snapshot
        The checked book.
    folder : Path
        Appears whole or not at all; an older one is replaced.

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
    slugs = {region: slug(region) for region in snapshot.regions}
    beside = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    frames = snapshot.frames()
    for name, frame in frames.items():
        order = [key for key in ("region", "account_id") if key in frame.collect_schema().names()]
        # In the order of the folders, so that each is written in one stretch.
        _write_partitions(snapshot.source.batches(frame.sort(*order)), name, slugs, beside)
    pooled = outlook_frames(outlook_of(snapshot.company), snapshot.company.accounts)
    for name, table in pooled.items():
        made = pa.Table.from_pandas(table, preserve_index=False)
        _write_partitions(made.to_reader(), name, slugs, beside)
    _write_set_aside(snapshot, beside / "set_aside")
    facts = facts_to_json(snapshot.facts)
    content = {"facts": facts, "regions": slugs, "frames": list(frames), "pooled": list(pooled)}
    (beside / FACTS_FILE).write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)
    return slugs


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
