"""The shared look: figures, tables, findings and pages."""
