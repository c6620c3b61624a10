"""The limits that decide whether a run is believed, each with its source.

They are set so that a machine with two cores that hosts the service and the generator can be valid: pressure on the
host is believed to matter only where the generator's own schedule shows it.
"""

from __future__ import annotations

__all__ = [
    "BEHIND_NOTE",
    "ERROR_NOTE",
    "FEW_BEYOND",
    "LATE_DOMINATES",
    "LATE_DOUBT_SHARE",
    "LATE_MATTERS",
    "LATE_NOTE_SHARE",
    "LATE_VOID_SHARE",
    "LITTLE_OFF",
    "LITTLE_REQUESTS",
    "OFFERED_OFF",
    "OFFERED_SIGMAS",
    "PRESSURE_NOTE",
    "SATURATED_INTERVALS",
    "SATURATED_SHARE",
    "STALLS_DOUBT",
    "STEAL_DOUBT",
    "STEAL_NOTE",
]

SATURATED_SHARE = 0.9
"""A thread that is busy for more than this part of an interval is saturated: work arriving at random then waits for
it 4.5 times its own length on average (M/D/1, rho / (2 (1 - rho)) at rho = 0.9; Kleinrock, Queueing Systems, 1975)."""

SATURATED_INTERVALS = 0.05
"""Share of measured intervals with a saturated generator that voids latency: a p95 could then consist of them."""

LATE_NOTE_SHARE = 0.001
"""Share of arrivals late by the generator's fault that is told: above 0.1 %, the p99.9 can be made of them alone."""

LATE_DOUBT_SHARE = 0.01
"""Above 1 %, so can the p99."""

LATE_VOID_SHARE = 0.10
"""Above 10 %, so can the p90."""

LATE_MATTERS = 0.1
"""Part of the response time, at its p90 or p99, that does not come from the service: one minus service over response.
A tenth is what a tail is wanted to within; late arrivals that move it less are told and no more."""

LATE_DOMINATES = 0.5
"""From here on, what is called response time is for the larger part lateness."""

OFFERED_OFF = 0.01
"""Relative difference of offered and scheduled arrivals that counts: ten times the rate error that the engine is held
to (0.1 %)."""

OFFERED_SIGMAS = 5.0
"""Poisson arrivals vary by the root of their number, and bursts by that of their index of dispersion more; five of
those happen by chance once in 1.7 million runs."""

STEAL_DOUBT = 0.10
STEAL_NOTE = 0.02
"""CPU taken by the hypervisor: at 10 % every CPU-bound time on the machine is stretched by 11 %, the service's and
the generator's alike (1 / (1 - steal)), more than an objective's margin often is; at 2 % it is by 2 %."""

PRESSURE_NOTE = 0.5
"""Share of time in which some task waited for a CPU (Linux PSI, Documentation/accounting/psi.rst). A service and its
generator on two cores press each other without harm; half of the time is worth a word."""

FEW_BEYOND = 10
"""A quantile needs this many requests beyond it: the relative standard error of their share is then 1 / sqrt(10),
about a third."""

ERROR_NOTE = 0.01
"""Failed requests stay in the latency; above 1 % they can make up, or hide, a p99."""

LITTLE_OFF = 0.05
"""Little's law must hold within 5 % beyond what the ends of the run explain (Little, Operations Research 9, 1961)."""

LITTLE_REQUESTS = 1000
"""Below this many requests the ends of the run weigh too much for the law to tell anything."""

BEHIND_NOTE = 0.05
"""Growth of the requests in flight, as a part of what is sent meanwhile, beyond chance: more than 5 % of the load is
not answered, and latency grows with the length of the run."""

STALLS_DOUBT = 0.25
"""Share of intervals handed over late: nothing is lost, but the time axis is then coarse."""
