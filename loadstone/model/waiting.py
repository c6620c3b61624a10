"""Frames in which a thread waits: for a lock, a socket, another process, the next thing to do."""

from __future__ import annotations

import re

from loadstone.model.frame import read_frame

__all__ = ["IDLE_FRAMES", "waits"]

IDLE_FRAMES = frozenset(("(idle)", "(program)", "[idle]", "swapper", "<idle>", "(root)"))
"""What profilers call it."""

_WAITING_FILES = frozenset(
    (
        "selectors.py",
        "threading.py",
        "queue.py",
        "socket.py",
        "ssl.py",
        "subprocess.py",
        "socketserver.py",
        "concurrent/futures/thread.py",
        "concurrent/futures/_base.py",
        "concurrent/futures/process.py",
        "multiprocessing/connection.py",
        "multiprocessing/synchronize.py",
        "multiprocessing/queues.py",
        "multiprocessing/popen_fork.py",
        "asyncio/locks.py",
        "gunicorn/arbiter.py",
        "uvicorn/supervisors/multiprocess.py",
    )
)
_WAITING = re.compile(
    r"(?:^|[.:])(?:wait|wait_for|wait_for_signals|poll|select|kevent|epoll_wait|epoll_pwait|futex\w*|park|parkNanos|"
    r"sleep|nanosleep|clock_nanosleep|accept4?|accept0|socketAccept|socketRead0|recv\w*|readinto|acquire|"
    r"__GI___\w*poll\w*|pthread_cond_\w*wait|finish_task_switch|do_futex|schedule|run_forever|netpoll\w*|"
    r"_worker|do_epoll_wait|kevent0?|gopark|mach_msg\w*|epollwait|notesleep|usleep)$"
)


def waits(frame: str) -> bool:
    """Whether a thread with this frame as its innermost one waits. A frame is a text of ``loadstone.model.frame``."""
    function, file, _ = read_frame(frame)
    return frame in IDLE_FRAMES or file in _WAITING_FILES or _WAITING.search(function.split("(")[0]) is not None
