"""The rows of the benchmarks of package mp, done with Python's multiprocessing.

    python3 bench.py ROW

prints one figure: seconds, bytes, or things a second. It is "-" for a row that
this system cannot do. Each row uses what is fastest in Python: fork where there
is fork, a pipe of one direction, send_bytes for bytes, tuples for structs, an
array for numbers.
"""

import array
import math
import multiprocessing
import os
import re
import sys
import time
from statistics import median

WORKERS = 2
METHODS = multiprocessing.get_all_start_methods()
mp = multiprocessing.get_context("fork" if "fork" in METHODS else METHODS[0])


def rounds(f):
    """The median of what some calls of f return: five, or fewer in a second."""
    figures = []
    end = time.perf_counter() + 1
    while len(figures) < 5 and (not figures or time.perf_counter() < end):
        figures.append(f())
    return median(figures)


def rate(n, f):
    """How many a second, if one call of f does n."""
    f()
    return n / rounds(lambda: seconds(f))


def trip(n, f):
    f()
    return median(seconds(f) for _ in range(n))


def seconds(f):
    start = time.perf_counter()
    f()
    return time.perf_counter() - start


# What other processes run.


def square(n):
    return n * n


def same(block):
    return block


def nothing():
    pass


def burn(steps):
    x = 88172645463325252
    for _ in range(steps):
        x ^= (x << 13) & 0xFFFFFFFFFFFFFFFF
        x ^= x >> 7
        x ^= (x << 17) & 0xFFFFFFFFFFFFFFFF
    return x


def echo(conn):
    while True:
        conn.send(conn.recv())


def drain(inlet, done, every, raw):
    receive = inlet.recv_bytes if raw else inlet.recv
    while True:
        for _ in range(every):
            receive()
        done.send(None)


def put(queue, barrier, item, n):
    barrier.wait()
    for _ in range(n):
        queue.put(item)


def get(queue, barrier, done, n):
    barrier.wait()
    for _ in range(n):
        queue.get()
    done.put(n)


def pass_on(there, back):
    while True:
        back.put(there.get())


def start(target, *args):
    p = mp.Process(target=target, args=args, daemon=True)
    p.start()
    return p


# Processes.


def start_and_join():
    def f():
        p = mp.Process(target=nothing)
        p.start()
        p.join()

    return trip(20, f)


def first_answer():
    def f():
        pools.append(mp.Pool(WORKERS))
        pools[-1].apply(square, (7,))

    pools = []
    times = []
    for _ in range(10):
        times.append(seconds(f))
        pools[-1].terminate()
        pools[-1].join()
    return median(times)


def idle_worker():
    with mp.Pool(WORKERS) as pool:
        pool.apply(square, (7,))
        sizes = [pss(p.pid) for p in multiprocessing.active_children()]
    return sum(sizes) / len(sizes) if all(sizes) else "-"


def pss(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            return 1024 * int(re.search(r"^Pss: +(\d+)", f.read(), re.M).group(1))
    except OSError:
        return 0


def speed_up():
    tasks = [30_000] * 32
    with mp.Pool(WORKERS) as pool:
        alone = lambda: list(map(burn, tasks))
        together = lambda: pool.map(burn, tasks, chunksize=1)
        together()
        return rounds(lambda: seconds(alone) / seconds(together))


# Pipes.


def pipe_round_trip():
    ours, theirs = mp.Pipe()
    start(echo, theirs)

    def f():
        ours.send(7)
        ours.recv()

    return trip(2000, f)


def one_way(n, item):
    """Seconds for n messages."""
    inlet, outlet = mp.Pipe(False)
    done, tell = mp.Pipe(False)
    raw = isinstance(item, bytes)
    start(drain, inlet, tell, n, raw)
    send = outlet.send_bytes if raw else outlet.send

    def f():
        for _ in range(n):
            send(item)
        done.recv()

    f()
    return rounds(lambda: seconds(f))


# Queues.


def queue(n, producers, consumers, item):
    def round():
        q, done = mp.Queue(), mp.SimpleQueue()
        barrier = mp.Barrier(producers + consumers + 1)
        all = [start(put, q, barrier, item, n // producers) for _ in range(producers)]
        shares = [n // consumers + (i < n % consumers) for i in range(consumers)]
        all += [start(get, q, barrier, done, share) for share in shares]
        barrier.wait()
        took = seconds(lambda: [done.get() for _ in range(consumers)])
        for p in all:
            p.join()
        return n / took

    return rounds(round)


def queue_round_trip():
    there, back = mp.Queue(), mp.Queue()
    start(pass_on, there, back)

    def f():
        there.put(7)
        back.get()

    return trip(2000, f)


# Pools.


def one_by_one(workers, n):
    with mp.Pool(workers) as pool:
        return rate(n, lambda: pool.map(square, range(n), chunksize=1))


def chunk():
    n = 1_000_000
    with mp.Pool(WORKERS) as pool:
        return rate(n, lambda: pool.map(square, range(n)))


def imap_unordered():
    n = 20_000
    with mp.Pool(WORKERS) as pool:
        return rate(n, lambda: [None for _ in pool.imap_unordered(square, range(n))])


def apply():
    with mp.Pool(WORKERS) as pool:
        return trip(1000, lambda: pool.apply(square, (7,)))


def payloads():
    blocks = [bytes([i]) * (1 << 20) for i in range(64)]
    with mp.Pool(WORKERS) as pool:
        return rate(2 * 64 << 20, lambda: pool.map(same, blocks, chunksize=1))


# How cost grows.


def parent(size):
    memory = b"x" * size
    return start_and_join() if memory else 0


STRUCT = (12345, "sensor-7", 1.5)
FLOATS = array.array("d", map(math.sqrt, range(1000)))
MESSAGES = {
    "1B": (1, 20_000),
    "16B": (16, 20_000),
    "256B": (256, 20_000),
    "4KiB": (4 << 10, 10_000),
    "64KiB": (64 << 10, 1000),
    "1MiB": (1 << 20, 100),
    "16MiB": (16 << 20, 6),
}
ROWS = {
    "StartAndJoin": start_and_join,
    "PoolFirstAnswer": first_answer,
    "PoolIdleWorker": idle_worker,
    "PoolSpeedUp": speed_up,
    "PoolOneByOne": lambda: one_by_one(WORKERS, 20_000),
    "PoolChunk": chunk,
    "PoolImapUnordered": imap_unordered,
    "PoolApply": apply,
    "PoolPayloads": payloads,
    "PipeRoundTrip": pipe_round_trip,
    "PipeBytes64KiB": lambda: 2000 * (64 << 10) / one_way(2000, bytes(64 << 10)),
    "PipeBytes1MiB": lambda: 125 * (1 << 20) / one_way(125, bytes(1 << 20)),
    "PipeStructs": lambda: 50_000 / one_way(50_000, STRUCT),
    "PipeFloats1000": lambda: 5000 * 8000 / one_way(5000, FLOATS),
    "QueueRoundTrip": queue_round_trip,
    "GrowthParent/10MB": lambda: parent(10_000_000),
    "GrowthParent/2000MB": lambda: parent(2_000_000_000),
}
for kind, item in ("Ints", 7), ("Structs", STRUCT):
    for p, c in (1, 1), (4, 4), (1, 8):
        ROWS[f"Queue{kind}{p}to{c}"] = lambda p=p, c=c, item=item: queue(24_000, p, c, item)
for n in 1, 2, 4, 8, 16, 64:
    ROWS[f"GrowthQueue/{n}"] = lambda n=n: queue(24_000, 1, n, 7)
    ROWS[f"GrowthPool/{n}"] = lambda n=n: one_by_one(n, 10_000)
for name, (size, n) in MESSAGES.items():
    ROWS[f"GrowthMessage/{name}"] = lambda size=size, n=n: one_way(n, bytes(size)) / n

if __name__ == "__main__":
    print(ROWS[sys.argv[1]]())
