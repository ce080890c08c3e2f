"""The goods of the simulated company, by category."""

from typing import NamedTuple


class Category(NamedTuple):
    """A group of products.

    ``price`` is the median list price in the book's currency, ``margin`` the share of the list
    price above cost in the first year, ``increase`` the yearly rise of its price, ``inflation``
    that of its cost, ``interest`` how much each industry (in their order) wants it.
    """

    name: str
    price: float
    margin: float
    increase: float
    inflation: float
    interest: tuple[float, ...]
    products: tuple[str, ...]


CATEGORIES = (
    Category(
        "Fasteners",
        9.0,
        0.46,
        0.015,
        0.020,
        (0.5, 2, 4, 0.5, 5, 2),
        (
            "Hex bolts M8, box of 100",
            "Hex bolts M12, box of 50",
            "Self-locking nuts M10, box of 100",
            "Washers A2, box of 200",
            "Anchor bolts 12 mm, box of 25",
            "Threaded rod 1 m",
            "Blind rivets, box of 500",
        ),
    ),
    Category(
        "Bearings",
        24.0,
        0.38,
        0.028,
        0.031,
        (2, 4, 5, 2, 1, 3),
        (
            "Deep groove ball bearing 6205",
            "Deep groove ball bearing 6308",
            "Tapered roller bearing 32210",
            "Pillow block unit 30 mm",
            "Needle bearing 20 mm",
            "Linear guide carriage 25",
            "Thrust bearing 51106",
        ),
    ),
    Category(
        "Lubricants",
        31.0,
        0.42,
        0.050,
        0.045,
        (4, 3, 3, 3, 1, 3),
        (
            "Bearing grease 1 kg",
            "Food-grade oil 5 l",
            "Hydraulic oil HLP 46, 20 l",
            "Gear oil 220, 10 l",
            "Cutting fluid concentrate 10 l",
            "Chain spray 500 ml, case of 12",
        ),
    ),
    Category(
        "Safety",
        14.0,
        0.48,
        0.020,
        0.015,
        (4, 2, 2, 5, 4, 3),
        (
            "Nitrile gloves, box of 100",
            "Cut-resistant gloves, 12 pairs",
            "Safety glasses, box of 10",
            "Ear plugs, box of 200",
            "Half mask with filters",
            "Helmet with chin strap",
            "High-visibility vest, pack of 5",
        ),
    ),
    Category(
        "Cutting tools",
        38.0,
        0.40,
        0.025,
        0.028,
        (0.3, 6, 4, 0.3, 2, 1),
        (
            "Carbide end mill 10 mm",
            "Carbide drill 8.5 mm",
            "Indexable inserts, box of 10",
            "Band saw blade 3 m",
            "Machine tap M10",
            "Cutting discs 125 mm, box of 25",
        ),
    ),
    Category(
        "Seals and hoses",
        19.0,
        0.36,
        0.030,
        0.034,
        (4, 1, 2, 5, 1, 5),
        (
            "O-ring kit FKM",
            "Shaft seal 45 x 62",
            "Flange gasket DN 50, pack of 10",
            "Hydraulic hose 1/2 inch, 5 m",
            "Food hose 25 mm, 5 m",
            "Quick coupling 3/8 inch",
            "Mechanical seal 32 mm",
        ),
    ),
)
