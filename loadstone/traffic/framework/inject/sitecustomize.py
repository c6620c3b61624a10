"""Has every Python process that inherits the environment write its routes, then runs the service's own sitecustomize.

Read by any Python that the service starts, Python 2 too: no annotation, no function, no syntax of later years. Where
the recorder's directory is on the path as well, each of the two finds the other: what was passed on to is remembered.
"""
# ruff: noqa: PTH100, PTH120

import os
import sys

if sys.version_info >= (3, 9) and os.environ.get("LOADSTONE_ROUTES"):
    try:
        import _loadstone_routes  # type: ignore[import-not-found]  # beside this file

        _loadstone_routes.start()
    except Exception:
        # A service must run as if we were not here; that no table was written is said afterwards.
        pass

if sys.version_info >= (3, 5):  # noqa: UP036
    _finder = sys.modules["_frozen_importlib_external"].PathFinder
    _bootstrap = sys.modules["_frozen_importlib"]
    _passed = sys.__dict__.setdefault("_loadstone_passed", [])
    _passed.append(os.path.dirname(os.path.abspath(__file__)))
    _spec = _finder.find_spec("sitecustomize", [_p for _p in sys.path if os.path.abspath(_p or ".") not in _passed])
    if _spec is not None and _spec.loader is not None:
        _passed.append(os.path.dirname(os.path.abspath(_spec.origin or ".")))
        _next = _bootstrap.module_from_spec(_spec)
        sys.modules["sitecustomize"] = _next
        _spec.loader.exec_module(_next)
