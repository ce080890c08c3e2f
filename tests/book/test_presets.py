"""Presets: standard exports of CRMs and ERPs, each with the traps it is known for."""

from pathlib import Path
from textwrap import dedent

import duckdb
import pytest

from kapkit.book.book import SourceBook, read_book
from kapkit.book.config import FILE_NAME, read_config
from kapkit.book.errors import DataError
from kapkit.book.presets import PRESETS, offers, read_preset, with_preset
from kapkit.book.schema import TABLES

Row = tuple[object, ...]


def book_of(folder: Path, preset: str, settings: str = "", **exports: str) -> SourceBook:
    """Write exports under their own names, and a kapkit.toml that only names the preset."""
    lines = ["[book]", 'name = "Tiny"', f'preset = "{preset}"', "[files]"]
    for name, content in exports.items():
        (folder / f"{name}.csv").write_text(dedent(content).lstrip("\n"), encoding="utf-8")
        lines.append(f'{name} = "{name}.csv"')
    (folder / FILE_NAME).write_text("\n".join([*lines, dedent(settings)]), encoding="utf-8")
    return read_book(folder)


def rows(book: SourceBook, table: str, *columns: str) -> list[Row]:
    """List the rows of a table, sorted: what became of each, then some columns."""
    judged = book.at("2030-12-31").tables[table].collect("pandas").to_pandas()
    judged["why"] = judged["_reason"].where(judged["_reason"].notna(), "accepted")
    for column in columns:
        if str(judged[column].dtype).startswith("datetime"):
            judged[column] = judged[column].astype("str")
    listed = judged[["why", *columns]].astype("object")
    found = listed.where(listed.notna(), None).itertuples(index=False, name=None)
    return sorted((_plain(row) for row in found), key=str)


def _plain(row: Row) -> Row:
    return tuple(float(v) if type(v).__name__ == "Decimal" else v for v in row)


SALESFORCE = {
    "Account": """
        Id,Name,BillingCountry,Industry,OwnerId,ParentId,IsDeleted,MasterRecordId
        001000000000001AAA,Alpha,North,Food,005000000000001AAA,,false,
        001000000000002AAA,Alpha Ltd,North,,,,true,001000000000001AAA
        001000000000003AAA,Alpha old,North,,,,true,001000000000002AAA
        001000000000004AAA,Beta,South,,,001000000000002AAA,0,
        001000000000005AAA,Gone,South,,,,1,
        """,
    "User": "Id,Name\n005000000000001AAA,Ana\n",
    "Product2": "Id,Name,Family\np1,Screw,Fasteners\np2,Saw,\n",
}


def test_salesforce_accounts_fold_merged_ones_and_set_deleted_ones_aside(tmp_path: Path) -> None:
    orders = {"Order": "Id,AccountId,EffectiveDate\n", "OrderItem": "Id,OrderId,TotalPrice\n"}
    book = book_of(tmp_path, "salesforce", **SALESFORCE, **orders)
    assert rows(book, "accounts", "account_id", "owner", "parent_id", "region") == [
        ("accepted", "001000000000001AAA", "Ana", None, "North"),
        ("accepted", "001000000000004AAA", None, "001000000000001AAA", "South"),
        ("deleted in Salesforce", "001000000000005AAA", None, None, "South"),
        ("merged into another account", "001000000000002AAA", None, None, "North"),
        ("merged into another account", "001000000000003AAA", None, None, "North"),
    ]
    assert rows(book, "products", "product_id", "category") == [
        ("accepted", "p1", "Fasteners"),
        ("accepted", "p2", "no family"),
    ]


def test_salesforce_orders_follow_the_master_and_give_reductions_back(tmp_path: Path) -> None:
    exports = {
        "Order": """
            Id,AccountId,EffectiveDate,StatusCode,IsReductionOrder,IsDeleted
            801000000000001AAA,001000000000003AAA,2024-01-31,Activated,false,false
            801000000000002AAA,001000000000004,2024-02-29,Activated,true,false
            801000000000003AAA,001000000000004AAA,2024-03-31,Draft,false,false
            801000000000004AAA,001000000000004AAA,2024-03-31,Activated,false,true
            """,
        "OrderItem": """
            Id,OrderId,Product2Id,Quantity,TotalPrice
            i1,801000000000001AAA,p1,2,10.50
            i2,801000000000002AAA,p1,-1,-4
            i3,801000000000002AAA,p1,1,3
            i4,801000000000003AAA,p1,1,9
            i5,801000000000004AAA,p1,1,8
            """,
    }
    book = book_of(tmp_path, "salesforce", **SALESFORCE, **exports)
    assert rows(book, "sales", "account_id", "date", "revenue", "quantity", "kind") == [
        ("accepted", "001000000000001AAA", "2024-01-31", 10.5, 2.0, "sale"),
        ("accepted", "001000000000004AAA", "2024-02-29", -3.0, -1.0, "credit"),
        ("accepted", "001000000000004AAA", "2024-02-29", -4.0, -1.0, "credit"),
        ("deleted in Salesforce", "001000000000004AAA", "2024-03-31", 8.0, 1.0, "sale"),
        ("order is a draft", "001000000000004AAA", "2024-03-31", 9.0, 1.0, "sale"),
    ]


OPPORTUNITIES = {
    "Opportunity": """
        Id,AccountId,Amount,CreatedDate,CloseDate,StageName,IsWon,IsDeleted
        006000000000001AAA,001000000000002AAA,10,2024-01-01T08:00Z,2024-01-31,Closed Won,true,false
        006000000000002AAA,001000000000004AAA,20,2024-01-02T08:00Z,2024-04-30,Proposal,false,false
        """,
    "OpportunityLineItem": """
        Id,OpportunityId,Product2Id,Quantity,TotalPrice
        l1,006000000000001AAA,p1,1,10
        l2,006000000000002AAA,p1,2,20
        """,
}


def test_salesforce_won_opportunities_are_sales_where_there_are_no_orders(tmp_path: Path) -> None:
    book = book_of(tmp_path, "salesforce", **SALESFORCE, **OPPORTUNITIES)
    assert rows(book, "sales", "account_id", "date", "revenue") == [
        ("accepted", "001000000000001AAA", "2024-01-31", 10.0),
        ("opportunity is not won", "001000000000004AAA", "2024-04-30", 20.0),
    ]
    assert rows(book, "opportunities", "account_id", "created", "stage", "amount") == [
        ("accepted", "001000000000001AAA", "2024-01-01", "Closed Won", 10.0),
        ("accepted", "001000000000004AAA", "2024-01-02", "Proposal", 20.0),
    ]


def test_salesforce_activities_count_once_and_find_their_account(tmp_path: Path) -> None:
    exports = {
        "Contact": "Id,AccountId\n003000000000001AAA,001000000000004AAA\n",
        "Event": """
            Id,AccountId,WhoId,WhatId,OwnerId,ActivityDate,DurationInMinutes,IsChild,IsRecurrence,IsDeleted
            e1,001000000000001AAA,,,005000000000001AAA,2024-01-10,60,false,false,false
            e2,001000000000001AAA,,,,2024-01-10,60,true,false,false
            e3,001000000000001AAA,,,,2024-01-10,60,false,true,false
            e4,001000000000001AAA,,,,2024-01-10,60,false,false,true
            e5,,003000000000001AAA,,,2024-01-11,30,false,false,false
            e6,,,006000000000001AAA,,2024-01-12,,false,false,false
            """,
        "Task": """
            Id,AccountId,WhoId,WhatId,OwnerId,ActivityDate,CallType,TaskSubtype,CallDurationInSeconds,Status,IsDeleted
            t1,001000000000003AAA,,,,2024-01-13,Inbound,Call,300,Completed,false
            t2,001000000000004AAA,,,,2024-01-14,,Email,,Completed,false
            t3,001000000000004AAA,,,,2024-01-15,,Task,,Not Started,false
            """,
        "Case": """
            Id,AccountId,CreatedDate,ClosedDate,Priority,Reason,IsDeleted
            500a,001000000000002AAA,2024-01-01T10:00:00.000+0000,,High,Late,false
            500b,001000000000004AAA,2024-01-02T10:00:00.000+0000,2024-01-05T09:00:00.000+0000,Low,,true
            """,
    }
    book = book_of(tmp_path, "salesforce", **SALESFORCE, **OPPORTUNITIES, **exports)
    wanted = ("activity_id", "account_id", "date", "kind", "owner", "minutes", "inbound")
    one, four = "001000000000001AAA", "001000000000004AAA"
    day = "2024-01-10"
    assert rows(book, "activities", *wanted) == [
        ("accepted", "e1", one, day, "visit", "Ana", 60.0, None),
        ("accepted", "e5", four, "2024-01-11", "visit", None, 30.0, None),
        ("accepted", "e6", one, "2024-01-12", "visit", None, None, None),
        ("accepted", "t1", one, "2024-01-13", "call", None, 5.0, "yes"),
        ("accepted", "t2", four, "2024-01-14", "email", None, None, None),
        ("copy of a group event for an invitee", "e2", one, day, "visit", None, 60.0, None),
        ("deleted in Salesforce", "e4", one, day, "visit", None, 60.0, None),
        (
            "pattern of a recurring series, not an activity",
            *("e3", one, day, "visit", None, 60.0, None),
        ),
        ("task is not done", "t3", four, "2024-01-15", "other", None, None, None),
    ]
    assert rows(book, "complaints", "complaint_id", "account_id", "opened", "severity") == [
        ("accepted", "500a", one, "2024-01-01", "High"),
        ("deleted in Salesforce", "500b", four, "2024-01-02", "Low"),
    ]


SAP = {
    "KNA1": "KUNNR,NAME1,BRSCH,ERDAT\n0000000007,Alpha,FOOD,20200101\n8,Beta,,00000000\n",
    "KNVV": "KUNNR,VKORG,BZIRK,VKBUR\n7,1000,NA,\n0000000007,2000,NA,\n0000000008,1000,,0100\n",
    "VBRK": """
        VBELN,FKDAT,VBTYP,FKSTO,KUNAG,KUNRG
        0090000001,20240131,M,,0000000007,0000000008
        0090000002,20240229,O,,8,0000000008
        0090000003,20240331,M,X,0000000007,0000000007
        0090000004,20240331,N,,0000000007,0000000007
        0090000005,20240331,U,,0000000007,0000000007
        """,
    "VBRP": """
        VBELN,POSNR,MATNR,FKIMG,NETWR,WAVWR
        90000001,10,17,2,100.00,60.00
        0090000001,20,17,1,5.00-,0.00
        0090000002,10,000000000000000017,1,40.00,25.00
        0090000003,10,17,1,70.00,1
        0090000004,10,17,1,70.00,1
        0090000005,10,17,1,80.00,1
        0090000009,10,17,1,90.00,1
        """,
    "MAKT": "MATNR,SPRAS,MAKTX\n17,D,Schraube\n17,E,Screw\n",
    "MARA": "MATNR,MATKL\n000000000000000017,FAST\n",
}


def test_sap_bills_the_sold_to_party_and_turns_credit_memos_round(tmp_path: Path) -> None:
    book = book_of(tmp_path, "sap", **SAP)
    assert rows(book, "accounts", "account_id", "region", "since") == [
        ("accepted", "0000000007", "NA", "2020-01-01"),
        ("accepted", "0000000008", "0100", None),
    ]
    wanted = ("account_id", "date", "revenue", "cost", "quantity", "kind")
    seven, march = "0000000007", "2024-03-31"
    other = "no purchase of a customer: pro forma, intercompany or invoice list"
    found = rows(book, "sales", *wanted)
    assert found[:3] == [
        ("accepted", seven, "2024-01-31", -5.0, 0.0, 1.0, "sale"),
        ("accepted", seven, "2024-01-31", 100.0, 60.0, 2.0, "sale"),
        ("accepted", "0000000008", "2024-02-29", -40.0, -25.0, -1.0, "credit"),
    ]
    assert [row[0] for row in found[3:]] == [
        "account_id is empty",
        "cancelled document (FKSTO)",
        "cancels another document (VBTYP N, S)",
        other,
    ]
    assert found[4][1:4] == (seven, march, 70.0)
    assert rows(book, "products", "product_id", "name", "category") == [
        ("accepted", "000000000000000017", "Screw", "FAST")
    ]


def test_sap_leaves_credit_memos_that_the_extract_has_turned(tmp_path: Path) -> None:
    turned = """
        VBELN,POSNR,MATNR,FKIMG,NETWR,WAVWR
        0090000001,10,17,2,100.00,60.00
        0090000002,10,17,1-,40.00-,25.00-
        0090000002,20,17,2-,-9.00,3.00-
        """
    book = book_of(tmp_path, "sap", **{**SAP, "VBRP": turned})
    assert rows(book, "sales", "revenue", "cost", "quantity", "kind") == [
        ("accepted", -40.0, -25.0, -1.0, "credit"),
        ("accepted", -9.0, -3.0, -2.0, "credit"),
        ("accepted", 100.0, 60.0, 2.0, "sale"),
    ]


def test_hubspot_counts_a_won_deal_once_for_its_first_company(tmp_path: Path) -> None:
    exports = {
        "companies": "Record ID,Company name,Country/Region\n11,Alpha,North\n12,Beta,South\n",
        "deals": """
            Record ID,Deal Name,Deal Stage,Close Date,Create Date,Amount,Associated Company IDs
            1,a,Closed Won,2024-01-31 10:15,2024-01-01 09:00,10,11;12
            2,b,Closed Lost,2024-02-29 10:15,2024-01-02 09:00,20,12
            """,
    }
    book = book_of(tmp_path, "hubspot", **exports)
    assert rows(book, "sales", "order_id", "account_id", "date", "revenue") == [
        ("accepted", "1", "11", "2024-01-31", 10.0),
        ("deal is not won", "2", "12", "2024-02-29", 20.0),
    ]
    assert rows(book, "opportunities", "opportunity_id", "created", "stage") == [
        ("accepted", "1", "2024-01-01", "Closed Won"),
        ("accepted", "2", "2024-01-02", "Closed Lost"),
    ]


def test_hubspot_takes_the_primary_company_and_reads_tickets(tmp_path: Path) -> None:
    exports = {
        "companies": "Record ID,Company name,Country/Region\n11,Alpha,North\n12,Beta,South\n",
        "deals": """
            Record ID,Deal Stage,Close Date,Amount,Associated Company IDs,{primary}
            1,Closed Won,2024-01-31 10:15,10,11;12,12
            2,Closed Won,2024-01-31 10:15,20,11;12,
            """.replace("{primary}", "Associated Company IDs (Primary)"),
        "tickets": """
            Ticket ID,Ticket name,Create date,Close date,Priority,Category,Associated Company IDs
            t1,Broken,2024-01-10 09:00,2024-01-12 09:00,High,Defect,12;11
            t2,Late,2024-02-10 09:00,,Low,Delivery,11
            """,
    }
    book = book_of(tmp_path, "hubspot", **exports)
    assert rows(book, "sales", "order_id", "account_id") == [
        ("accepted", "1", "12"),
        ("accepted", "2", "11"),
    ]
    wanted = ("complaint_id", "account_id", "opened", "closed", "severity", "category")
    assert rows(book, "complaints", *wanted) == [
        ("accepted", "t1", "12", "2024-01-10", "2024-01-12", "High", "Defect"),
        ("accepted", "t2", "11", "2024-02-10", None, "Low", "Delivery"),
    ]


def test_hubspot_sells_line_items_and_reads_products_and_activities(tmp_path: Path) -> None:
    primary = "Associated Company IDs (Primary)"
    exports = {
        "companies": "Record ID,Company name,Country/Region\n11,Alpha,North\n12,Beta,South\n",
        "deals": """
            Record ID,Deal Stage,Close Date,Amount,Associated Company IDs
            1,Closed Won,2024-01-31 10:15,30,11;12
            2,Closed Lost,2024-02-29 10:15,20,12
            """,
        "line_items": """
            Record ID,Name,Quantity,Net price,Unit cost,Product ID,Associated Deal IDs
            71,Screw,10,18.5,1.2,p1,1
            72,Saw,1,11.5,,p2,1
            73,Saw,1,20,8,p2,2
            74,Saw,1,20,8,p2,9
            """,
        "product": "Record ID,Name,Product type\np1,Screw,Inventory\np2,Saw,\n",
        "calls": f"""
            Record ID,Call title,Activity date,Call direction,Call duration,Call status,{primary}
            5,Hello,2024-01-10 09:00,Inbound,90000,Completed,12
            6,Again,2024-01-11 09:00,Outbound,,Canceled,12
            """,
        "meetings": """
            Record ID,Meeting name,Meeting start time,Meeting end time,Meeting outcome,{companies}
            5,Plan,2024-01-12 09:00,2024-01-12 10:30,Completed,11;12
            8,Plan,2024-01-13 09:00,2024-01-13 10:30,No show,11
            """.replace("{companies}", "Associated Company IDs"),
        "emails": """
            Record ID,Email subject,Activity date,Email direction,Associated Company IDs
            9,Re: offer,2024-01-14 09:00,INCOMING_EMAIL,11
            10,Offer,2024-01-15 09:00,EMAIL,
            """,
    }
    book = book_of(tmp_path, "hubspot", **exports)
    assert rows(book, "sales", "order_id", "account_id", "date", "revenue", "cost") == [
        ("accepted", "1", "11", "2024-01-31", 11.5, None),
        ("accepted", "1", "11", "2024-01-31", 18.5, 12.0),
        ("deal is not won", "2", "12", "2024-02-29", 20.0, 8.0),
        ("order_id is empty", None, None, None, 20.0, 8.0),
    ]
    assert rows(book, "products", "product_id", "category") == [
        ("accepted", "p1", "Inventory"),
        ("accepted", "p2", "no type"),
    ]
    wanted = ("activity_id", "account_id", "date", "kind", "minutes", "inbound")
    assert rows(book, "activities", *wanted) == [
        ("accepted", "call 5", "12", "2024-01-10", "call", 1.5, "yes"),
        ("accepted", "email 9", "11", "2024-01-14", "email", None, "yes"),
        ("accepted", "visit 5", "11", "2024-01-12", "visit", 90.0, None),
        ("account_id is empty", "email 10", None, "2024-01-15", "email", None, "no"),
        ("activity did not take place", "call 6", "12", "2024-01-11", "call", None, "no"),
        ("activity did not take place", "visit 8", "11", "2024-01-13", "visit", 90.0, None),
    ]


def test_dynamics_finds_the_account_of_a_contact_and_the_end_of_a_case(tmp_path: Path) -> None:
    exports = {
        "account": "accountid,name,territoryid\nA,Alpha,t\n",
        "territory": "territoryid,name\nT,North\n",
        "contact": "contactid,parentcustomerid\nc,A\n",
        "invoice": "invoiceid,customerid,dateinvoiced,statecode\ni1,C,2024-01-31,2\n",
        "invoicedetail": "invoicedetailid,invoiceid,extendedamount,tax\nd1,i1,119,19\n",
        "incident": """
            incidentid,customerid,createdon,statecode,modifiedon
            k1,c,2024-01-05T09:00:00Z,1,2024-06-01T09:00:00Z
            k2,a,2024-01-06T09:00:00Z,1,2024-06-02T09:00:00Z
            k3,a,2024-01-07T09:00:00Z,0,2024-06-03T09:00:00Z
            """,
        "incidentresolution": "activityid,incidentid,actualend\nr,K1,2024-01-09T09:00:00Z\n",
    }
    book = book_of(tmp_path, "dynamics", **exports)
    assert rows(book, "sales", "account_id", "revenue") == [("accepted", "A", 100.0)]
    assert rows(book, "complaints", "complaint_id", "account_id", "closed") == [
        ("accepted", "k1", "A", "2024-01-09"),
        ("accepted", "k2", "A", "2024-06-02"),
        ("accepted", "k3", "A", None),
    ]


def test_dynamics_takes_tax_out_and_folds_merged_accounts(tmp_path: Path) -> None:
    exports = {
        "account": "accountid,name,territoryid,merged,masterid\nA,Alpha,t,0,\nb,Old,t,1,a\n",
        "territory": "territoryid,name\nT,North\n",
        "contact": "contactid,parentcustomerid\nc,B\n",
        "invoice": """
            invoiceid,customerid,dateinvoiced,statecode
            i1,b,2024-01-31,2
            i2,a,2024-02-29,3
            """,
        "invoicedetail": "invoicedetailid,invoiceid,extendedamount,tax\nd1,i1,119,19\nd2,i2,50,\n",
        "activitypointer": """
            activityid,activitytypecode,regardingobjectid,actualend,statecode,instancetypecode
            x1,appointment,a,2024-01-10T09:00:00Z,1,0
            x2,phonecall,c,2024-01-11T09:00:00Z,1,0
            x3,appointment,a,2024-01-12T09:00:00Z,0,0
            x4,appointment,a,2024-01-13T09:00:00Z,1,1
            """,
        "incident": "incidentid,customerid,createdon,merged\nk,b,2024-01-05T09:00:00Z,false\n",
    }
    book = book_of(tmp_path, "dynamics", **exports)
    assert rows(book, "accounts", "account_id", "region") == [
        ("accepted", "A", "North"),
        ("merged into another account", "b", "North"),
    ]
    assert rows(book, "sales", "account_id", "date", "revenue") == [
        ("accepted", "A", "2024-01-31", 100.0),
        ("cancelled invoice", "A", "2024-02-29", 50.0),
    ]
    assert rows(book, "activities", "activity_id", "account_id", "kind") == [
        ("accepted", "x1", "A", "visit"),
        ("accepted", "x2", "A", "call"),
        ("activity was not done", "x3", "A", "visit"),
        ("pattern of a recurring series, not an activity", "x4", "A", "visit"),
    ]
    assert rows(book, "complaints", "account_id", "opened") == [("accepted", "A", "2024-01-05")]


def test_the_users_own_sections_win(tmp_path: Path) -> None:
    own = """
        [tables.accounts.columns]
        region = "BRSCH"
        [tables.sales]
        read = "lines"
        [views]
        lines = '''
        SELECT '1' AS order_id, KUNNR AS account_id, '2024-01-31' AS date, 1 AS revenue
        FROM KNA1 WHERE NAME1 = 'Alpha'
        '''
        """
    book = book_of(tmp_path, "sap", own, **SAP)
    assert rows(book, "accounts", "account_id", "region")[0] == ("accepted", "0000000007", "FOOD")
    assert rows(book, "sales", "order_id", "revenue") == [("accepted", "1", 1.0)]


def test_a_missing_export_is_said_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        book_of(tmp_path, "salesforce", Account=SALESFORCE["Account"])
    assert str(caught.value) == (
        f"{tmp_path / FILE_NAME}: 1 to mend\n"
        "  files: no file or view for the required table sales; preset salesforce needs Account "
        "and Order and OrderItem, or Account and Opportunity and OpportunityLineItem for it"
    )


def test_a_preset_reads_a_database_as_it_reads_files(tmp_path: Path) -> None:
    files = book_of(tmp_path, "sap", **SAP)
    with duckdb.connect(str(tmp_path / "sap.duckdb")) as database:
        for name in SAP:
            text = (tmp_path / f"{name}.csv").as_posix()
            database.execute(
                f"CREATE TABLE {name} AS FROM read_csv('{text}', all_varchar=true, header=true)"
            )
    toml = '[book]\nname = "Tiny"\npreset = "sap"\nsource = "sap.duckdb"\n'
    (tmp_path / FILE_NAME).write_text(toml, encoding="utf-8")
    stored = read_book(tmp_path)
    wanted = ("account_id", "date", "revenue", "kind")
    assert rows(stored, "sales", *wanted) == rows(files, "sales", *wanted)
    assert rows(stored, "products", "category") == rows(files, "products", "category")


def test_a_database_without_the_exports_says_which(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "sap.duckdb")) as database:
        database.execute("CREATE TABLE KNA1 (KUNNR VARCHAR, NAME1 VARCHAR)")
    toml = '[book]\nname = "Tiny"\npreset = "sap"\nsource = "sap.duckdb"\n'
    (tmp_path / FILE_NAME).write_text(toml, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_book(tmp_path)
    assert str(caught.value) == (
        "sap.duckdb: files: no file or view for the required table sales; preset sap needs VBRK "
        "and VBRP for it (it has KNA1)"
    )


def test_an_unknown_preset_is_said_with_the_likely_one(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('[book]\nname = "x"\npreset = "salesfroce"\n')
    with pytest.raises(DataError) as caught:
        read_config(tmp_path / FILE_NAME)
    said = "book.preset: there is no preset salesfroce; did you mean salesforce?"
    assert str(caught.value) == said


def test_a_toml_without_preset_stays_as_it_is() -> None:
    toml = {"book": {"name": "x"}, "files": {"Account": "a.csv"}}
    assert with_preset(toml) is toml


@pytest.mark.parametrize("name", PRESETS)
def test_presets_map_columns_that_the_schema_knows(name: str) -> None:
    preset = read_preset(name)
    for part in preset["parts"]:
        if "table" in part:
            assert set(part["columns"]) <= set(TABLES[part["table"]].columns)
    assert {"accounts", "sales"} <= set(offers(preset, preset["optional"]))
