"""Statistics: what accounts are worth next, judged against the naive baseline."""
