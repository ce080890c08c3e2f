"""Chapter 3: figures and tables of the evaluation."""
