"""The account book: canonical tables, sources, mapping, checks, one region as of a day."""
