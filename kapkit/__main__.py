"""``python -m kapkit``: the kapkit command where no script is installed."""

from kapkit.cli import app

app()
