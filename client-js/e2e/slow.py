"""A slow and lossy link: two network devices, each of which gets late, or never, what is sent into the other. For kernels
without netem. slow.py ONE OTHER DELAY_MS LOSS_PERCENT"""
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000

one, other, delay_ms, loss_percent = sys.argv[1:]
delay = float(delay_ms) / 1000
loss = float(loss_percent) / 100


def device(name: str) -> int:
    made = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(made, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return made


devices = [device(one), device(other)]
print("open", flush=True)
under_way: list[tuple[float, int, int, bytes]] = []
count = 0
while True:
    wait = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
    for ready in select.select(devices, [], [], wait)[0]:
        # A device that is down yet cannot be read.
        try:
            packet = os.read(ready, 65_535)
        except OSError:
            continue
        if random.random() < loss:
            continue
        count += 1
        to = devices[1 - devices.index(ready)]
        heapq.heappush(under_way, (time.monotonic() + delay, count, to, packet))
    while under_way and under_way[0][0] <= time.monotonic():
        _, _, to, packet = heapq.heappop(under_way)
        try:
            os.write(to, packet)
        except OSError:
            pass
