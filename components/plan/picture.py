"""Before and after as a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.plan import elastic
from components.plan.transition import Machine, Role, Transition
from components.plan.words import count

#: A group of more machines than this is drawn as their number, with those that change named.
DRAWN = 8
#: Of so many groups; of more fewer are drawn each, and two at least.
FEW = 4
_STYLES = {
    "joins": "fill:#d3f3d8,stroke:#1a7f37,color:#0b3d17",
    "changes": "fill:#fff3c4,stroke:#9a6700,color:#4d3300",
    "leaves": "fill:#ffdcd8,stroke:#cf222e,color:#660c12",
}


def picture(transition: Transition) -> list[str]:
    """Return the chart's lines; empty when the machines and their version stay as they are."""
    marks = _marks(transition)
    growing = elastic.marks(transition)
    if not marks and not growing:
        return []
    lines = ["flowchart LR"]
    if not transition.first:
        lines += _side("before", "Before", transition.before, marks | growing, transition.deployed or {})
    lines += _side("after", "After", transition.after, marks | growing, transition.wanted)
    if not transition.first:
        lines.append("  before ~~~ after")
    return [*lines, *(f"  classDef {name} {style}" for name, style in _STYLES.items())]


def _marks(transition: Transition) -> dict[str, str]:
    """Return what becomes of each machine that does not simply stay."""
    marks = {m.name: "joins" for m in transition.joining}
    marks |= {m.name: "leaves" for m in (*transition.leaving, *transition.evicted)}
    marks |= {m.name: "changes" for m in (*transition.replaced, *transition.repooled)}
    rolled = [c for c in transition.changes if c.path in ("kubernetes.version", "containerd.version")]
    if rolled:
        for role in (Role.CONTROL_PLANE, Role.WORKER):
            marks |= {m.name: "changes" for m in transition.staying(role)}
    if transition.change("etcd.version"):
        marks |= {m.name: "changes" for m in transition.staying(Role.ETCD)}
    if transition.change("kubernetes.extraCertNames"):
        marks |= {m.name: "changes" for m in transition.staying(Role.CONTROL_PLANE)}
    return marks


def _side(
    key: str, title: str, machines: Mapping[str, Machine], marks: Mapping[str, str], document: Mapping[str, object]
) -> Iterator[str]:
    version = document.get("kubernetes", {})
    release = version.get("version", "") if isinstance(version, Mapping) else ""
    yield f'  subgraph {key}["{title}{f": Kubernetes {release}" if release else ""}"]'
    yield "    direction TB"
    groups: dict[tuple[Role, str], list[Machine]] = {}
    for machine in machines.values():
        if not (machine.lost and key == "after"):
            groups.setdefault((machine.role, machine.pool), []).append(machine)
    identities = {place: f"{key}{number}" for number, place in enumerate(groups)}
    for place, members in groups.items():
        role, pool = place
        label = f"pool {pool}" if role is Role.WORKER else f"{role.value}s"
        yield f'    subgraph {identities[place]}["{label}"]'
        yield from _members(key, role, members, marks, max(2, DRAWN * FEW // max(len(groups), FEW)))
        yield "    end"
    pairs = ((Role.BALANCER, Role.CONTROL_PLANE), (Role.CONTROL_PLANE, Role.ETCD), (Role.CONTROL_PLANE, Role.WORKER))
    for upper, lower in pairs:
        for start in (p for p in identities if p[0] is upper):
            for end in (p for p in identities if p[0] is lower):
                yield f"    {identities[start]} --- {identities[end]}"
    for number, (pool, options) in enumerate(elastic.pools(document).items()):
        style = f":::{marks[elastic.mark(pool)]}" if elastic.mark(pool) in marks else ""
        yield f'    {key}_elastic{number}(["pool {pool}<br/>{elastic.limits(options)}"]){style}'
        yield from (f"    {identities[p]} --- {key}_elastic{number}" for p in identities if p[0] is Role.CONTROL_PLANE)
    yield "  end"


def _members(key: str, role: Role, members: list[Machine], marks: Mapping[str, str], drawn: int) -> Iterator[str]:
    named = members if len(members) <= drawn else [m for m in members if marks.get(m.name)][:drawn]
    for machine in named:
        style = f":::{marks[machine.name]}" if machine.name in marks else ""
        yield f'      {key}_{machine.name.replace("-", "_")}["{machine.name}<br/>{machine.address}"]{style}'
    if len(members) > len(named):
        rest = len(members) - len(named)
        place = f"{role.name.lower()}_{members[0].pool}".replace("-", "_")
        yield f'      {key}_{place}_more(["{count(rest, "more host")}"])'
