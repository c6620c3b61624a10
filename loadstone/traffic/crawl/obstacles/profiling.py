"""A process that may not be looked into: what the kernel's and the profilers' words mean, and what would allow it.

Kernel: ptrace(2), admin-guide/LSM/Yama, admin-guide/perf-security. Profilers: py-spy 0.4, perf, memray 1.17.
"""

from __future__ import annotations

import re

from loadstone.model.discovery import Obstacle

__all__ = ["obstacle_of_profiler"]

_START = "or let Loadstone start the service (start in [service]): a child may always be looked into"

_KNOWN: tuple[tuple[re.Pattern[str], str, str, str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), code, sentence, advice)
    for pattern, code, sentence, advice in (
        (
            r"belongs to another user",
            "profile-other-user",
            "The service runs as another user, and may not be profiled from here.",
            f"Run loadstone as that user or with sudo, {_START}.",
        ),
        (
            r"ptrace_scope is 3",
            "profile-ptrace",
            "This machine lets nobody look into a process (kernel.yama.ptrace_scope = 3).",
            "It holds until the next start of the machine: set it to 1 in /etc/sysctl.d and restart.",
        ),
        (
            r"ptrace_scope",
            "profile-ptrace",
            "The kernel lets a process be looked into by its parent alone (kernel.yama.ptrace_scope).",
            f"sudo sysctl kernel.yama.ptrace_scope=0, {_START}.",
        ),
        (
            r"cap.?(?:add)?.{0,4}SYS_PTRACE|seccomp",
            "profile-container",
            "The container lets no process look into another.",
            "Run it with --cap-add SYS_PTRACE (in a compose file: cap_add: [SYS_PTRACE]).",
        ),
        (
            r"perf_event_paranoid|perf_event_open|no permission to (?:enable|collect)",
            "profile-perf",
            "perf may not sample here (kernel.perf_event_paranoid).",
            "sudo sysctl kernel.perf_event_paranoid=1, or run loadstone with sudo.",
        ),
        (
            r"no such process|failed to open process|process .{0,20}(?:has )?(?:exited|ended|gone)|os error 3\b",
            "profile-gone",
            "The process that was to be profiled has ended.",
            "Look at the service's log, and give the id of a process that runs: ss -ltnp shows who listens.",
        ),
        (
            r"failed to find python version|not a python (?:process|interpreter)",
            "profile-not-python",
            "The process is not Python, so py-spy cannot read it.",
            "Native processes are sampled by perf; loadstone doctor --pid N says what fits.",
        ),
        (
            r"permission denied|operation not permitted|os error (?:1|13)\b|elevated permissions|not allowed to",
            "profile-denied",
            "This user may not look into the service's process.",
            f"Run loadstone with sudo or as the service's user, {_START}.",
        ),
    )
)


def obstacle_of_profiler(text: str) -> Obstacle | None:
    """The obstacle behind what a profiler or the kernel said; None for words that are not known."""
    for pattern, code, sentence, advice in _KNOWN:
        if pattern.search(text):
            return Obstacle(code, sentence, advice)
    return None
