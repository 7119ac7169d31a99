"""What systemd does for a service that leaves its sockets with it: sd_notify(3), FDSTORE, sd_listen_fds(3)."""
import array
import os
import signal
import socket
import subprocess
import sys
import threading

from mesh import dies_with_parent, until

# Descriptors become 3, 4, … and the process knows that they are for it.
PASS = """import os, sys
stored = [int(number) for number in sys.argv[1].split(",") if number]
parked = [os.dup2(number, 500 + at, inheritable=False) for at, number in enumerate(stored)]
for number in stored:
    os.close(number)
for at, number in enumerate(parked):
    os.dup2(number, 3 + at)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(stored)))
os.execv(sys.argv[2], sys.argv[2:])"""


class Supervisor:
    """Runs one command again and again. Use as a context."""

    def __init__(self, arguments, folder):
        self.arguments, self.log = arguments, os.path.join(folder, "supervised.log")
        self.path = os.path.join(folder, "notify")
        self.store, self.said, self.process = {}, [], None
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.path)
        self.ended = False
        self.listener = threading.Thread(target=self.listen)
        self.listener.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended = True
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self.path)
        self.listener.join()
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for number in [number for numbers in self.store.values() for number in numbers]:
            os.close(number)

    def listen(self):
        while not self.ended:
            text, control, _, _ = self.notify.recvmsg(4096, socket.CMSG_SPACE(64))
            fields = dict(line.split("=", 1) for line in text.decode().split("\n") if "=" in line)
            numbers = array.array("i")
            for _, kind, data in control:
                if kind == socket.SCM_RIGHTS:
                    numbers.frombytes(data)
            name = fields.get("FDNAME")
            if "FDSTORE" in fields:
                self.store.setdefault(name, []).extend(numbers)
            elif "FDSTOREREMOVE" in fields:
                for number in self.store.pop(name, []):
                    os.close(number)
            self.said.append(text.decode())

    def start(self):
        stored = [number for numbers in self.store.values() for number in numbers]
        self.said.clear()
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PASS, ",".join(map(str, stored)), *self.arguments], stdout=out, stderr=out,
                env={**os.environ, "NOTIFY_SOCKET": self.path}, pass_fds=stored, preexec_fn=dies_with_parent)

    def until_ready(self, seconds=30):
        until(lambda: "READY=1" in self.said, seconds, "READY=1")

    def restart(self):
        self.process.send_signal(signal.SIGUSR1)  # a planned restart
        self.process.wait(timeout=20)
        self.start()
