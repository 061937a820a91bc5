# SPDX-License-Identifier: BSD-2-Clause
"""An asyncio echo server: echo_server.py SELECTOR PATH

Prints "listening" when it serves on the socket PATH, and ends on SIGTERM.
Besides echoing, its loop takes signals, timers, a child's end and work done
in threads, all while it serves.
"""

import asyncio
import selectors
import signal
import sys


async def echo(reader, writer):
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def tick(stop):
    while not stop.is_set():
        await asyncio.sleep(0.01)


async def serve(path):
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = await asyncio.start_unix_server(echo, path)
    child = await asyncio.create_subprocess_exec(
        "/bin/cat", stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate(b"through a child")
    assert out == b"through a child" and child.returncode == 0
    assert await asyncio.to_thread(sum, range(1000)) == 499500
    print("listening", flush=True)
    ticks = asyncio.create_task(tick(stop))
    await stop.wait()
    await ticks
    server.close()
    await server.wait_closed()
    print("ended", flush=True)


def main():
    selector = getattr(selectors, sys.argv[1])()
    loop = asyncio.SelectorEventLoop(selector)
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(serve(sys.argv[2]))
    finally:
        loop.close()


main()
