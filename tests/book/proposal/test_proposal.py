"""What kapkit init proposes for exports as they are, and that kapkit check accepts it."""

import tomllib
from pathlib import Path
from textwrap import dedent

import pandas as pd
import pytest

from kapkit.book.book import SourceBook, read_book
from kapkit.book.config import FILE_NAME
from kapkit.book.errors import DataError
from kapkit.book.proposal.proposal import Proposal, propose, save
from tests.book.proposal.dialects import DIALECTS, export_sample
from tests.book.tiny import became

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
ACCOUNTS = "id,name,region\nA1,Alpha,North\nA2,Beta,South\nA3,Gamma,South\n"
AS_OF = "2026-06-30"


def folder_of(folder: Path, **files: str) -> Path:
    """Write CSV files, each named by its table."""
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(dedent(content).lstrip("\n"), encoding="utf-8")
    return folder


def proposed(folder: Path) -> tuple[Proposal, dict]:
    proposal = propose(folder)
    return proposal, tomllib.loads(proposal.toml)


def opened(folder: Path) -> SourceBook:
    save(propose(folder), folder)
    return read_book(folder)


def sums(book: SourceBook) -> dict[tuple[str, str], tuple[float, float]]:
    totals = book.at(AS_OF).totals.query("state in ('read', 'accepted')")
    by = totals.groupby(["table", "state"])[["rows", "revenue"]].sum()
    return {key: (rows, round(float(money), 2)) for key, rows, money in by.itertuples()}


@pytest.fixture(scope="module")
def sample_sums() -> dict[tuple[str, str], tuple[float, float]]:
    return sums(read_book(ROOT / "data/sample"))


@pytest.mark.parametrize(
    "dialect",
    [pytest.param(name, marks=[] if name == "German" else [pytest.mark.slow]) for name in DIALECTS],
)
def test_the_sample_in_foreign_words_comes_back_to_the_cent(
    dialect: str, tmp_path: Path, sample_sums: dict
) -> None:
    export_sample(ROOT / "data/sample", tmp_path, dialect)
    proposal = propose(tmp_path)
    assert proposal.refusal is None
    assert proposal.questions == ()
    assert proposal.unplaced == ()
    save(proposal, tmp_path)
    exported = ("accounts", "products", "sales")
    assert sums(read_book(tmp_path)) == {k: v for k, v in sample_sums.items() if k[0] in exported}


def test_the_sample_itself_needs_nothing_but_names() -> None:
    proposal, toml = proposed(ROOT / "data/sample")
    assert proposal.refusal is None
    written = tomllib.loads((ROOT / "data/sample" / FILE_NAME).read_text("utf-8"))
    assert toml["files"] == written["files"] | {"sales": "sales_202*.parquet"}
    assert toml["tables"]["complaints"]["dates"] == written["tables"]["complaints"]["dates"]
    assert all(a == b for table in toml["tables"].values() for a, b in table["columns"].items())


def test_sheets_of_a_workbook_are_tables(tmp_path: Path) -> None:
    sales = {"Beleg": [1, 2], "Kunde": ["A1", "A2"], "Datum": ["31.01.2024", "29.02.2024"]}
    with pd.ExcelWriter(tmp_path / "alles.xlsx") as book:
        pd.DataFrame(
            {"Nr": ["A1", "A2"], "Firma": ["Alpha", "Beta"], "Gebiet": ["N", "S"]}
        ).to_excel(book, sheet_name="Kunden", index=False)
        pd.DataFrame({**sales, "Netto": [10.5, -4.0]}).to_excel(
            book, sheet_name="Umsatz 2024", index=False
        )
        pd.DataFrame({"Notiz": ["nichts"]}).to_excel(book, sheet_name="Notizen", index=False)
    proposal, toml = proposed(tmp_path)
    assert toml["files"] == {
        "Kunden": "alles.xlsx#Kunden",
        "Umsatz_2024": "alles.xlsx#Umsatz 2024",
    }
    assert [one.place for one in proposal.unplaced] == ["alles.xlsx#Notizen"]
    assert became(opened(tmp_path).at()) == {("accepted", "N"): 1, ("accepted", "S"): 1}


SALES = "invoice no,customer id,invoice date,net amount\n"


def sales_dated(*days: str) -> str:
    return SALES + "".join(f"o{n},A{n % 3 + 1},{day},10\n" for n, day in enumerate(days))


def test_a_day_over_twelve_settles_the_order_and_is_named(tmp_path: Path) -> None:
    folder_of(tmp_path, customers=ACCOUNTS, sales=sales_dated("01/02/2024", "13/02/2024"))
    proposal, toml = proposed(tmp_path)
    assert toml["tables"]["sales"]["dates"] == ["%d/%m/%Y"]
    assert "# invoice date has 13/02/2024" in proposal.toml


def test_days_that_could_be_swapped_are_asked_not_chosen(tmp_path: Path) -> None:
    folder_of(tmp_path, customers=ACCOUNTS, sales=sales_dated("01/02/2024", "03/04/2024"))
    proposal, toml = proposed(tmp_path)
    assert proposal.questions == (
        "sales.csv: invoice date does not tell day from month, no value is over 12: "
        '"%d/%m/%Y" or "%m/%d/%Y"; take one of the two lines under [tables.sales]',
    )
    assert "dates" not in toml["tables"]["sales"]
    assert '# dates = "%d/%m/%Y"\n# dates = "%m/%d/%Y"\n' in proposal.toml
    assert proposal.refusal == (
        "sales: no line has a date that can be read; see [tables.sales] dates"
    )


def test_another_column_of_the_file_settles_the_order(tmp_path: Path) -> None:
    accounts = "id,name,region,customer since,valid from\nA1,Alpha,North,01/02/2024,31/01/2024\n"
    folder_of(tmp_path, customers=accounts, sales=sales_dated("2024-01-31"))
    proposal, toml = proposed(tmp_path)
    assert toml["tables"]["accounts"]["dates"] == ["%d/%m/%Y"]
    assert proposal.questions == ()


def test_compact_days_and_stamps_are_read(tmp_path: Path) -> None:
    sales = sales_dated("20240131", "20240229")
    deals = """
        opportunity id,customer id,created,stage,amount
        d1,A1,2024-01-31T08:00:00Z,Open,5
        """
    folder_of(tmp_path, customers=ACCOUNTS, sales=sales, deals=deals)
    _, toml = proposed(tmp_path)
    assert toml["tables"]["sales"]["dates"] == ["%Y%m%d"]
    assert toml["tables"]["opportunities"]["dates"] == ["%Y-%m-%dT%H:%M:%SZ"]


def revenues(book: SourceBook, *columns: str) -> list[tuple]:
    frame = book.at("2030-01-01").tables["sales"].collect("pandas").to_pandas()
    frame["revenue"] = frame["revenue"].astype("float64")
    return sorted(frame[["order_id", "revenue", *columns]].itertuples(index=False, name=None))


def test_credit_documents_with_positive_amounts_are_turned(tmp_path: Path) -> None:
    sales = """
        invoice no,customer id,invoice date,net amount,document type
        o1,A1,2024-01-31,10,Invoice
        o2,A2,2024-01-31,4,Credit Memo
        """
    folder_of(tmp_path, customers=ACCOUNTS, sales=sales)
    assert revenues(opened(tmp_path), "kind") == [("o1", 10.0, "sale"), ("o2", -4.0, "credit")]


def test_credit_documents_below_zero_stay_as_they_are(tmp_path: Path) -> None:
    sales = """
        invoice no,customer id,invoice date,net amount,document type
        o1,A1,2024-01-31,10,Invoice
        o2,A2,2024-01-31,-4,Credit Memo
        """
    folder_of(tmp_path, customers=ACCOUNTS, sales=sales)
    assert revenues(opened(tmp_path), "kind") == [("o1", 10.0, "sale"), ("o2", -4.0, "credit")]


def test_revenue_is_net_where_net_and_gross_are_there(tmp_path: Path) -> None:
    sales = """
        Rechnungsnummer,Kundennummer,Rechnungsdatum,Bruttobetrag,MwSt,Nettobetrag
        o1,A1,2024-01-31,119,19,100
        """
    folder_of(tmp_path, Kunden=ACCOUNTS, Rechnungen=sales)
    assert revenues(opened(tmp_path)) == [("o1", 100.0)]


def test_gross_less_tax_is_net(tmp_path: Path) -> None:
    sales = """
        invoice no,customer id,invoice date,gross amount,vat amount
        o1,A1,2024-01-31,119.00,19.00
        o2,A2,2024-01-31,50,
        """
    folder_of(tmp_path, customers=ACCOUNTS, sales=sales)
    assert revenues(opened(tmp_path)) == [("o1", 100.0), ("o2", 50.0)]


def test_gross_alone_is_taken_and_asked(tmp_path: Path) -> None:
    sales = "invoice no,customer id,invoice date,gross amount\no1,A1,2024-01-31,119\n"
    folder_of(tmp_path, customers=ACCOUNTS, sales=sales)
    assert propose(tmp_path).questions == (
        "sales.csv: gross amount seems to include tax and nothing says how much; "
        "revenue is to be net",
    )


def test_quantity_times_price_where_there_is_no_amount(tmp_path: Path) -> None:
    sales = "order no,customer id,order date,qty,unit price\no1,A1,2024-01-31,3,2.5\n"
    folder_of(tmp_path, customers=ACCOUNTS, sales=sales)
    assert revenues(opened(tmp_path)) == [("o1", 7.5)]


def test_heads_and_lines_of_orders_are_read_together(tmp_path: Path) -> None:
    heads = """
        order no,customer id,order date
        o1,A1,2024-01-31
        o2,A2,2024-02-29
        """
    lines = """
        order no,item no,qty,net amount
        o1,p1,1,10
        o1,p2,2,20
        o2,p1,1,5
        """
    folder_of(tmp_path, customers=ACCOUNTS, order_heads=heads, order_lines=lines)
    proposal = propose(tmp_path)
    assert proposal.unplaced == ()
    assert proposal.questions == ()
    book = opened(tmp_path)
    assert revenues(book, "account_id") == [
        ("o1", 10.0, "A1"),
        ("o1", 20.0, "A1"),
        ("o2", 5.0, "A2"),
    ]


def test_numbers_with_signs_around_them_are_read(tmp_path: Path) -> None:
    sales = """
        invoice no,customer id,invoice date,net amount
        o1,A1,2024-01-31,"$1,234.50"
        o2,A2,2024-01-31,(20.00)
        o3,A3,2024-01-31,7.25-
        """
    folder_of(tmp_path, customers=ACCOUNTS, sales=sales)
    assert revenues(opened(tmp_path)) == [("o1", 1234.5), ("o2", -20.0), ("o3", -7.25)]


def test_a_comma_that_could_part_either_is_asked(tmp_path: Path) -> None:
    sales = 'invoice no,customer id,invoice date,net amount\no1,A1,2024-01-31,"1,234"\n'
    folder_of(tmp_path, customers=ACCOUNTS, sales=sales)
    assert propose(tmp_path).questions == (
        'sales.csv: net amount holds 1,234: does the comma part decimals (decimal = "," under '
        "[tables.sales]) or thousands? its rows are set aside until you say",
    )


def test_the_sold_to_party_is_the_account_not_the_payer(tmp_path: Path) -> None:
    sales = """
        invoice no,payer,sold to,ship to,invoice date,net amount
        o1,A2,A1,A3,2024-01-31,10
        """
    folder_of(tmp_path, customers=ACCOUNTS, sales=sales)
    _, toml = proposed(tmp_path)
    assert toml["tables"]["sales"]["columns"]["account_id"] == "sold to"


def test_keys_decide_between_two_lists(tmp_path: Path) -> None:
    vendors = "id,name,region\nV1,Steel,North\nV2,Wood,South\n"
    folder_of(
        tmp_path, a_list=vendors, b_list=ACCOUNTS, sales=sales_dated("2024-01-31", "2024-02-01")
    )
    _, toml = proposed(tmp_path)
    assert "b_list" in toml["files"]
    assert "a_list" not in toml["files"]


def test_a_region_is_looked_up_over_keys(tmp_path: Path) -> None:
    accounts = "id,name,territory key\nA1,Alpha,7\nA2,Beta,8\nA3,Gamma,7\n"
    places = "territory key,territory name\n7,North\n8,South\n"
    folder_of(tmp_path, customers=accounts, places=places, sales=sales_dated("2024-01-31"))
    assert opened(tmp_path).at().regions == ["North", "South"]


def test_without_a_region_there_is_one_and_it_is_asked(tmp_path: Path) -> None:
    folder_of(tmp_path, customers="id,name\nA1,Alpha\n", sales=sales_dated("2024-01-31"))
    proposal, _ = proposed(tmp_path)
    assert len(proposal.questions) == 1
    assert "no column is like a region" in proposal.questions[0]


def test_accounts_are_made_of_sales_where_no_file_lists_them(tmp_path: Path) -> None:
    sales = """
        invoice no,customer id,customer name,country,invoice date,net amount
        o1,A1,Alpha,NO,2024-01-31,10
        o2,A1,Alpha,NO,2024-02-28,10
        o3,A2,Beta,SE,2024-02-28,10
        """
    folder_of(tmp_path, sales=sales)
    book = opened(tmp_path)
    assert became(book.at(), "accounts") == {("accepted", "NO"): 1, ("accepted", "SE"): 1}


def test_won_deals_stand_in_for_sales(tmp_path: Path) -> None:
    deals = """
        deal id,customer id,created,close date,deal stage,amount
        d1,A1,2024-01-01,2024-01-31,Closed Won,10
        d2,A2,2024-01-01,2024-02-28,Closed Lost,99
        """
    folder_of(tmp_path, customers=ACCOUNTS, deals=deals)
    assert revenues(opened(tmp_path)) == [("d1", 10.0)]


def test_kinds_of_activities_are_put_into_the_books_words(tmp_path: Path) -> None:
    visits = """
        Aktivität Nr,Kundennr,Datum,Aktivitätsart
        1,A1,2024-01-31,Besuch
        2,A2,2024-01-31,Telefonat
        3,A3,2024-01-31,Kaffee
        """
    folder_of(tmp_path, Kunden=ACCOUNTS, sales=sales_dated("2024-01-31"), Besuche=visits)
    found = opened(tmp_path).at().tables["activities"].collect("pandas").to_pandas()
    assert sorted(found["kind"]) == ["call", "other", "visit"]


def test_a_preset_is_known_by_names_and_columns(tmp_path: Path) -> None:
    account = "Id,Name,BillingCountry,OwnerId,IsDeleted,MasterRecordId\n001,Alpha,NO,u,false,\n"
    order = "Id,AccountId,EffectiveDate,StatusCode\n801,001,2024-01-31,Activated\n"
    item = "Id,OrderId,Product2Id,Quantity,TotalPrice\ni1,801,p,1,10\n"
    folder_of(tmp_path, Account=account, Order_2024=order, export3=item)
    proposal, toml = proposed(tmp_path)
    assert toml["book"]["preset"] == "salesforce"
    assert toml["files"] == {
        "Account": "Account.csv",
        "Order": "Order_2024.csv",
        "OrderItem": "export3.csv",
    }
    assert proposal.refusal is None
    assert became(opened(tmp_path).at()) == {("accepted", "NO"): 1}


def test_a_file_that_is_no_table_is_said(tmp_path: Path) -> None:
    folder_of(
        tmp_path, customers=ACCOUNTS, sales=sales_dated("2024-01-31"), colours="hue\nred\nblue\n"
    )
    (tmp_path / "letter.pdf").write_bytes(b"%PDF")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    (tmp_path / "empty.csv").write_bytes(b"")
    left = {one.place: one.reason for one in propose(tmp_path).unplaced}
    assert left["colours.csv"] == "no canonical table is like it"
    assert left["letter.pdf"] == "is not CSV, Parquet or Excel"
    assert left["broken.parquet"].startswith("cannot be read: ")
    assert left["empty.csv"] == "cannot be read: it is empty"


def test_columns_without_a_place_are_listed(tmp_path: Path) -> None:
    accounts = "id,name,region,fax tone\nA1,Alpha,North,x\n"
    folder_of(tmp_path, customers=accounts, sales=sales_dated("2024-01-31"))
    assert propose(tmp_path).columns == ("customers.csv: fax tone",)


def test_a_draft_without_accounts_or_sales_says_what_check_would(tmp_path: Path) -> None:
    folder_of(tmp_path, customers=ACCOUNTS)
    assert propose(tmp_path).refusal == (
        f"{FILE_NAME}: 1 to mend\n  files: no file or view for the required table sales"
    )


def test_an_existing_toml_is_never_overwritten(tmp_path: Path) -> None:
    folder_of(tmp_path, customers=ACCOUNTS, sales=sales_dated("2024-01-31"))
    (tmp_path / FILE_NAME).write_text("mine")
    with pytest.raises(DataError) as caught:
        save(propose(tmp_path), tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / FILE_NAME} is there already and is left as it is; write the draft elsewhere "
        "with --output, or see it with --print"
    )
    assert (tmp_path / FILE_NAME).read_text() == "mine"


def test_a_draft_written_elsewhere_names_its_source(tmp_path: Path) -> None:
    exports, book = tmp_path / "exports", tmp_path / "book"
    exports.mkdir()
    book.mkdir()
    folder_of(exports, customers=ACCOUNTS, sales=sales_dated("2024-01-31"))
    save(propose(exports), exports, book)
    assert read_book(book).at().regions == ["North", "South"]


def test_names_of_files_and_columns_are_text_not_toml(tmp_path: Path) -> None:
    accounts = 'id,name,region,"x""\ninjected = 1"\nA1,Alpha,North,1\n'
    folder_of(tmp_path, customers=accounts)
    (tmp_path / 'sa[l]es "q" 1.csv').write_text(sales_dated("2024-01-31"))
    _, toml = proposed(tmp_path)
    assert "injected" not in toml
    assert became(opened(tmp_path).at()) == {("accepted", "North"): 1}


@pytest.mark.parametrize("name", ["nowhere", "nothing"])
def test_a_folder_without_tables_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(DataError):
        propose(tmp_path / name)


def accepted(book: SourceBook) -> dict[str, tuple[int, float]]:
    totals = book.at().totals.query("state == 'accepted'")
    by = totals.groupby("table")[["rows", "revenue"]].sum()
    return {name: (rows, round(float(money), 2)) for name, rows, money in by.itertuples()}


def test_adventureworks_is_proposed_as_we_wrote_it(shared_data, tmp_path: Path) -> None:
    source = shared_data("adventureworks_dw")
    save(propose(source), source, tmp_path)
    ours = tomllib.loads((ROOT / "data/adventureworks" / FILE_NAME).read_text())["tables"]
    theirs = tomllib.loads((tmp_path / FILE_NAME).read_text())["tables"]
    looked_up = {("accounts", "region"), ("products", "category")}
    for table, section in ours.items():
        for column, name in section["columns"].items():
            if (table, column) not in looked_up:
                assert theirs[table]["columns"][column] == name
    book, own = read_book(tmp_path), read_book(ROOT / "data/adventureworks", source=source)
    assert accepted(book) == accepted(own)
    assert book.at().regions == own.at().regions


def test_maven_sales_are_its_won_deals(shared_data, tmp_path: Path) -> None:
    source = shared_data("maven_crm_sales")
    proposal = propose(source)
    save(proposal, source, tmp_path)
    assert proposal.questions == (
        "sales are the won deals, as a stand-in: no invoices or orders were found",
    )
    assert accepted(read_book(tmp_path))["sales"] == (4238, 10_005_534.0)


@pytest.mark.slow
def test_online_retail_has_customers_and_amounts_made(shared_data, tmp_path: Path) -> None:
    source = shared_data("online_retail_ii")
    save(propose(source), source, tmp_path)
    toml = (
        (tmp_path / FILE_NAME)
        .read_text()
        .replace("[tables.sales]", '[tables.sales]\nduplicates = "keep"')
    )
    (tmp_path / FILE_NAME).write_text(toml)
    totals = accepted(read_book(tmp_path))
    # 5,942 customers; goods and fees alike (805,888 and 3,672 lines).
    assert totals["accounts"][0] == 5942
    assert totals["sales"][0] == 805_888 + 3_672


@pytest.mark.parametrize(
    ("values", "mapped", "question"),
    [
        (("0.1", "0.05", "0"), False, "seems to be a share of the price"),
        (("10.5", "5", "0"), True, "is it money off the line, or per cent?"),
        (("1210.5", "5", "0"), True, None),
    ],
)
def test_a_discount_is_money(
    values: tuple[str, ...], mapped: bool, question: str | None, tmp_path: Path
) -> None:
    rows = [f"o{i},A1,2024-01-1{i},1000,{value}" for i, value in enumerate(values)]
    sales = "\n".join(["order no,account id,date,net amount,Discount", *rows])
    proposal, toml = proposed(folder_of(tmp_path, accounts=ACCOUNTS, sales=sales))
    assert ("discount" in toml["tables"]["sales"]["columns"]) is mapped
    asked = [said for said in proposal.questions if "Discount" in said]
    assert [question in said for said in asked] == ([True] if question else [])
