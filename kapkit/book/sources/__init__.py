"""Where a book's rows come from: files of three kinds, a DuckDB file, a PostgreSQL server."""
