"""Does what docs/INSTALL.md says under "Machines only", word by word, on two booted Debians.

In a code block behind "On `east`:", "On `west`:" or "On both:" each line is a command, and a line that begins with # is
what the command above it is to print, at once or soon. scp between the two is done from here.
"""
import os
import re
import shutil
import subprocess
import tempfile
import time

from clean_root import inside, run

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "INSTALL.md")
MACHINES = {"east": "10.1.0.10", "west": "10.2.0.10"}
HOME = "/srv/"  # where commands are typed
SOON = 60  # seconds
NEEDED = ["systemd-resolved", "curl", "ca-certificates"]  # the page takes them for granted


def steps():
    """[(machine, command, what it is to print)] in the order of the page."""
    with open(PAGE, encoding="utf-8") as file:
        section = re.search(r"^## Machines only$(.*?)^## ", file.read(), re.M | re.S).group(1)
    found = []
    for where, block in re.findall(r"On (both|`east`|`west`):\n\n((?: {7}.*\n)+)", section):
        machines = list(MACHINES) if where == "both" else [where.strip("`")]
        for machine in machines:
            for command in re.findall(r".*<<END\n(?:.*\n)*?END\n|.+\n", re.sub(r"^ {7}", "", block, flags=re.M)):
                if command.startswith("# "):
                    found[-1][2].append(command[2:].strip())
                else:
                    found.append((machine, command.strip(), []))
    return found


class Machine:
    def __init__(self, name, tree, folder, package):
        self.name, self.root = name, os.path.join(folder, name)
        run("cp", "-a", tree, self.root)
        shutil.copy(package, self.root + HOME)
        run("ip", "netns", "add", self.namespace)
        self.log = open(os.path.join(folder, name + ".log"), "wb")
        self.process = None

    @property
    def namespace(self):
        return f"nearmost-{os.getpid()}-{self.name}"

    def boot(self):
        self.process = subprocess.Popen(
            ["systemd-nspawn", "-q", "-D", self.root, "--register=no", "--keep-unit", "--boot", "--resolv-conf=off",
             f"--network-namespace-path=/run/netns/{self.namespace}"], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log)
        self.soon("systemctl is-system-running --wait || true", "running|degraded")

    def init(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="utf-8") as file:
            return file.read().split()[0]

    def do(self, command):
        done = subprocess.run(["nsenter", "-a", "-t", self.init(), "/bin/bash", "-c", f"cd {HOME} && {command}"],
                              capture_output=True, text=True, timeout=SOON, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout + done.stderr

    def soon(self, command, expected):
        deadline = time.monotonic() + SOON
        while True:
            try:
                code, printed = self.do(command)
            except (IndexError, OSError):
                code, printed = 1, "not booted yet"
            if re.search(expected, printed):
                return
            assert time.monotonic() < deadline, f"{self.name}: {command}: {code}, no {expected!r} in\n{printed}"
            time.sleep(0.5)

    def end(self):
        if self.process:
            self.process.terminate()  # nspawn has it power off
            self.process.wait(timeout=SOON)
        run("ip", "netns", "delete", self.namespace)
        self.log.close()


def connect(machines):
    east, west = machines.values()
    run("ip", "link", "add", "eth0", "netns", east.namespace, "type", "veth", "peer", "name", "eth0", "netns",
        west.namespace)
    for name, machine in machines.items():
        for words in (["addr", "add", MACHINES[name] + "/8", "dev", "eth0"], ["link", "set", "eth0", "up"],
                      ["link", "set", "lo", "up"]):
            run("ip", "-n", machine.namespace, *words)


def follow(machines):
    for name, command, expected in steps():
        print(f"{name}: {command.splitlines()[0]}")
        copied = re.fullmatch(r"scp -r (\S+) (\w+):", command)
        if copied:
            source, to = copied.group(1), machines[copied.group(2)].root + HOME
            shutil.copytree(machines[name].root + HOME + source, to + os.path.basename(source))
        elif expected:
            words = r"\s+".join(map(re.escape, expected[0].split()))
            machines[name].soon(command, words)
        else:
            code, printed = machines[name].do(command)
            assert code == 0, f"{name}: {command}: {code}\n{printed}"


def prove(package, tree):
    """`tree` is copied, and only what the package depends on is put into it: the machines have no way out."""
    shutil.copy(package, tree + "/nearmost.deb")
    inside(tree, "apt-get", "install", "-y", "--no-install-recommends", "/nearmost.deb", *NEEDED)
    inside(tree, "apt-get", "purge", "-y", "nearmost")
    folder = tempfile.mkdtemp(prefix="nearmost-machines-")
    machines = {}
    try:
        for name in MACHINES:
            machines[name] = Machine(name, tree, folder, package)
        connect(machines)
        for machine in machines.values():
            machine.boot()
        follow(machines)
    finally:
        for machine in machines.values():
            machine.end()
        shutil.rmtree(folder, ignore_errors=True)
    print("followed: every command of the page, and every check")
