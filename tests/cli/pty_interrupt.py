# SPDX-License-Identifier: BSD-2-Clause
"""usage: pty_interrupt.py PROGRAM ARG...

Runs a program on a terminal of its own. It first prints a process id. When it
says "ready" ^C is typed; when it says so again that process gets SIGTERM. Prints
what it wrote, and exits with its exit status.
"""
import os
import pty
import re
import select
import signal
import sys

pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen, typed, ended = b"", False, False
while True:
    ready, _, _ = select.select([terminal], [], [], 20)
    if not ready:
        sys.exit("the program said nothing for 20 seconds")
    try:
        part = os.read(terminal, 4096)
    except OSError:  # EIO: nobody has the other side open
        break
    if not part:
        break
    seen += part
    if b"ready" in seen and not typed:
        typed = True
        os.write(terminal, b"\x03")
    if seen.count(b"ready") == 2 and not ended:
        ended = True
        os.kill(int(re.match(rb"\d+", seen)[0]), signal.SIGTERM)
sys.stdout.write(seen.decode("utf-8", "replace").replace("\r\n", "\n"))
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
