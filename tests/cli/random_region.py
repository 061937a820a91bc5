# SPDX-License-Identifier: BSD-2-Clause
"""usage: random_region.py SEED GOOD OUT

Makes a region with the header of GOOD and random words after it, most of them
such that slots look written: what a wild pointer of a program may leave.
"""
import random
import struct
import sys

HEADER = 24  # magic, version, size, options; then six counters
WORDS = [0, 1, 2, 2, 2, 2, 3, 24, 105, 0xFFFFFFFF, 0x45, 0x00454545, 0x57004500]

rand = random.Random(int(sys.argv[1]))
with open(sys.argv[2], "rb") as good:
    size = len(good.read())
    good.seek(0)
    head = good.read(HEADER) + struct.pack("<6I", *[0xFFFFFFFF] * 6)
chunk = b"".join(
    struct.pack("<I", rand.choice(WORDS) if rand.random() < 0.9
                else rand.getrandbits(32)) for _ in range(1 << 15))
with open(sys.argv[3], "wb") as out:
    out.write((head + chunk * (size // len(chunk) + 1))[:size])
