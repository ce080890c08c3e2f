"""kapkit: key-account plans a sales region can defend.

``import kapkit as kap``, then ``kap.open_book("data/sample").region("North")``; every public
function is here and is loaded when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
