"""The exports of each system from files, from tables in lower case, and through Spark: the same."""

import shutil
from importlib import import_module
from io import StringIO
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from kapkit.book.book import SourceBook, read_book
from kapkit.book.config import FILE_NAME

pytestmark = pytest.mark.slow

EXPORTS = {
    "salesforce": {
        "Account": "Id,Name,BillingCountry,OwnerId,IsDeleted,MasterRecordId\n"
        "001000000000001AAA,Alpha,North,005000000000001AAA,false,\n"
        "001000000000002AAA,Alpha Ltd,North,,true,001000000000001AAA\n"
        "001000000000003AAA,Alpha old,North,,true,001000000000002AAA\n",
        "User": "Id,Name\n005000000000001AAA,Ana\n",
        "Order": "Id,AccountId,EffectiveDate,StatusCode,IsReductionOrder\n"
        "o1,001000000000003AAA,2024-01-31,Activated,false\n"
        "o2,001000000000001AAA,2024-02-29,Activated,true\n",
        "OrderItem": "Id,OrderId,TotalPrice,Quantity\ni1,o1,10.5,1\ni2,o2,2,1\ni3,o1,7,2\n",
        "Event": "Id,OwnerId,AccountId,ActivityDate,IsChild\n"
        "e1,005000000000001AAA,001000000000001AAA,2024-01-10,0\n"
        "e2,005000000000001AAA,001000000000001AAA,2024-01-10,1\n",
        "Task": "Id,OwnerId,AccountId,ActivityDate,CallType,Status,CallDurationInSeconds\n"
        "t1,005000000000001AAA,001000000000002AAA,2024-01-11,Inbound,Completed,90\n",
        "Case": "Id,AccountId,CreatedDate,ClosedDate,Priority\n"
        "c1,001000000000003AAA,2024-01-10T09:00:00Z,,High\n",
    },
    "hubspot": {
        "companies": "Record ID,Company name,Country/Region\n11,Alpha,North\n12,Beta,South\n",
        "deals": "Record ID,Deal Stage,Close Date,Amount,Associated Company IDs\n"
        "1,Closed Won,2024-01-31 10:15,30,11;12\n2,Closed Lost,2024-02-29 10:15,20,12\n",
        "line_items": "Record ID,Quantity,Net price,Unit cost,Associated Deal IDs\n"
        "71,10,18.5,1.2,1\n72,1,11.5,,1\n73,1,20,8,2\n",
        "meetings": "Record ID,Meeting name,Meeting start time,Meeting end time,Meeting outcome,"
        "Associated Company IDs\n5,Plan,2024-01-12 09:00,2024-01-12 10:30,Completed,11;12\n",
        "tickets": "Ticket ID,Ticket name,Create date,Close date,Associated Company IDs\n"
        "t1,Broken,2024-01-10 09:00,2024-01-12 09:00,12;11\n",
    },
    "dynamics": {
        "account": "accountid,name,territoryid,merged,masterid\nA,Alpha,t,0,\nb,Old,t,1,a\n",
        "territory": "territoryid,name\nT,North\n",
        "contact": "contactid,parentcustomerid\nc,B\n",
        "invoice": "invoiceid,customerid,dateinvoiced,statecode\n"
        "i1,b,2024-01-31,2\ni2,a,2024-02-29,3\n",
        "invoicedetail": "invoicedetailid,invoiceid,extendedamount,tax\nd1,i1,119,19\nd2,i2,50,\n",
        "activitypointer": "activityid,activitytypecode,regardingobjectid,actualend,statecode\n"
        "x1,appointment,a,2024-01-10T09:00:00Z,1\nx2,phonecall,c,2024-01-11T09:00:00Z,1\n",
        "incident": "incidentid,customerid,createdon\nk,b,2024-01-05T09:00:00Z\n",
    },
    "sap": {
        "KNA1": "KUNNR,NAME1,ERDAT\n100,Alpha,20200101\n0000000200,Beta,00000000\n",
        "KNVV": "KUNNR,VKORG,BZIRK\n0000000100,1,North\n200,1,South\n",
        "VBRK": "VBELN,FKDAT,VBTYP,KUNAG,FKSTO\n9001,20240131,M,100,\n9002,20240229,O,0000000100,\n"
        "9003,20240301,M,200,X\n9004,20240301,N,200,\n",
        "VBRP": "VBELN,NETWR,MATNR,FKIMG\n9001,100.50,7,2\n9002,20.25,7,1\n"
        "9003,5,7,1\n9004,5,7,1\n",
        "MAKT": "MATNR,MAKTX,SPRAS\n7,Schraube,D\n7,Screw,E\n",
    },
}


@pytest.fixture(params=EXPORTS)
def preset(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def in_files(folder: Path, preset: str) -> SourceBook:
    """Write a system's exports as files, and a kapkit.toml that only names the preset."""
    folder.mkdir(exist_ok=True)
    lines = ["[book]", 'name = "Tiny"', f'preset = "{preset}"', "[files]"]
    for name, content in EXPORTS[preset].items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
        lines.append(f'{name} = "{name}.csv"')
    (folder / FILE_NAME).write_text("\n".join(lines), encoding="utf-8")
    return read_book(folder)


def in_tables(folder: Path, preset: str, source: str) -> Path:
    folder.mkdir(exist_ok=True)
    lines = ["[book]", 'name = "Tiny"', f'preset = "{preset}"', f'source = "{source}"']
    (folder / FILE_NAME).write_text("\n".join(lines), encoding="utf-8")
    return folder


def lowered(preset: str) -> dict[str, pd.DataFrame]:
    """Give the exports as a database holds them that folds names to lower case."""
    frames = {
        name: pd.read_csv(StringIO(content), dtype="str", keep_default_na=False)
        for name, content in EXPORTS[preset].items()
    }
    return {
        name.lower(): frame.rename(columns=str.lower).astype("str").replace("", None)
        for name, frame in frames.items()
    }


def judged(book: SourceBook) -> dict[str, pd.DataFrame]:
    """Give every table's rows, what became of each, but not where they stood."""
    found = {}
    for table, frame in book.at("2030-12-31").tables.items():
        rows = frame.collect("pyarrow").to_arrow().to_pandas().drop(columns=["_file", "_row"])
        text = rows.reindex(columns=sorted(rows.columns)).astype("str").fillna("")
        found[table] = text.sort_values(list(text.columns), ignore_index=True)
    return found


def same(one: SourceBook, other: SourceBook) -> None:
    expected, found = judged(one), judged(other)
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        pd.testing.assert_frame_equal(found[table], rows)
    assert sum(map(len, expected.values())) >= 7


def test_tables_in_lower_case(tmp_path: Path, preset: str) -> None:
    folder = in_tables(tmp_path / "tables", preset, "exports.duckdb")
    with duckdb.connect(str(folder / "exports.duckdb")) as connection:
        for name, frame in lowered(preset).items():
            connection.register("frame", frame)
            connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM frame')  # noqa: S608
    same(in_files(tmp_path / "files", preset), read_book(folder))


def test_a_server_that_folds_names_to_lower_case(
    tmp_path: Path, preset: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dbapi = import_module("adbc_driver_postgresql.dbapi")
    with dbapi.connect(database) as connection, connection.cursor() as cursor:
        for name, frame in lowered(preset).items():
            rows = pa.Table.from_pandas(frame, preserve_index=False)
            cursor.adbc_ingest(name, rows, mode="create")
        connection.commit()
    monkeypatch.setenv("KAPKIT_POSTGRES", database)
    folder = in_tables(tmp_path / "tables", preset, "postgresql:")
    same(in_files(tmp_path / "files", preset), read_book(folder))


def test_through_spark(tmp_path: Path, preset: str) -> None:
    pytest.importorskip("pyspark", reason="Spark is not installed: kapkit[spark]")
    if not shutil.which("java"):
        pytest.skip("no Java here, which Spark needs")
    plain = in_files(tmp_path / "files", preset)
    same(plain, read_book(tmp_path / "files", source=f"spark:{tmp_path / 'files'}"))
