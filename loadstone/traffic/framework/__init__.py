"""The route table of a service as its framework has it: written by the service itself, without a change to it.

``inject/`` goes on a Python service's PYTHONPATH and knows nothing of Loadstone, ``node_routes.cjs`` into NODE_OPTIONS
of one in Node; what they write is told apart here.
"""

from loadstone.traffic.framework.environment import routes_environment
from loadstone.traffic.framework.reading import FrameworkRoutes, read_routes

__all__ = ["FrameworkRoutes", "read_routes", "routes_environment"]
