#!/usr/bin/env python3
"""kubernetes_test.py: the objects of deploy/kubernetes fit each other and what agents are told in their ConfigMaps.

Exit code 77: no PyYAML. What agents make of them is pods_test.py's. kubectl, where it is installed, has to render them,
and kubernetes-validate to find them without a fault.
"""
import os
import shutil
import subprocess
import sys

try:
    import yaml
except ImportError:
    print("no PyYAML: skipped")
    sys.exit(77)

from manifests import AGENTS, FOLDER, LEAVES, agent_yaml, container_of, objects, one, pod_of, read, workload

KINDS = {
    "Namespace": "v1", "ServiceAccount": "v1", "ConfigMap": "v1", "Service": "v1", "Deployment": "apps/v1",
    "DaemonSet": "apps/v1", "PodDisruptionBudget": "policy/v1", "NetworkPolicy": "networking.k8s.io/v1",
    "ClusterRole": "rbac.authorization.k8s.io/v1", "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1"}
LAYERS = [AGENTS, LEAVES]


def every_file_is_applied_once():
    for layer in LAYERS:
        listed = [name for name, _ in objects(layer)]
        root = os.path.join(FOLDER, layer)
        there = {os.path.relpath(os.path.join(folder, name), root) for folder, _, names in os.walk(root)
                 for name in names if name.endswith(".yaml")}
        there -= {name for name in there if layer != LEAVES and name.startswith(LEAVES + os.sep)}
        assert sorted(listed) == sorted(there - {"kustomization.yaml"}), f"{layer or 'agents'}: {listed}"
        named = [(made["kind"], made["metadata"]["name"]) for _, made in objects(layer)]
        assert len(named) == len(set(named)), f"twice: {named}"
        for name, made in objects(layer):
            assert made["apiVersion"] == KINDS[made["kind"]], f"{name}: {made['kind']} {made['apiVersion']}"


def selectors_select():
    for layer in LAYERS:
        labels = pod_of(layer)["metadata"]["labels"].items()
        chosen = [(name, made["spec"]["selector"]) for name, made in objects(layer) if made["kind"] == "Service"]
        chosen += [(name, made["spec"][field]["matchLabels"]) for name, made in objects(layer)
                   for field in ("selector", "podSelector") if "matchLabels" in made.get("spec", {}).get(field, {})]
        chosen += [("spread", spread["labelSelector"]["matchLabels"])
                   for spread in pod_of(layer)["spec"].get("topologySpreadConstraints", [])]
        assert len(chosen) == (8 if layer == AGENTS else 1), f"{len(chosen)} selectors"
        for name, selector in chosen:
            assert selector and selector.items() <= labels, f"{name}: {selector} selects no pod of {dict(labels)}"


def ports_are_named_and_equal():
    for layer in LAYERS:
        ports = {port["name"]: port for port in container_of(layer)["ports"]}
        config = yaml.safe_load(agent_yaml(layer))
        told = {"dns": config["dns"]["listen"], "dns-tcp": config["dns"]["listen"],
                "gossip": config["gossip"].get("listen"), "probes": config.get("probes", {}).get("listen", ":7781")}
        for name, port in ports.items():
            assert told[name].endswith(f":{port['containerPort']}"), f"{name}: {port} is not {told[name]}"
        assert ports["dns"]["protocol"] == "UDP" and ports["dns-tcp"].get("protocol", "TCP") == "TCP"
        targets = [(name, port["targetPort"], port.get("protocol", "TCP")) for name, made in objects(layer)
                   if made["kind"] == "Service" for port in made["spec"]["ports"]]
        targets += [("networkpolicy.yaml", port["port"], port.get("protocol", "TCP")) for _, made in objects(layer)
                    if made["kind"] == "NetworkPolicy" for rule in made["spec"]["ingress"]
                    for port in rule.get("ports", [])]
        container = container_of(layer)
        targets += [(probe, container[probe]["httpGet"]["port"], "TCP") for probe in container if "Probe" in probe]
        for name, target, protocol in targets:
            assert target in ports, f"{name}: no port {target}"
            assert ports[target].get("protocol", "TCP") == protocol, f"{name}: {target} is not {protocol}"


def volumes_are_there():
    for layer in LAYERS:
        volumes = {volume["name"]: volume for volume in pod_of(layer)["spec"]["volumes"]}
        mounts = {mount["name"]: mount for mount in container_of(layer)["volumeMounts"]}
        assert volumes.keys() == mounts.keys(), f"{volumes.keys()} and {mounts.keys()}"
        assert not any("subPath" in mount for mount in mounts.values()), "a subPath never changes: no reload"
        configs = {made["metadata"]["name"] for _, made in objects(layer) if made["kind"] == "ConfigMap"}
        assert configs == {volume["configMap"]["name"] for volume in volumes.values() if "configMap" in volume}
        secret = volumes["tls"]["secret"]
        assert secret["secretName"].endswith("-tls") and secret["defaultMode"] == 0o440, f"{secret}: for its group"
        config = yaml.safe_load(agent_yaml(layer))
        paths = [config["gossip"]["tls"]["dir"], config["state"]["dir"], *config.get("resources", [])]
        places = {mount["mountPath"] for mount in mounts.values()}
        assert set(paths) <= places, f"{paths} are not all mounted: {places}"
        path = container_of(layer)["args"][-1]
        assert path == mounts["config"]["mountPath"] + "/agent.yaml", path


def agents_have_no_more_rights_than_they_need():
    rules = one(AGENTS, "ClusterRole")["rules"]
    for rule in rules:  # it writes the statuses of its own documents alone
        statuses = all(resource.endswith("/status") for resource in rule["resources"])
        verbs = ["patch"] if statuses else ["get", "list", "watch"]
        assert sorted(rule["verbs"]) == verbs and "*" not in rule["resources"], f"{rule}"
        assert not statuses or rule["apiGroups"] == ["networking.nearmost.internal"], f"{rule}"
    binding = one(AGENTS, "ClusterRoleBinding")
    assert binding["roleRef"]["name"] == one(AGENTS, "ClusterRole")["metadata"]["name"]
    namespace = one(AGENTS, "Namespace")["metadata"]["name"]
    account = pod_of(AGENTS)["spec"]["serviceAccountName"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": namespace}]
    assert account == one(AGENTS, "ServiceAccount")["metadata"]["name"]
    assert pod_of(LEAVES)["spec"]["automountServiceAccountToken"] is False
    for layer in LAYERS:
        pod, container = pod_of(layer)["spec"]["securityContext"], container_of(layer)["securityContext"]
        assert pod["runAsNonRoot"] and pod["runAsUser"] > 0 and pod["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                             "capabilities": {"drop": ["ALL"]}}
        assert ":" not in container_of(layer)["image"], "the image's tag is kustomization.yaml's"
        tag = read(layer, "kustomization.yaml")[0]["images"][0]["newTag"]
        assert tag != "latest", "a tag that says which"


def two_agents_are_replicas():
    config, spec = yaml.safe_load(agent_yaml(AGENTS)), workload(AGENTS)["spec"]
    surge = spec["strategy"]["rollingUpdate"]["maxSurge"]
    assert config["replicas"] == spec["replicas"] + surge == 3, "numbers for those of a rollout, too"
    agents, namespace = one(AGENTS, "Service", "nearmost-agents"), one(AGENTS, "Namespace")["metadata"]["name"]
    assert agents["spec"]["clusterIP"] == "None" and agents["spec"]["publishNotReadyAddresses"] is True
    name = f"nearmost-agents.{namespace}.svc.cluster.local:{agents['spec']['ports'][0]['port']}"
    assert config["gossip"]["peers"] == [name] == yaml.safe_load(agent_yaml(LEAVES))["gossip"]["peers"]
    assert {(port["port"], port["protocol"]) for port in one(AGENTS, "Service", "nearmost-dns")["spec"]["ports"]} == {
        (53, "UDP"), (53, "TCP")}


def kubectl_renders_them():
    if not shutil.which("kubectl"):
        return print("no kubectl: rendering is skipped")
    for layer in LAYERS:
        done = subprocess.run(["kubectl", "kustomize", os.path.join(FOLDER, layer)], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0, done.stderr
        rendered = list(yaml.safe_load_all(done.stdout))
        assert len(rendered) == len(objects(layer))
        namespace = one(layer, "Namespace")["metadata"]["name"]
        for made in rendered:
            if not made["kind"].startswith(("Namespace", "ClusterRole", "CustomResourceDefinition")):
                assert made["metadata"]["namespace"] == namespace, made["metadata"]


def their_schemas_take_them():
    try:
        import kubernetes_validate
    except ImportError:
        return print("no kubernetes-validate (PyPI): the schemas are skipped")
    for layer in LAYERS:
        for name, made in objects(layer):
            for version in "1.27", kubernetes_validate.latest_version():
                try:
                    kubernetes_validate.validate(made, version, strict=True)
                except kubernetes_validate.ValidationError as error:
                    raise AssertionError(f"{name}: {version}: {error.message}") from error


def main():
    for test in (every_file_is_applied_once, selectors_select, ports_are_named_and_equal, volumes_are_there,
                 agents_have_no_more_rights_than_they_need, two_agents_are_replicas, kubectl_renders_them,
                 their_schemas_take_them):
        test()
        print(test.__name__.replace("_", " "))


main()
