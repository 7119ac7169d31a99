"""A process under test: pinned to core 0, so that the load on core 1 is not its own, and what it cost."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from mesh import Process, until  # noqa: E402


def on_core(number):
    """Before a command: the core that has this number of those that there are for us."""
    cores = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cores[number % len(cores)])]


class Server:
    """Has a `name` and says by `serves()` when it does; its files are in a folder."""

    core = 0

    def __init__(self, folder, command):
        self.folder = folder
        self.process = Process([*on_core(self.core), *command], os.path.join(folder, self.name + ".log"))
        try:
            until(lambda: self.serves() or not self.process.alive(), 60, f"{self.name} serves")
            assert self.process.alive(), f"{self.name} ended"
        except AssertionError as why:
            raise AssertionError(f"{why}; {self.process.tail()}") from why

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def cpu(self):
        """Nanoseconds on a processor, of all threads so far."""
        tasks = f"/proc/{self.process.popen.pid}/task"
        total = 0
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/schedstat", encoding="ascii") as stat:
                total += int(stat.read().split()[0])
        return total

    def be_real_time(self):
        """Before others' work on the machine. Whether it may."""
        try:
            for task in os.listdir(f"/proc/{self.process.popen.pid}/task"):
                os.sched_setscheduler(int(task), os.SCHED_RR, os.sched_param(1))
            return True
        except PermissionError:
            return False

    def memory(self):
        with open(f"/proc/{self.process.popen.pid}/smaps_rollup", encoding="ascii") as rollup:
            return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) / 1024
