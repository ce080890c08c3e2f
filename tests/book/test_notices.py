"""What was set aside, in sentences that say what to do."""

from pathlib import Path

from kapkit.book.notices import notices
from tests.book.tiny import SALES, tiny


def test_each_reason_is_one_sentence_that_names_place_count_worth_and_remedy(
    tmp_path: Path,
) -> None:
    accounts = "account_id,name,region\n1,Alpha,North\n2,Beta,South\n3,Gamma,\n"
    lines = "".join(f"o{i},{account},2024-01-31,{i}\n" for i, account in enumerate("99999", 10))
    sales = f"order_id,account_id,date,revenue\n{lines}o10,9,2024-01-31,500\no20,,2024-01-31,0\n"
    snapshot = tiny(tmp_path, accounts=accounts, sales=[SALES, sales, SALES]).at()
    assert [notice.sentence("EUR") for notice in notices(snapshot)] == [
        "accounts_1.csv: 1 of 3 rows was set aside, region is empty (3). "
        "Give them a region, or name one under [regions] unassigned.",
        "sales_2.csv: 6 of 7 rows, worth 560 EUR, were set aside, account is not in accounts "
        "(o10, o11, o12 and 2 more). Add the accounts to the accounts export.",
        "sales_3.csv: 2 of 2 rows, worth 15.5 EUR, were set aside, delivered twice: the same "
        "line stands in another file (o1, o2). "
        "Nothing to do if the deliveries overlap on purpose.",
        "sales_2.csv: 1 of 7 rows was set aside, account_id is empty (o20). "
        "Mend them in the source, if they matter.",
    ]


def test_the_remedy_names_the_table(tmp_path: Path) -> None:
    products = "product_id,name,category\n" + "p1,Screw,Fasteners\n" * 2
    (notice,) = notices(tiny(tmp_path, products=products).at())
    assert notice.sentence() == (
        "products_1.csv: 1 of 2 rows was set aside, exact duplicate in the same file (p1). "
        'If they are real, say duplicates = "keep" under [tables.products].'
    )


def test_rows_dated_later_are_no_notice(tmp_path: Path) -> None:
    assert notices(tiny(tmp_path).at("2024-02-01")) == []


def test_a_table_without_accounts_is_named_by_its_own_column(tmp_path: Path) -> None:
    solutions = "need,action\n" + "training,training\n" * 2
    (notice,) = notices(tiny(tmp_path, solutions=solutions).at())
    assert notice.sentence().startswith(
        "solutions_1.csv: 1 of 2 rows was set aside, exact duplicate in the same file (training)."
    )
