#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""sshd with privilege separation and its seccomp sandbox: sftp, forwarding.

The process that speaks to a stranger runs under a filter that kills it for any
system call which sshd's authors did not foresee. It is looked at while it is
in there, and must go on to a login. Two forms: as it is by default, where each
connection is a new image of sshd, and with -r, where it is a plain fork of the
listener.
"""

import hashlib
import os
import pwd
import re
import socket
import subprocess
import threading

import basics
import harness
import loads
import processes

SSHD, SSH, SFTP, KEYGEN, UNSHARE = basics.need(
    "sshd", "ssh", "sftp", "ssh-keygen", "unshare")
USER = pwd.getpwuid(os.getuid()).pw_name
EMPTY = "/run/sshd"  # where root's sshd locks up the sandboxed process
CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey {dir}/host
PidFile none
AuthorizedKeysFile {dir}/client.pub
AuthenticationMethods publickey
StrictModes no
UsePAM no
PermitRootLogin yes
LogLevel DEBUG3
RekeyLimit 1M
Subsystem sftp internal-sftp
"""


class Sshd(harness.Case):
    flags = []
    options = ["follow=1"]
    unseen = {"seccomp"}  # the sandboxed process: checks stop there

    def executable(self):
        return SSHD

    def prefix(self, _run):
        """A /run of its own, where the machine's has no place for sshd."""
        if os.getuid() != 0 or os.path.isdir(EMPTY):
            return []
        script = 'mount -t tmpfs none /run && mkdir %s && exec "$@"' % EMPTY
        return [UNSHARE, "-m", "/bin/sh", "-c", script, "sh"]

    def command(self, run):
        for name in ("host", "client"):
            subprocess.run([KEYGEN, "-q", "-t", "ed25519", "-N", "", "-f",
                            run.path(name)], check=True,
                           stdin=subprocess.DEVNULL)
        self.port = basics.free_port()
        with open(run.path("conf"), "w") as conf:
            conf.write(CONFIG.format(dir=run.directory, port=self.port))
        with open(run.path("host.pub")) as key, open(
                run.path("known"), "w") as known:
            known.write("[127.0.0.1]:%d %s" % (self.port, key.read()))
        with open(run.path("up"), "wb") as up:
            up.write(basics.pattern(3 << 20, 7))
        return [SSHD, "-D", "-e", "-f", run.path("conf")] + self.flags

    def ready(self, run):
        run.wait_line("Server listening on 127.0.0.1 port %d" % self.port)

    def client_options(self, run):
        words = ["-F", "none", "-i", run.path("client")]
        for option in ("BatchMode=yes", "IdentitiesOnly=yes",
                       "UserKnownHostsFile=" + run.path("known"),
                       "GlobalKnownHostsFile=/dev/null",
                       "StrictHostKeyChecking=yes", "ControlPath=none"):
            words += ["-o", option]
        return words

    def sandboxed(self, run):
        """A stranger's connection: the process behind it is filtered, lives,
        and answers."""
        listener = run.pid()
        with run.connect(self.port) as sock:
            banner = loads.receive(sock, 8)
            basics.expect(banner == b"SSH-2.0-", "no banner")
            while loads.receive(sock, 1) != b"\n":
                continue
            sock.sendall(b"SSH-2.0-test\r\n")
            # The packet with its algorithms: SSH_MSG_KEXINIT is 20.
            packet = loads.receive(sock, 6)
            basics.expect(packet[5] == 20, "no reply from the sandbox")
            inside = basics.until("a filtered process", lambda: [
                pid for pid in processes.tree(listener)
                if pid != listener and filtered(pid)])
            basics.expect(len(inside) == 1, "filtered: %s" % inside)
            preloaded = processes.maps_pollux(inside[0])
            basics.expect(filtered(inside[0]), "the sandboxed process died")
        basics.until("its end", lambda: processes.state(
            inside[0]) in (None, "Z"))
        basics.expect(preloaded == (run.mode != "native"),
                       "libpollux is not in the sandbox")

    def transfer(self, run):
        """A file up and down again, over several changes of keys."""
        with open(run.path("batch"), "w") as batch:
            batch.write("put up {0}/there\nget {0}/there down\nmkdir {0}/d\n"
                        "rename {0}/there {0}/d/there\nls {0}/d\n".format(
                            run.directory))
        run.client([SFTP, "-b", run.path("batch"), "-P", str(self.port)]
                   + self.client_options(run) + [USER + "@127.0.0.1"])
        sums = []
        for name in ("up", "down", "d/there"):
            with open(run.path(name), "rb") as file:
                sums.append(hashlib.sha256(file.read()).hexdigest())
        basics.expect(len(set(sums)) == 1, "a file changed on the way")
        return sums

    def through(self, run, length):
        """Bytes go through a forwarded connection to an echo and back."""
        sent = basics.pattern(length, length)
        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=echo_once, args=(server,)).start()
            with open(run.path("in"), "wb") as file:
                file.write(sent)
            with open(run.path("in"), "rb") as file:
                got = run.client(
                    [SSH, "-p", str(self.port), "-W", "127.0.0.1:%d"
                     % server.getsockname()[1]] + self.client_options(run)
                    + [USER + "@127.0.0.1"], stdin=file)
        basics.expect(got == sent, "bytes changed on the way")

    def load(self, run):
        self.sandboxed(run)
        sums = self.transfer(run)
        self.through(run, 2 << 20)
        basics.until("the logins to end",
                      lambda: len(processes.tree(run.pid())) == 1)
        with run.news:
            text = "\n".join(run.lines)
        basics.expect(not re.search("killed|unexpected|Bad system call|"
                                     "privsep_preauth: preauth child "
                                     "(exited|terminated)", text),
                       "the log tells of a death")
        return {"sums": sums, "logins": len(re.findall(
            "Accepted publickey for", text)), "filters": len(re.findall(
                "attaching seccomp filter program", text))}


class SshdFork(Sshd):
    flags = ["-r"]


def echo_once(server):
    """Echoes one connection to its end."""
    server.settimeout(basics.STEP_SECONDS)
    sock, _ = server.accept()
    with sock:
        while data := sock.recv(1 << 16):
            sock.sendall(data)


def filtered(pid):
    """Whether a process runs under a seccomp filter."""
    try:
        with open("/proc/%d/status" % pid) as status:
            return "\nSeccomp:\t2\n" in status.read()
    except OSError:
        return False


def own_place():
    """Whether sshd has, or can be given, a place for its sandboxed process."""
    return (os.getuid() != 0 or os.path.isdir(EMPTY) or subprocess.run(
        [UNSHARE, "-m", "mount", "-t", "tmpfs", "none", "/run"], check=False,
        stderr=subprocess.DEVNULL).returncode == 0)


if __name__ == "__main__":
    if not own_place():
        basics.skip(EMPTY + " is not there, and no mount namespace to be had")
    harness.main(Sshd(), SshdFork())
