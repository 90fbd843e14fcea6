"""Measure the running bot: time to start, memory, and how long a photo takes.

    make bench

Starts the real program on the playground, several times, and prints medians. Linux only, since
memory is read from /proc.
"""

import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import connect

import httpx
import numpy as np
from PIL import Image, ImageDraw

from bot.playground import USER_ID
from mnist_model.reader import Reader

STARTS = 5
PHOTOS = 40
PHOTO_SIZE_PX = (1280, 960)  # as Telegram hands photos to bots


def main() -> None:
    """Print the figures, one line each."""
    photo = make_photo()
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        ready_s = [measure_start(data_dir) for _ in range(STARTS)]
        print(f"Start until ready: median {statistics.median(ready_s):.2f} s of {STARTS}")
        with running(data_dir) as (process, url):
            idle_mb = memory_mb(process.pid)
            for count in range(1, PHOTOS + 1):
                send(url, photo)
                wait_for_answers(data_dir, count)
            print(
                f"Memory: {idle_mb:.0f} MB when ready, {memory_mb(process.pid):.0f} MB after "
                f"{PHOTOS} photos, {memory_mb(process.pid, peak=True):.0f} MB at most"
            )
        print(f"Reading a photo in the bot: median {median_latency_ms(data_dir):.1f} ms")
    print(json.dumps(measure_reading(photo)))


def make_photo() -> bytes:
    """Return a JPEG of a 7 on uneven paper, in the size that Telegram sends."""
    width, height = PHOTO_SIZE_PX
    noise = np.random.default_rng(0).normal(0, 6, (height, width, 3))
    light = np.linspace(150, 230, width)[None, :, None]
    image = Image.fromarray((light + noise).clip(0, 255).astype(np.uint8))
    corners = [(480, 280), (780, 280), (580, 720)]
    ImageDraw.Draw(image).line(corners, fill=(30, 30, 60), width=26, joint="curve")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=87)
    return buffer.getvalue()


@contextmanager
def running(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the bot on the playground; give its process and address when it is ready."""
    process = subprocess.Popen(
        [Path(sys.executable).with_name("digit-bot"), "run"],
        env=os.environ
        | {"DATA_DIR": str(data_dir), "PLAYGROUND_PORT": "0", "TELEGRAM_BOT_TOKEN": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        yield process, line.split()[-1]
    finally:
        process.terminate()
        process.wait()


def measure_start(data_dir: Path) -> float:
    """Return the seconds from the start of the process until it says that it is ready."""
    started = time.perf_counter()
    with running(data_dir):
        return time.perf_counter() - started


def send(url: str, photo: bytes) -> None:
    """Send a photo as the playground's user."""
    files = {"file": ("photo.jpg", photo)}
    path = f"{url}/playground/chats/{USER_ID}/photo"
    httpx.post(path, files=files, trust_env=False).raise_for_status()


def wait_for_answers(data_dir: Path, count: int) -> None:
    """Wait until so many photos have been answered."""
    with closing(connect(data_dir / "digit-bot.sqlite")) as connection:
        query = "SELECT count(*) FROM reading WHERE answer_message_id IS NOT NULL"
        while connection.execute(query).fetchone()[0] < count:
            time.sleep(0.005)


def median_latency_ms(data_dir: Path) -> float:
    """Return the median of what the bot itself measured and stored, in milliseconds."""
    with closing(connect(data_dir / "digit-bot.sqlite")) as connection:
        rows = connection.execute("SELECT latency_ms FROM reading").fetchall()
    return statistics.median(latency for (latency,) in rows)


def memory_mb(pid: int, *, peak: bool = False) -> float:
    """Return a process's resident memory in megabytes (10^6 bytes), now or at its peak."""
    field = "VmHWM:" if peak else "VmRSS:"
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    line = next(line for line in status if line.startswith(field))
    return int(line.split()[1]) * 1024 / 1e6


def measure_reading(photo: bytes) -> dict[str, float]:
    """Compare decoding and reading a photo with Pillow's decoding alone, in turns."""
    reader = Reader.load()
    decode_ms, read_ms = [], []
    for _ in range(PHOTOS):
        started = time.perf_counter()
        Image.open(io.BytesIO(photo)).load()
        decoded = time.perf_counter()
        reader.read(photo)
        decode_ms.append((decoded - started) * 1000)
        read_ms.append((time.perf_counter() - decoded) * 1000)
    decode, read = statistics.median(decode_ms), statistics.median(read_ms)
    return {
        "pillow_decode_ms": round(decode, 2),
        "decode_and_read_ms": round(read, 2),
        "ratio": round(read / decode, 2),
    }


if __name__ == "__main__":
    main()
