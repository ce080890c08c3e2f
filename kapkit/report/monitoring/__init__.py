"""Chapter 5: figures and tables of execution and monitoring."""
