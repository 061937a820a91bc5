# SPDX-License-Identifier: BSD-2-Clause
"""An echo server with one mistake: stale_server.py PATH

It closes a connection that a duplicate still holds open, and that is still in
its epoll set: the kernel goes on to report it, under a number that is closed.
"""

import os
import select
import signal
import socket
import sys

server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
epoll = select.epoll()
epoll.register(server.fileno(), select.EPOLLIN)
duplicates = []
connections = {}
stop = []
signal.signal(signal.SIGTERM, lambda number, frame: stop.append(number))
print("listening", flush=True)
while not stop:
    for fd, _ in epoll.poll(0.05):
        if fd == server.fileno():
            sock, _ = server.accept()
            connections[sock.fileno()] = sock
            epoll.register(sock.fileno(), select.EPOLLIN)
        elif fd in connections:
            data = connections[fd].recv(1 << 16)
            connections[fd].sendall(data)
            if not data:
                duplicates.append(os.dup(fd))
                connections[fd].shutdown(socket.SHUT_RDWR)
                connections.pop(fd).close()
