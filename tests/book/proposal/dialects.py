"""The sample company as five systems would export it: words, encodings, days and numbers."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Dialect:
    """How a system writes: names of files and columns, encoding, signs, days, kinds."""

    files: tuple[str, str, str]
    accounts: str
    products: str
    sales: str
    kinds: tuple[str, str]
    encoding: str
    delimiter: str
    day: str
    decimal: str = "."
    above: str = ""


DIALECTS = {
    "English": Dialect(
        ("customers.csv", "items.csv", "invoices-{}.csv"),
        "Customer No.|Customer Name|Territory|Line of Business|Sales Channel|Account Manager|"
        "Parent Company|Headcount|Annual Turnover|Customer Since|Potential",
        "SKU|Description|Product Group",
        "Invoice No.|Sold-To|Posting Date|SKU|Qty|Net Amount|Line Discount|COGS|Order Channel|"
        "Document Type",
        ("Invoice", "Credit Memo"),
        "utf-16",
        ",",
        "%m/%d/%Y",
    ),
    "German": Dialect(
        ("Kunden.csv", "Artikel.csv", "Umsatz_{}.csv"),
        "Kundennr.|Kundenname|Gebiet|Branche|Vertriebsweg|Betreuer|Konzern|Anzahl Mitarbeiter|"
        "Jahresumsatz|Kunde seit|Potenzial",
        "Artikelnummer|Artikelbezeichnung|Warengruppe",
        "Belegnummer|Kundennr.|Belegdatum|Artikelnummer|Menge|Nettobetrag|Rabattbetrag|Wareneinsatz|"
        "Bestellweg|Belegart",
        ("Rechnung", "Gutschrift"),
        "cp1252",
        ";",
        "%d.%m.%Y",
        ",",
        "Auswertung\n\n",
    ),
    "French": Dialect(
        ("clients.csv", "produits.csv", "factures/{}/lignes.csv"),
        "Code client|Raison sociale|Secteur|Activité|Canal|Commercial|Maison mère|Effectif|"
        "Chiffre d'affaires annuel|Client depuis|Potentiel",
        "Référence article|Désignation|Famille",
        "N° facture|Code client|Date facture|Référence article|Qté|Montant HT|Montant remise|"
        "Coût de revient|Canal|Type de pièce",
        ("Facture", "Avoir"),
        "latin-1",
        ";",
        "%d/%m/%Y",
        ",",
    ),
    "Spanish": Dialect(
        ("clientes.txt", "articulos.txt", "ventas_{}.txt"),
        "Código cliente|Razón social|Zona|Sector|Canal|Comercial|Empresa matriz|Empleados|"
        "Facturación anual|Cliente desde|Potencial",
        "Código artículo|Descripción|Familia",
        "Nº factura|Código cliente|Fecha factura|Código artículo|Cantidad|Importe neto|"
        "Importe descuento|Coste|Canal|Tipo documento",
        ("Factura", "Abono"),
        "utf-8-sig",
        "\t",
        "%d/%m/%Y",
        ",",
    ),
    "Chinese": Dialect(
        ("客户.csv", "产品.csv", "销售{}.csv"),
        "客户编号|客户名称|大区|行业|渠道|负责人|上级客户|员工人数|年营业额|合作日期|潜力",
        "产品编号|产品名称|产品类别",
        "订单号|客户编号|订单日期|产品编号|数量|不含税金额|折扣金额|成本|销售渠道|单据类型",
        ("销售", "退货"),
        "gb18030",
        ",",
        "%Y/%m/%d",
    ),
}


def export_sample(sample: Path, folder: Path, name: str) -> None:
    """Write the sample's tables as a system of this dialect would."""
    dialect = DIALECTS[name]
    sales = pd.concat(pd.read_parquet(file) for file in sorted(sample.glob("sales_*.parquet")))
    accounts, products = (
        pd.read_csv(sample / f"{table}.csv", dtype="str", keep_default_na=False)
        for table in ("accounts", "products")
    )
    days = pd.to_datetime(sales["date"])
    accounts["since"] = _days(pd.to_datetime(accounts["since"], errors="coerce"), dialect)
    for column in ("quantity", "revenue", "discount", "cost"):
        written = sales[column].astype("str").str.replace(".", dialect.decimal)
        sales[column] = written.where(sales[column].notna(), "")
    sales["date"] = _days(days, dialect)
    sales["kind"] = sales["kind"].map(dict(zip(("sale", "credit"), dialect.kinds, strict=True)))
    _write(accounts, folder / dialect.files[0], dialect.accounts, dialect)
    _write(products, folder / dialect.files[1], dialect.products, dialect)
    for year, delivery in sales.groupby(days.dt.year):
        _write(delivery, folder / dialect.files[2].format(year), dialect.sales, dialect)


def _days(days: pd.Series, dialect: Dialect) -> pd.Series:
    return days.dt.strftime(dialect.day).fillna("")


def _write(frame: pd.DataFrame, path: Path, labels: str, dialect: Dialect) -> None:
    named = frame.set_axis(labels.split("|"), axis="columns")
    text = dialect.above + named.to_csv(index=False, sep=dialect.delimiter)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(dialect.encoding, "replace"))
