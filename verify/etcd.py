"""Judging etcd: who leads, who lags, and what is left before the majority is gone. Pure."""

from __future__ import annotations

from verify.facts import Member, MemberStatus, Stack
from verify.judgement import Check, counted

#: A member that is further behind than this gets a snapshot of everything instead of the log's entries (etcd's
#: catch-up entries); until then it is no help. The members are asked one after another, so a few entries say nothing.
FAR_BEHIND_ENTRIES = 5000


def check(stack: Stack, members: tuple[Member, ...] | str) -> Check:
    """Return the check of etcd; `members` may be the reason why they are not known."""
    if stack.etcd_kind == "external":
        return Check("etcd", "somebody else's: API servers that reach it are ready")
    if isinstance(members, str):
        return Check("etcd", members, (f"the state of etcd is not known: {members}",), fatal=True)
    last = max((its.status.raft_index for its in members if its.status), default=0)
    leader = _leader(members)
    problems = {its.id: _problem(its, leader, last) for its in members}
    voters = [its for its in members if not its.learner]
    healthy = [its for its in voters if not problems[its.id]]
    losses = len(healthy) - (len(voters) // 2 + 1)
    faults = [f"etcd member {its.name} {problems[its.id]}" for its in members if problems[its.id]]
    names = {its.name for its in members}
    faults += [f"{name} has no etcd member" for name in stack.members() if name not in names]
    if losses < 0:
        faults.insert(0, f"etcd has lost its majority: {len(healthy)} of {counted(len(voters), 'member')} healthy")
    elif losses == 0:
        faults.append(f"etcd can lose no member: {len(healthy)} of {counted(len(voters), 'member')} healthy")
    words = [_word(its, problems[its.id], leader, last) for its in members]
    wanted = max(len(voters), len(stack.members()))
    return Check("etcd", ", ".join(words), tuple(faults), len(healthy), wanted, losses, fatal=losses < 0)


def _leader(members: tuple[Member, ...]) -> int:
    """Return the id that most members take for the leader, 0 for none."""
    votes = [its.status.leader for its in members if its.status and its.status.leader]
    return max(votes, key=votes.count, default=0)


def _problem(member: Member, leader: int, last: int) -> str:
    status: MemberStatus | None = member.status
    if status is None:
        return "does not answer"
    if not status.leader:
        return "knows of no leader"
    if status.leader != leader:
        return "follows another leader than the others"
    if status.alarms:
        return f"has an alarm: {'; '.join(status.alarms)}"
    if last - status.raft_index > FAR_BEHIND_ENTRIES:
        return f"is {last - status.raft_index} entries behind"
    return "is a learner: it has no vote yet" if member.learner else ""


def _word(member: Member, problem: str, leader: int, last: int) -> str:
    if member.status is None:
        return f"{member.name} DOWN"
    if member.learner:
        return f"{member.name} learner, {last - member.status.raft_index} behind"
    if member.id == leader and not problem:
        return f"{member.name} leads"
    return f"{member.name} {last - member.status.raft_index} behind"
