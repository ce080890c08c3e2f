"""A proposal: what a folder of exports seems to be, with the reasons, for a person to judge."""
