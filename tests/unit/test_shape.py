"""The shape of the tree: who may import whom, and how long a file may be."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
COMPONENTS = TREE / "components"
MODULES = {
    ".".join(path.relative_to(TREE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in COMPONENTS.rglob("*.py")
}
#: Each module may import those of earlier ranks alone; modules of one rank do not know each other.
RANKS = [
    {"components", "components.machines", "components.machines.aws", "components.render"},
    {"components.files"},
    {"components.releases", "components.host", "components.plugins", "components.process"},
    {"components.config.section", "components.config.values", "components.config.ipv6"},
    {"components.config.hooks"},
    {
        "components.config.servers",
        "components.config.audit",
        "components.config.encryption",
        "components.config.machines",
        "components.config.marks",
        "components.config.places",
    },
    {
        "components.config.aws",
        "components.config.names",
        "components.config.proxy",
        "components.config.snapshots",
        "components.config.hosts",
        "components.config.options",
        "components.config.software",
    },
    {"components.config.endpoints", "components.config.etcd"},
    {"components.config.cluster"},
    {"components.config", "components.faults", "components.spelling", "components.elsewhere"},
    {"components.keys", "components.placement"},
    {"components.reading"},
    {"components.render.document", "components.render.objects"},
    {"components.render.nodes", "components.render.etcd"},
    {
        "components.render.access",
        "components.render.audit",
        "components.render.balancer",
        "components.render.cloud_controller",
        "components.render.containerd",
        "components.render.encryption",
        "components.render.flannel",
        "components.render.kubeadm",
        "components.render.kubeconfig",
        "components.render.proxy",
        "components.render.static_pod",
        "components.identity",
    },
    {"components.audit", "components.manifests"},
    {f"components.render.{name}" for name in ("kube_vip", "node_local", "elastic", "ebs_csi", "snapshots")},
    {"components.plan.transition"},
    {"components.plan.program"},
    {"components.plan.snapshot"},
    {"components.plan.quorum", "components.plan.words", "components.plan.applied"},
    {"components.plan.made", "components.plan.elastic"},
    {"components.plan.cloud", "components.plan.footing"},
    {"components.plan.costs"},
    {
        "components.plan.members",
        "components.plan.endpoint",
        "components.plan.etcd_refusals",
        "components.plan.membership",
        "components.plan.backups",
    },
    {"components.plan.settings", "components.plan.marks", "components.plan.rolling"},
    {"components.plan.lost", "components.plan.planes"},
    {"components.plan.refusals", "components.plan.stages"},
    {"components.plan.endings", "components.plan.headline", "components.plan.interruptions", "components.plan.picture"},
    {"components.plan.cautions", "components.plan.way_back"},
    {"components.plan.plan"},
    {"components.plan.text", "components.plan.making", "components.plan.foundation"},
    {"components.plan.markdown", "components.plan.infrastructure"},
    {"components.plan"},
    {"components.stack_keys"},
    {"components.rules.known"},
    {
        f"components.rules.{name}"
        for name in (
            "topology",
            "nodes",
            "etcd",
            "snapshots",
            "network",
            "dual_stack",
            "software",
            "servers",
            "audit",
            "encryption",
            "kubelet",
            "kube_proxy",
            "certificates",
            "provider",
            "regions",
            "containerd",
        )
    },
    {
        "components.rules.arguments",
        "components.rules.endpoints",
        "components.rules.kubelet_limits",
        "components.rules.kube_vip",
        "components.rules.node_local",
        "components.rules.aws",
        "components.rules.aws_cloud",
        "components.rules.machines",
        "components.rules.flag_values",
        "components.rules.flag_wear",
        "components.rules.outside",
    },
    {"components.rules.kubelet_numbers"},
    {"components.rules.elastic", "components.rules.kubelet_levels"},
    {"components.rules.loading"},
    {"components.rules"},
    {"components.policies.policy"},
    {f"components.policies.{name}" for name in ("topology", "access", "software", "certificates", "data")},
    {"components.policies"},
    {"components.meanings"},
    {"components.schema"},
    {"components.machines.keys", "components.etcd_files"},
    {"components.hooks"},
    {
        "components.deployed",
        "components.remote",
        "components.pki",
        "components.ssh_keys",
        "components.machines.site",
        "components.machines.static",
        "components.machines.aws.asking",
        "components.machines.aws.facts",
        "components.machines.aws.images",
        "components.machines.aws.running",
        "components.machines.aws.policies",
        "components.machines.aws.user_data",
    },
    {"components.machines.aws.existing"},
    {f"components.machines.aws.{name}" for name in ("account", "base", "checks", "elastic_data", "files")},
    {"components.machines.aws.roles", "components.machines.aws.services"},
    {"components.machines.aws.network"},
    {"components.machines.aws.guards"},
    {f"components.machines.aws.{name}" for name in ("balancer", "cloud", "machines")},
    {"components.machines.aws.pool"},
    {"components.machines.aws.pools"},
    {"components.machines.aws.provider"},
    {"components.machines.joined"},
    {"components.machines.providers", "components.infrastructure", "components.layers"},
    {"components.node", "components.endpoints.parts"},
    {f"components.endpoints.{name}" for name in ("haproxy", "external", "kube_vip", "node_local", "nlb")},
    {"components.etcd_cluster"},
    {
        "components.endpoints",
        "components.cloud",
        "components.control_plane",
        "components.elastic",
        "components.snapshots",
        "components.worker_pool",
        "components.nodes",
    },
    {"components.outputs"},
]
#: Libraries that one module alone may import.
OWNERS = {
    "pulumi_command": {"components.remote"},
    "pulumi_aws": {name for name in MODULES if name.startswith("components.machines.aws.")},
    "pulumi_tls": {"components.pki"},
    "cryptography": {"components.identity", "components.ssh_keys", "components.etcd_files"},
    "pydantic": {name for name in MODULES if name.startswith("components.config.")}
    | {"components.keys", "components.reading", "components.policies.policy", "components.schema"},
    "tomli_w": {"components.render.containerd"},
}
#: Modules of values: no Pulumi in them.
PURE = [
    name
    for name in MODULES
    if name.startswith(
        ("components.config", "components.render", "components.plan", "components.rules", "components.policies")
    )
    or name
    in (
        *("components.faults", "components.keys", "components.placement", "components.reading"),
        "components.stack_keys",
        *("components.releases", "components.schema", "components.machines.aws.facts"),
    )
]


def imports(path: Path) -> set[str]:
    """Return the full names of everything that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rank(module: str) -> int:
    """Return the place of a module in the order of imports."""
    places = [place for place, modules in enumerate(RANKS) if module in modules]
    assert len(places) == 1, f"{module} has no place in RANKS: say what it may import"
    return places[0]


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module: str) -> None:
    """A module knows those below it, never those beside or above it: values meet in __main__."""
    packages = {*RANKS[0], module.rpartition(".")[0]}
    for other in imports(MODULES[module]) & set(MODULES) - packages - {module}:
        assert rank(other) < rank(module), f"{module} imports {other}"


def test_ranks_name_no_module_that_is_gone() -> None:
    """The list above is the list of modules."""
    assert set().union(*RANKS) == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_libraries_have_one_owner(module: str) -> None:
    """A change of a plugin or a library is a change of one file."""
    for library in {name.split(".")[0] for name in imports(MODULES[module])} & set(OWNERS):
        assert module in OWNERS[library], f"{module} imports {library}"


@pytest.mark.parametrize("module", PURE)
def test_values_know_no_pulumi(module: str) -> None:
    """The schema, the rules and the rendering are plain functions of plain values."""
    assert not {name for name in imports(MODULES[module]) if name.split(".")[0].startswith("pulumi")}


def test_nothing_is_made_inside_apply() -> None:
    """A resource made in an apply is missing from the first preview."""
    for path in MODULES.values():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "apply":
                called = {n.func.id for a in node.args for n in ast.walk(a) if _names(n)}  # type: ignore[attr-defined]
                assert not {name for name in called if name[0].isupper()}, f"{path}: {called}"


def _names(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def test_files_are_short() -> None:
    """One noun a file, at most 300 lines; __main__.py is a table of contents of at most 60."""
    folders = ("components", "scripts", "lab", "tests")
    files = [p for folder in folders for end in ("py", "sh") for p in (TREE / folder).rglob(f"*.{end}")]
    for path in files:
        assert len(path.read_text().splitlines()) <= 300, path.relative_to(TREE)
    assert len((TREE / "__main__.py").read_text().splitlines()) <= 60


def test_scripts_are_used() -> None:
    """Every script of scripts/ is a step of some component."""
    text = "".join(path.read_text() for path in MODULES.values())
    for script in (TREE / "scripts").glob("*.sh"):
        assert f'"{script.stem}"' in text, script.name


def test_components_are_components() -> None:
    """Each has a type of the project's own, arguments in one frozen dataclass, and registers its outputs."""
    for path in MODULES.values():
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.ClassDef) or "ComponentResource" not in map(ast.unparse, node.bases):
                continue
            source = ast.unparse(node)
            assert f"'kubeadm-ha:index:{node.name}'" in source, node.name
            assert "self.register_outputs(" in source, node.name
            init = next(n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
            assert [a.arg for a in init.args.args] == ["self", "name", "args", "opts"], node.name
            assert ast.unparse(init.args.args[2].annotation or ast.Constant("")) == f"{node.name}Args", node.name
