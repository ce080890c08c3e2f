"""The account book: canonical tables, sources, mapping, checks, one region as of a day."""

import warnings

# pandera imports PySpark where it is installed, only to know its types.
warnings.filterwarnings("ignore", "PySpark does not yet", category=FutureWarning)
