"""How long a large HAR takes to read, and how much memory: ``python -m benches.recordings --megabytes 200``."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from loadstone.traffic.har import read_har

NAME = "x" * 100
HEADERS = [{"name": f"h{number}", "value": "v" * 40} for number in range(15)]


def written(path: Path, megabytes: float) -> int:
    """A HAR of lists in JSON of about 50 kB each, and a picture of 60 kB to every second one; the number of entries."""
    body = json.dumps({"items": [{"id": number, "name": NAME} for number in range(400)]})
    entries = 0
    with path.open("w") as file:
        file.write('{"log": {"version": "1.2", "creator": {"name": "bench", "version": "1"}, "entries": [')
        while file.tell() < megabytes * 1e6:
            for picture in (False, True)[: 1 + entries % 2]:
                content = {"mimeType": "application/json", "text": body}
                if picture:
                    content = {"mimeType": "image/png", "encoding": "base64", "text": "A" * 60_000}
                entry = {
                    "startedDateTime": "2026-03-01T10:00:00.000Z",
                    "time": 1,
                    "request": {"method": "GET", "url": f"https://shop.example/api/{entries}", "headers": HEADERS},
                    "response": {"status": 200, "headers": HEADERS, "content": content},
                }
                file.write(("," if entries else "") + json.dumps(entry))
                entries += 1
        file.write("]}}")
    return entries


def main() -> None:
    """Write one, read it, say what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=200.0)
    megabytes = parser.parse_args().megabytes
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.har"
        entries = written(path, megabytes)
        began = time.process_time()
        recording = read_har(path)
        took_s = time.process_time() - began
        size = path.stat().st_size / 1e6
    unit = 1024 if sys.platform == "linux" else 1
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    kept = f"{entries} entries ({len(recording.exchanges)} kept)"
    print(f"{size:.0f} MB, {kept}: {took_s:.2f} s of CPU, {most:.0f} MB at most")


if __name__ == "__main__":
    main()
