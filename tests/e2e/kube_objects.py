"""Objects as an API server has them (kube_api.py), as large as they are in life."""


def service(name, namespace="default", ports=(("http", 9080, 9080),), labels=None, **spec):
    return {"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": namespace, "uid": "u-" + name, "labels": labels or {},
                         "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [{"manager": "kubectl"}]},
            "spec": {"clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"], "type": "ClusterIP",
                     "ipFamilies": ["IPv4"], "sessionAffinity": "None", "selector": {"app": name},
                     "ports": [{"name": n, "port": p, "targetPort": t, "protocol": "TCP"} for n, p, t in ports],
                     **spec},
            "status": {"loadBalancer": {}}}


def endpoint_slice(of, addresses, suffix="abc12", namespace="default", port=9080, unready=(), **conditions):
    """Each address an endpoint; those of `unready` are not ready."""
    def one(address):
        ready = address not in unready
        return {"addresses": [address], "nodeName": "node-1", "zone": "us-east-1a",
                "conditions": {"ready": ready, "serving": ready, "terminating": False, **conditions},
                "targetRef": {"kind": "Pod", "name": "pod-" + address, "namespace": namespace, "uid": "u-" + address}}
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": f"{of}-{suffix}", "namespace": namespace,
                         "labels": {"kubernetes.io/service-name": of,
                                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"},
                         "ownerReferences": [{"apiVersion": "v1", "kind": "Service", "name": of, "uid": "u-" + of}]},
            "addressType": "IPv4", "endpoints": [one(address) for address in addresses],
            "ports": [{"name": "http", "port": port, "protocol": "TCP"}]}


def node(name, region, zone):
    return {"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {"topology.kubernetes.io/region": region,
                                                  "topology.kubernetes.io/zone": zone,
                                                  "kubernetes.io/hostname": name}},
            "spec": {"podCIDR": "10.1.0.0/24"}, "status": {"images": [{"names": ["a"] * 20, "sizeBytes": 1}]}}


def pod(address, labels, namespace="default", phase="Running"):
    """That endpoint_slice() names for the address."""
    name = "pod-" + address
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "uid": "u-" + address,
                         "labels": {"pod-template-hash": "5c8d7f", **labels},
                         "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "reviews-5c8d7f"}],
                         "managedFields": [{"manager": "kubelet", "operation": "Update"}]},
            "spec": {"containers": [{"name": "main", "image": "reviews"}], "nodeName": "node-1"},
            "status": {"phase": phase, "podIP": address}}
