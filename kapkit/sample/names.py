"""Made-up names of accounts; any likeness to a real company is chance."""

import numpy as np
import pandas as pd

from kapkit.sample.draws import one_of
from kapkit.sample.world import INDUSTRIES, Region, industry_code, plain

CHINESE_SHARE = 0.028

_STEMS = """
    Aldermoor Åkerberg Arvento Askevold Aurigny Balmerie Barrowgate Belcastro Bjørnvik Bracken
    Brévaux Brodzik Calderon Caldvale Çelebi Cinderford Corvane Covarrón Dalsgaard Dobrowa
    Dunmarrow Dvorský Eastholme Ekenäs Elmsworth Estévanez Farrowdale Fenrick Ferrolin Fjellheim
    Gallowmere Garrido Glenmarch Grünau Halvorsen Harrowby Havlík Hellström Höglund Ibarrola
    Ironbridge Isenburg Janvik Jørstad Juniper Kaltenbach Karelius Kestrel Kilbrannan Kőszegi
    Królik Larkfield Lindenau Ljungvik Loxmere Lovrić Maribel Marchetta Merrowdown Mikkeva Monteval
    Nordlys Norvane Núñezal Oakhampton Ødegård Orrevik Ostrovar Pellworm Peñalba Pinecrest
    Quarrington Quintela Ravensholm Redmarsh Řezník Rosslare Rütting Saltmarsh Sandoval Selwick
    Señorío Skarholt Šimák Stavelin Tarnobor Thornbury Tidewell Üskoy Ulvestad Valdemar Västra
    Wexcombe Whinmoor Yarrow Zieliński
    """

STEMS = np.array(_STEMS.split())

WORDS = {
    "Food": ("Bakeries", "Dairy", "Beverages", "Foods"),
    "Metalworking": ("Foundry", "Precision", "Steelworks", "Tooling"),
    "Automotive": ("Axles", "Drivetrain", "Castings", "Motor Parts"),
    "Chemicals": ("Coatings", "Polymers", "Chemicals", "Resins"),
    "Construction": ("Builders", "Concrete", "Civil Works", "Roofing"),
    "Marine": ("Shipyard", "Marine", "Offshore", "Fisheries"),
}

_CHINESE_STEMS = "云岭 海晏 苏北 长汀 青禾 宁澜 东屿 瑞桐 晋原 鹭江 恒川 泽林"
CHINESE_STEMS = np.array(_CHINESE_STEMS.split())
CHINESE_WORDS = {
    "Food": "食品",
    "Metalworking": "精密机械",
    "Automotive": "汽车零部件",
    "Chemicals": "化工",
    "Construction": "建材",
    "Marine": "船舶",
}


def draw_names(
    rng: np.random.Generator,
    region: pd.Series,
    industry: pd.Series,
    regions: tuple[Region, ...],
    *,
    start: int = 0,
    foreign: bool = True,
) -> pd.Series:
    """Name each account after a stem, its trade and its region's legal form; all unique.

    A stem meets each of its four trade slots once, and no two trades share a word; where there
    are more accounts than that, names are numbered on. ``start`` counts earlier accounts; names are
    accented and some of them Chinese where they may be ``foreign``.
    """
    words = np.array([WORDS[name] for name in INDUSTRIES.index])
    cells = len(STEMS) * words.shape[1]
    turn = np.arange(-(-len(region) // cells))
    cell = np.concatenate([rng.permutation(cells) for _ in turn])[: len(region)]
    number = 1 + start + np.repeat(turn, cells)[: len(region)]
    stems = STEMS if foreign else np.array([plain(stem) for stem in STEMS])
    stem = pd.Series(stems[cell // words.shape[1]], region.index)
    trade = words[industry_code(industry), cell % words.shape[1]]
    counted = pd.Series(number, region.index).map(lambda n: "" if n == 1 else f" {n}")
    legal = one_of(rng, {r.name: r.legal_forms for r in regions}, region)
    name = stem + " " + trade + counted + " " + legal
    # Drawn either way: dirt leaves the other draws as they are.
    some_chinese = _some_chinese(rng, name, industry, start)
    return some_chinese if foreign else name


def _some_chinese(
    rng: np.random.Generator, name: pd.Series, industry: pd.Series, start: int
) -> pd.Series:
    """Give some accounts of the first block a Chinese name."""
    count = 0 if start else min(len(CHINESE_STEMS), round(CHINESE_SHARE * len(name)))
    chosen = name.index[rng.choice(len(name), count, replace=False)]
    stem = pd.Series(rng.permutation(CHINESE_STEMS)[:count], chosen, dtype="str")
    chinese = stem + industry.loc[chosen].map(CHINESE_WORDS).astype("str") + "有限公司"
    return name.mask(name.index.isin(chosen), chinese.reindex(name.index))
