"""A small process to be profiled: it does what it is told on its standard input, and says when it has done it.

burn S     S seconds of CPU in Python, in the thread "hot"
digest S   S seconds of CPU without the interpreter's lock, in the thread "digest"
fork       a worker of its own that burns until it is killed; answers with its id
spawn N    N threads that live for a moment each
end        ends
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable


def burn(seconds: float) -> None:
    total = 0
    while time.thread_time() < seconds:
        for number in range(2000):
            total += number


def digest(seconds: float) -> None:
    block = bytes(8_000_000)
    while time.thread_time() < seconds:
        hashlib.sha256(block)


def asleep(until: threading.Event) -> None:
    until.wait()


def wait_for_words() -> str:
    return sys.stdin.readline()


def in_thread(name: str, work: Callable[[float], None], seconds: float) -> None:
    thread = threading.Thread(target=work, args=(seconds,), name=name)
    thread.start()
    thread.join()


def main() -> None:
    threading.Thread(target=asleep, args=(threading.Event(),), name="asleep", daemon=True).start()
    print("ready", flush=True)
    while line := wait_for_words():
        word, _, rest = line.strip().partition(" ")
        if word == "burn":
            in_thread("hot", burn, float(rest))
        elif word == "digest":
            in_thread("digest", digest, float(rest))
        elif word == "fork":
            worker = os.fork()
            if not worker:
                burn(1e9)
            print(worker, flush=True)
            continue
        elif word == "spawn":
            for _ in range(int(rest)):
                in_thread("moment", burn, 0.002)
        elif word == "end":
            os._exit(0)
        print("done", flush=True)


if __name__ == "__main__":
    main()
