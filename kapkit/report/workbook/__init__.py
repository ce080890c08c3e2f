"""What people take away from a region as an Excel workbook."""
