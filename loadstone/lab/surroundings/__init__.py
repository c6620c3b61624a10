"""What surrounds a service: its databases and dependencies, its containers, and how it is reached where it runs."""

from loadstone.lab.surroundings.attaching import Attached, attach, service_pids
from loadstone.lab.surroundings.compose import Compose, compose_services, find_compose
from loadstone.lab.surroundings.containers import Container
from loadstone.lab.surroundings.looking import Surroundings, look

__all__ = [
    "Attached",
    "Compose",
    "Container",
    "Surroundings",
    "attach",
    "compose_services",
    "find_compose",
    "look",
    "service_pids",
]
