"""Chapter 4 as people read it: the plan, open loops and themes."""
