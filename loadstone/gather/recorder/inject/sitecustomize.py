"""Starts the recorder in every Python process that inherits the environment, then the service's own sitecustomize.

Read by any Python that the service starts, Python 2 too: no annotation, no function, no syntax of later years.
"""

import os
import sys

if sys.version_info >= (3, 9) and os.environ.get("LOADSTONE_RECORDER"):
    try:
        import _loadstone_recorder  # type: ignore[import-not-found]  # beside this file

        _loadstone_recorder.start()
    except Exception:
        # A service must run as if we were not here; that this process left no marker is said afterwards.
        pass

if sys.version_info >= (3, 5):  # noqa: UP036
    _finder = sys.modules["_frozen_importlib_external"].PathFinder
    _bootstrap = sys.modules["_frozen_importlib"]
    _here = os.path.dirname(os.path.abspath(__file__))
    _spec = _finder.find_spec("sitecustomize", [_p for _p in sys.path if os.path.abspath(_p or ".") != _here])
    if _spec is not None and _spec.loader is not None:
        _next = _bootstrap.module_from_spec(_spec)
        sys.modules["sitecustomize"] = _next
        _spec.loader.exec_module(_next)
