"""The data trust sheet: each measure on data that is sound, and on data that is not."""

from pathlib import Path

import pandas as pd
import pytest

from kapkit.book.trust import monthly_sales, trust_sheet
from tests.book.tiny import tiny

ACCOUNTS = """
    account_id,name,region,industry,channel,owner,employees,annual_revenue,since
    1,Uno,North,Food,web,Ida,5,100,2020-01-01
    2,Due,North,Food,web,Jon,,100,2020-01-01
    """
PRODUCTS = "product_id,name,category\np1,Bolt,Bolts\n"


def sheet(folder: Path, sales: str, as_of: str = "2024-03-31", **tables: str) -> pd.Series:
    """Give what was found, by measure; what it weakens behind a bar where it is poor."""
    tables = {"accounts": ACCOUNTS, "products": PRODUCTS, "sales": sales, **tables}
    found = trust_sheet(tiny(folder, **tables).region("North", as_of=as_of)).table
    weak = found["weakens"].map(lambda text: f" | {text}" if text else "")
    return (found["found"] + weak).set_axis(found["measure"])


def test_sound_data_weaken_nothing_but_what_the_fields_lack(tmp_path: Path) -> None:
    sales = """
    order_id,account_id,date,product_id,revenue,cost
    o1,1,2024-02-10,p1,100,60
    o2,2,2024-03-30,p1,100,60
    """
    assert sheet(tmp_path, sales).to_dict() == {
        "Sales": "10 February 2024 to 30 March 2024",
        "Last sale": "1 day before the reporting day",
        "Copies": "0 lines counted once",
        "Lines set aside": "0, 0 % of revenue",
        "Revenue with a known cost": "100 %",
        "Revenue with a category": "100 %",
        "Fields of accounts": "employees 50 % | characteristics and potential",
    }


def test_each_weakness_is_named_with_what_it_weakens(tmp_path: Path) -> None:
    sales = """
    order_id,account_id,date,product_id,revenue,cost,region
    o1,1,2023-12-10,p1,60,40,North
    o1,1,2023-12-10,p1,60,40,North
    o2,2,2024-02-20,p9,40,,North
    o3,9,2024-02-20,p1,25,9,North
    """
    found = sheet(tmp_path, sales)
    assert found["Sales"] == (
        "10 December 2023 to 20 February 2024; 2 of 4 months without a sale | seasons and forecasts"
    )
    assert found["Last sale"] == "40 days before the reporting day | who is silent"
    assert found["Copies"] == "1 line counted once"
    assert found["Lines set aside"] == "1, 20 % of revenue | all money"
    assert found["Revenue with a known cost"] == "60 % | contribution"
    assert found["Revenue with a category"] == "60 % | spend by category"


def test_activities_tell_batches_and_owners_who_log_nothing(tmp_path: Path) -> None:
    lines = [f"a{i},1,2024-03-0{1 if i < 6 else i - 4},call,Ida" for i in range(1, 11)]
    activities = "\n".join(["activity_id,account_id,date,kind,owner", *lines])
    sales = "order_id,account_id,date,revenue\no1,1,2024-03-30,1\n"
    found = sheet(tmp_path, sales, activities=activities)
    assert found["Activities logged in batches"] == (
        "50 % on days with 5 or more of one owner | the dates of contacts"
    )
    assert found["Owners who logged nothing"] == "Jon | effort against potential"


def test_without_sales_shares_are_missing(tmp_path: Path) -> None:
    found = sheet(tmp_path, "order_id,account_id,date,revenue\n")
    assert found["Sales"] == "none | everything"
    assert found["Revenue with a known cost"] == "– | contribution"


def test_months_without_a_sale_are_there(tmp_path: Path) -> None:
    sales = "order_id,account_id,date,revenue\no1,1,2024-01-10,3\no2,1,2024-03-10,4\n"
    region = tiny(tmp_path, accounts=ACCOUNTS, sales=sales).region("North", as_of="2024-04-30")
    assert monthly_sales(region)["revenue"].tolist() == [3, 0, 4, 0]


@pytest.mark.slow
def test_what_most_accounts_have_no_news_of_for_a_year_is_named(tmp_path: Path) -> None:
    sales = """
    order_id,account_id,date,product_id,revenue,cost
    o1,1,2024-02-10,p1,100,60
    o2,2,2024-03-30,p1,100,60
    """
    surveys = """
    account_id,date,kind,score,scale_min,scale_max
    1,2021-01-01,csat,4,1,5
    1,2024-01-01,csat,4,1,5
    2,2023-12-01,csat,4,1,5
    """
    needs = """
    account_id,need,recorded,importance,fulfilment
    1,speed,2022-01-01,4,2
    2,price,2023-03-30,4,2
    """
    named = {"surveys": surveys, "needs": needs}
    found = sheet(tmp_path, sales, **named)
    assert found["Stale fields"] == (
        "needs of 100 % of accounts older than a year | what is read from them"
    )
    later = sheet(tmp_path, sales, as_of="2024-03-29", **named)
    # To the day: one of two accounts is not most of them.
    assert later["Stale fields"] == "none of satisfaction, needs"
