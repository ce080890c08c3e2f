"""Pages that leadership reads: one self-contained file each, no code, nothing loaded."""

from kapkit.report.pages.fragment import Fragment, fragment
from kapkit.report.pages.page import RegionState, index_page, region_page

__all__ = ["Fragment", "RegionState", "fragment", "index_page", "region_page"]
