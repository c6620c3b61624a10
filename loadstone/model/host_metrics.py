"""Metrics of the table ``host``: their names, units, how they come from what the kernel counts, what they say.

Scopes are ``host`` (the machine), ``service`` (its process tree), ``generator`` (this process; rows whose ``detail`` is
``receiver`` are the trace receiver's) and ``cgroup`` (the service's control group). A row without ``detail`` is the
whole of its scope, one with it a part: a disk, a network interface. Man pages: proc(5), cgroups(7), and the kernel's
Documentation/admin-guide/cgroup-v2.rst, Documentation/accounting/psi.rst.
"""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["LOOPBACK", "METRICS", "RECEIVER", "Metric"]

RECEIVER = "receiver"
"""``detail`` of the rows of scope ``generator`` that are the trace receiver's."""

LOOPBACK = "lo"
"""``detail`` of the network's rows that never leave the machine; the rows without detail leave it out."""

Kind = Literal["level", "rate", "share", "ticks", "periods", "count"]


class Metric(msgspec.Struct, frozen=True):
    """``kind`` is how a value comes of two readings, ``span_ns`` apart: ``level`` is the later reading, ``rate`` the
    difference a second, ``share`` the same for what is counted in seconds (at most 1), ``ticks`` the difference as a
    share of all CPUs' time, ``periods`` as a share of enforcement periods, ``count`` the difference itself."""

    unit: str
    kind: Kind
    text: str


METRICS: dict[str, Metric] = {
    # CPU: host
    "cpus": Metric("CPUs", "level", "CPUs that are online"),
    "cpu_busy_share": Metric("share", "ticks", "time of all CPUs neither idle nor waiting for a disk nor stolen"),
    "cpu_user_share": Metric("share", "ticks", "time in programs, niced ones too"),
    "cpu_system_share": Metric("share", "ticks", "time in the kernel"),
    "cpu_iowait_share": Metric("share", "ticks", "time idle while a disk was awaited"),
    "cpu_irq_share": Metric("share", "ticks", "time in hardware and software interrupts"),
    "cpu_steal_share": Metric("share", "ticks", "time that the hypervisor gave to others"),
    "procs_running": Metric("threads", "level", "threads that run or could run"),
    "procs_blocked": Metric("threads", "level", "threads that wait for a disk"),
    "load_1m": Metric("threads", "level", "load average over a minute"),
    "context_switches_per_s": Metric("/s", "rate", "context switches"),
    "forks_per_s": Metric("/s", "rate", "processes and threads started"),
    # pressure: host, cgroup (version 2)
    "cpu_pressure_share": Metric("share", "share", "time in which some thread waited for a CPU (PSI some)"),
    "memory_pressure_share": Metric("share", "share", "time in which some thread waited for memory (PSI some)"),
    "memory_full_pressure_share": Metric("share", "share", "time in which all threads waited for memory (PSI full)"),
    "io_pressure_share": Metric("share", "share", "time in which some thread waited for a disk (PSI some)"),
    "io_full_pressure_share": Metric("share", "share", "time in which all threads waited for a disk (PSI full)"),
    # memory: host; used and limit: cgroup too
    "memory_bytes": Metric("bytes", "level", "memory of the machine"),
    "memory_available_bytes": Metric("bytes", "level", "memory that could be had without swapping"),
    "memory_used_bytes": Metric("bytes", "level", "memory that is not available; of a control group, what it holds"),
    "swap_used_bytes": Metric("bytes", "level", "swap in use"),
    "swap_in_bytes_per_s": Metric("bytes/s", "rate", "read from swap"),
    "swap_out_bytes_per_s": Metric("bytes/s", "rate", "written to swap"),
    "faults_per_s": Metric("/s", "rate", "page faults"),
    "major_faults_per_s": Metric("/s", "rate", "page faults that waited for a disk"),
    # disks: host, a row a device; busy without detail is the busiest
    "disk_read_bytes_per_s": Metric("bytes/s", "rate", "read from disks"),
    "disk_write_bytes_per_s": Metric("bytes/s", "rate", "written to disks"),
    "disk_busy_share": Metric("share", "share", "time with a request under way; without a device, the busiest one's"),
    # network: host, a row an interface
    "net_rx_bytes_per_s": Metric("bytes/s", "rate", "received"),
    "net_tx_bytes_per_s": Metric("bytes/s", "rate", "sent"),
    "net_errors_per_s": Metric("/s", "rate", "packets with errors, both ways"),
    "net_drops_per_s": Metric("/s", "rate", "packets dropped by the interface, both ways"),
    "tcp_in_use": Metric("sockets", "level", "TCP sockets in use, IPv4 and IPv6"),
    "tcp_time_wait": Metric("sockets", "level", "TCP sockets in TIME_WAIT"),
    "tcp_orphans": Metric("sockets", "level", "TCP sockets that no process holds any more"),
    "tcp_out_segments_per_s": Metric("/s", "rate", "TCP segments sent"),
    "tcp_retransmits_per_s": Metric("/s", "rate", "TCP segments sent again"),
    "tcp_listen_overflows_per_s": Metric("/s", "rate", "connections refused because an accept queue was full"),
    "tcp_listen_drops_per_s": Metric("/s", "rate", "connections dropped while listening, for any reason"),
    # processes: service, generator; descriptors: host too
    "descriptors": Metric("descriptors", "level", "open descriptors"),
    "descriptors_limit": Metric("descriptors", "level", "open descriptors that the machine allows"),
    "descriptors_share": Metric("share", "level", "open descriptors of the soft limit, in the process nearest to it"),
    "processes": Metric("processes", "level", "processes that live"),
    "processes_new": Metric("processes", "count", "processes that were not there at the reading before"),
    "processes_ended": Metric("processes", "count", "processes that are not there any more"),
    "cpu_cores": Metric("cores", "rate", "CPU time a second"),
    "cpu_user_cores": Metric("cores", "rate", "CPU time a second in programs"),
    "cpu_system_cores": Metric("cores", "rate", "CPU time a second in the kernel"),
    "run_wait_s_per_s": Metric("s/s", "rate", "time in which threads could run and had no CPU, added up over threads"),
    "rss_bytes": Metric("bytes", "level", "resident memory, shared pages once a process"),
    "own_bytes": Metric("bytes", "level", "resident memory without mapped files and shared memory"),
    "pss_bytes": Metric("bytes", "level", "resident memory, shared pages by their share"),
    "threads": Metric("threads", "level", "threads"),
    "voluntary_switches_per_s": Metric("/s", "rate", "times a thread began to wait"),
    "involuntary_switches_per_s": Metric("/s", "rate", "times a thread was taken off its CPU"),
    "read_bytes_per_s": Metric("bytes/s", "rate", "read from disks by these processes"),
    "write_bytes_per_s": Metric("bytes/s", "rate", "sent to disks by these processes"),
    # cgroup
    "cpu_quota_cores": Metric("cores", "level", "CPU time a second that the control group may use"),
    "cpu_throttled_share": Metric("share", "periods", "enforcement periods in which the control group was stopped"),
    "cpu_throttled_s_per_s": Metric("s/s", "rate", "time in which the control group was stopped, added up over CPUs"),
    "memory_limit_bytes": Metric("bytes", "level", "memory that the control group may hold"),
    "memory_high_bytes": Metric("bytes", "level", "memory above which the control group is slowed down"),
    "memory_limit_hits": Metric("times", "count", "times the control group wanted more memory than it may hold"),
    "oom_kills": Metric("processes", "count", "processes killed because memory ran out"),
    "pids": Metric("tasks", "level", "processes and threads in the control group"),
    "pids_limit": Metric("tasks", "level", "processes and threads that the control group may have"),
}
