#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The comparison of counts finds each kind of difference that it is for."""

import contextlib
import io
import tempfile
import unittest
import unittest.mock

import calls

HERE = " > /x/prog(main+0x5) [0x1]\n"
LIBC = " > /lib/libc.so.6(%s+0x10) [0x2]\n"
OURS = " > /b/libpollux.so.0(plx_w_x+0x9) [0x3]\n"
START = "10 execve(\"/x/prog\", [\"prog\"], 0x1 /* 1 var */) = 0\n"
WAIT = "10 epoll_wait(3, [], 8, 0) = 0\n" + LIBC % "epoll_wait"
SLOT = {"pid": 10, "generation": 1, "calls": {"epoll_wait": 1}}


def compare(log, *processes):
    """What compare() says of a log, without its table."""
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(log)
        file.flush()
        with contextlib.redirect_stdout(io.StringIO()):
            return calls.compare(file.name, list(processes))


def slot(pid=10, generation=1, **counted):
    return {"pid": pid, "generation": generation, "calls": counted}


class Compare(unittest.TestCase):
    def differs(self, text, log, *processes):
        wrong = compare(log, *processes)
        self.assertIn(text, "; ".join(wrong))

    def agrees(self, log, *processes):
        self.assertEqual(compare(log, *processes), [])

    def test_equal_counts_agree(self):
        self.agrees(START + WAIT + OURS + HERE, SLOT)

    def test_one_more_by_us_differs(self):
        self.differs("1 by strace, 2 by us", START + WAIT + OURS + HERE,
                     slot(epoll_wait=2))

    def test_one_less_by_us_differs(self):
        self.differs("2 by strace, 1 by us",
                     START + 2 * (WAIT + OURS + HERE), SLOT)

    def test_a_call_past_us_differs(self):
        self.differs("went past us", START + WAIT + OURS + HERE
                     + WAIT + HERE, slot(epoll_wait=2))

    def test_a_wait_of_ours_differs(self):
        self.differs("more than the program made", START + WAIT + OURS + HERE
                     + "10 poll([], 0, 0) = 0\n" + OURS + HERE, SLOT)

    def test_nothing_counted_differs(self):
        self.differs("no call was compared", START, slot())
        self.differs("was not recorded", START + WAIT + OURS + HERE)

    def test_calls_of_libc_are_set_apart(self):
        self.agrees(START + WAIT + OURS + HERE
                    + "10 close(4) = 0\n" + LIBC % "__close_nocancel"
                    + LIBC % "_IO_fclose" + HERE, SLOT)

    def test_a_call_within_another_one_is_libc_s(self):
        self.agrees(START + WAIT + OURS + HERE
                    + "10 close(4) = 0\n" + LIBC % "__close_nocancel"
                    + LIBC % "_IO_fclose" + OURS + HERE, SLOT)

    def test_names_of_libc_are_the_program_s(self):
        for symbol in ("__close", "close", "__GI___close"):
            self.agrees(START + WAIT + OURS + HERE + "10 close(4) = 0\n"
                        + LIBC % symbol + OURS + HERE,
                        slot(epoll_wait=1, close=1))
        self.differs("went past us", START + WAIT + OURS + HERE
                     + "10 poll([], 0, 0) = 0\n" + LIBC % "__poll_chk"
                     + HERE, SLOT)

    def test_syscall_of_a_wait_is_not_to_go_past_us(self):
        self.differs("went past us", START + WAIT + OURS + HERE
                     + "10 poll([], 0, 0) = 0\n" + LIBC % "syscall" + HERE,
                     slot(epoll_wait=1, poll=1))

    def test_syscall_through_us_is_the_program_s(self):
        self.agrees(START + WAIT + OURS + HERE
                    + "10 socket(AF_UNIX, SOCK_STREAM, 0) = 3\n"
                    + LIBC % "syscall" + OURS + HERE,
                    slot(epoll_wait=1, socket=1))

    def test_a_call_that_was_interrupted_in_the_log_is_one(self):
        self.agrees(START + "10 epoll_wait(3,  <unfinished ...>\n"
                    "11 gone\n10 <... epoll_wait resumed>[], 8, 9) = 0\n"
                    + LIBC % "epoll_wait" + OURS + HERE, SLOT)

    def test_a_call_that_the_kernel_makes_again_is_one(self):
        again = "10 poll([], 0, 5) = ? ERESTARTSYS (To be restarted)\n"
        self.agrees(START + WAIT + OURS + HERE + again + LIBC % "poll" + OURS
                    + HERE + "10 poll([], 0, 5) = 0\n" + LIBC % "poll" + OURS
                    + HERE, slot(epoll_wait=1, poll=1))

    def test_threads_are_their_process(self):
        self.agrees(START + "10 clone3({flags=CLONE_VM|CLONE_THREAD}, 88) "
                    "= 11\n" + (WAIT + OURS + HERE)
                    + (WAIT + OURS + HERE).replace("10 ", "11 "),
                    slot(epoll_wait=2))

    def test_a_forked_child_and_its_next_image_are_two(self):
        fork = "10 clone(child_stack=NULL, flags=SIGCHLD) = 12\n"
        wait = (WAIT + OURS + HERE).replace("10 ", "12 ")
        log = START + WAIT + OURS + HERE + fork + wait + START.replace(
            "10 ", "12 ") + wait + wait
        self.agrees(log, SLOT, slot(12, 2, epoll_wait=1),
                    slot(12, 1, epoll_wait=2))
        self.differs("was not recorded", log, SLOT,
                     slot(12, 2, epoll_wait=1))

    def test_a_vfork_child_counts_with_its_parent(self):
        close = "12 close(4) = 0\n" + LIBC % "close" + OURS + HERE
        self.agrees(START + WAIT + OURS + HERE + "10 vfork() = 12\n" + close
                    + START.replace("10 ", "12 ") + close,
                    slot(epoll_wait=1, close=1), slot(12, close=1))

    def test_a_call_that_the_process_ended_in_counts(self):
        self.agrees(START + WAIT + OURS + HERE
                    + "10 epoll_wait(3,  <unfinished ...>\n",
                    slot(epoll_wait=2))

    def test_no_stacks_are_no_comparison(self):
        log = (START + WAIT + OURS + HERE + "10 close(4) = 0\n"
               + "10 close(5) = 0\n")
        with unittest.mock.patch("os.getuid", return_value=1000):
            self.agrees(log, slot(epoll_wait=1, close=1))
        with unittest.mock.patch("os.getuid", return_value=0):
            self.differs("no stacks", log, slot(epoll_wait=1, close=2))

    def test_a_kill_excuses_one_call(self):
        log = START + WAIT + OURS + HERE + "10 +++ killed by SIGKILL +++\n"
        self.agrees(log, slot(epoll_wait=2))
        self.differs("by strace", log, slot(epoll_wait=3))
        self.differs("by strace", log, slot(epoll_wait=2, close=1))

    def test_a_filter_ends_the_comparison(self):
        self.agrees(START + WAIT + OURS + HERE
                    + "10 prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0x1) = 0"
                    "\n" + WAIT + HERE, SLOT)


if __name__ == "__main__":
    unittest.main()
