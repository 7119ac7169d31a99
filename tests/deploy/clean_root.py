"""Installs, runs, upgrades, removes and purges the Debian package in a new Debian 12: a folder, changed by it."""
import os
import shutil
import subprocess

# Runs as a service of the booted system; what it writes is read from outside.
PROOF = """#!/bin/sh
exec >/proof.log 2>&1
set -ex
ip link set lo up
cat > /etc/nearmost/resources/ratings.yaml <<END
service: ratings
port: 9080
check: false
endpoints: [10.0.0.5]
END
systemctl start nearmost
test "$(systemctl is-active nearmost)" = active
nearmost resolve ratings.default.mesh.internal | grep 10.0.0.5
first=$(systemctl show -P MainPID nearmost)
stat -c %U /proc/$first | grep nearmost
test $(systemctl show -P NFileDescriptorStore nearmost) = 5
sockets() {  # that listen, with their inodes: ports 7753, 7780, 7781, 9080
  awk '$2 ~ /:(1E49|1E64|1E65|2378)$/ && $3 ~ /:0000$/ {print $2, $10}' /proc/net/tcp /proc/net/udp | sort
}
sockets > /before
test $(wc -l < /before) = 5
systemctl restart nearmost
sockets | diff /before -
test $(systemctl show -P MainPID nearmost) != $first
journalctl -u nearmost -o cat | grep closed && exit 1
nearmost resolve ratings.default.mesh.internal | grep 10.0.0.5
systemctl reload nearmost
kill -9 $(systemctl show -P MainPID nearmost)
for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1; nearmost status && break; done
nearmost resolve ratings.default.mesh.internal | grep 10.0.0.5
sed -i s/127.0.0.1:7753/127.0.0.1:53/ /etc/nearmost/agent.yaml
sed -i s/127.0.0.1:7753/127.0.0.1:53/ /usr/lib/systemd/system/nearmost.socket
systemctl daemon-reload
systemctl stop nearmost
systemctl start nearmost.socket
nearmost resolve --dns 127.0.0.1:53 ratings.default.mesh.internal | grep 10.0.0.5   # starts the agent
systemctl start nearmost
echo PROVED
"""
UNIT = """[Service]
Type=oneshot
ExecStart=/proof
ExecStopPost=systemctl --no-block poweroff
[Install]
WantedBy=multi-user.target
"""


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done


def write(root, path, text, mode=0o644):
    with open(root + path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(root + path, mode)


def inside(root, *command, check=True):
    return run("chroot", root, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive",
               *command, check=check)


def install(root, package):
    shutil.copy(package, root + "/nearmost.deb")
    write(root, "/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
    inside(root, "apt-get", "install", "-y", "--no-install-recommends", "/nearmost.deb")
    assert inside(root, "nearmost", "version").stdout.startswith("nearmost "), "the program runs"
    tls = inside(root, "stat", "-c", "%a %U %G", "/etc/nearmost/tls").stdout
    assert tls == "750 root nearmost\n", f"the folder of keys: {tls}"
    checked = inside(root, "nearmost", "check", "-c", "/etc/nearmost/agent.yaml")
    assert "0 errors, 0 warnings" in checked.stdout, checked.stdout
    print("installed: the program runs, its agent.yaml is taken")


def boot(root):
    write(root, "/proof", PROOF, 0o755)
    write(root, "/etc/systemd/system/proof.service", UNIT)
    inside(root, "systemctl", "enable", "proof.service")
    write(root, "/proof.log", "not booted\n")
    done = run("systemd-nspawn", "-q", "-D", root, "--register=no", "--keep-unit", "--private-network", "--boot",
               check=False)
    with open(root + "/proof.log", encoding="utf-8") as file:
        log = file.read()
    assert log.endswith("PROVED\n"), f"{done.stdout[-1000:]}{done.stderr[-1000:]}\n{log[-3000:]}"
    print("booted: starts, restarts by its sockets, comes back after a kill, is started by its socket unit")


def upgrade_and_remove(root):
    write(root, "/etc/nearmost/agent.yaml", "cluster: mine\nstate: {dir: /var/lib/nearmost}\n")
    inside(root, "dpkg", "-i", "/nearmost.deb")
    with open(root + "/etc/nearmost/agent.yaml", encoding="utf-8") as file:
        assert file.read().startswith("cluster: mine"), "an upgrade keeps what the operator wrote"
    write(root, "/etc/nearmost/tls/key.pem", "secret\n", 0o640)
    inside(root, "apt-get", "remove", "-y", "nearmost")
    assert not os.path.exists(root + "/usr/bin/nearmost"), "removed"
    assert os.path.exists(root + "/etc/nearmost/agent.yaml"), "a removal keeps what the operator wrote"
    inside(root, "apt-get", "purge", "-y", "nearmost")
    left = [path for path in ("/etc/nearmost/agent.yaml", "/var/lib/nearmost", "/var/lib/private/nearmost")
            if os.path.lexists(root + path)]
    assert not left, f"left after a purge: {left}"
    assert os.path.exists(root + "/etc/nearmost/tls/key.pem"), "keys are the operator's"
    print("upgraded, removed, purged: what the operator wrote went last, keys stay")


def prove(package, root):
    install(root, package)
    boot(root)
    upgrade_and_remove(root)
