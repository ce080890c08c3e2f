"""How much of the true headroom do the accounts with most room to grow have?

Simulated wallets of 200 accounts, of which a part is spent here: share of the attainable headroom
caught by the top fifth by room to grow, and by spend. The study's bars: .90 where the share may be
anything with mean .5 and wallets scatter by .2 among peers, and 1.5 times the ranking by spend.
``python benchmarks/potential.py 8`` takes eight worlds a setting.
"""

import sys
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from tests.models.wallets import headroom_caught


def main(worlds: int) -> None:
    """Print a row per setting: any share as likely as another (2), or shares alike (4)."""
    print("share alike scatter   by room by spend ratio")
    for alike, scatter, share in product((2.0, 4.0), (0.2, 0.5), (0.3, 0.5, 0.7)):
        each = [
            headroom_caught(seed, share=share, alike=alike, scatter=scatter)
            for seed in range(worlds)
        ]
        room, spend = np.mean(each, axis=0)
        print(f"{share:5} {alike:5} {scatter:7}   {room:7.3f} {spend:8.3f} {room / spend:5.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
