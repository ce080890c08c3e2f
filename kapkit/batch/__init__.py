"""The run: prepare once, execute every notebook of every region, publish the pages."""
