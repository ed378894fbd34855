"""Asking etcd's members on hosts of their own: each by its own address, with the certificate that the stack has."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import Any

from verify.facts import EtcdClient, Member, MemberStatus, Stack

PORT = 2379
SECONDS = 4.0
#: A list of seven members is a few thousand.
MOST_BYTES = 262144
Answer = Mapping[str, Any]


def ask(pool: Executor, stack: Stack) -> tuple[Member, ...] | str:
    """Return the members as one that answers lists them, or why they are not known. Takes little more than SECONDS."""
    context = _context(stack.etcd_client)
    if isinstance(context, str):
        return context
    hosts = list(stack.etcd.values())
    statuses = [pool.submit(_post, host, "/v3/maintenance/status", context) for host in hosts]
    lists = [pool.submit(_post, host, "/v3/cluster/member/list", context) for host in hosts]
    listing = next((answer for answer in map(_result, lists) if isinstance(answer, Mapping)), None)
    said = [answer for answer in map(_result, statuses) if isinstance(answer, Mapping)]
    if listing is None:
        reasons = {str(_result(future)) for future in lists}
        return f"no member lists the others: {', '.join(sorted(reasons))}"
    try:
        return understood(listing, said)
    except (ValueError, KeyError, TypeError) as error:
        return f"etcd's answer was not understood ({error!r})"


def values(pool: Executor, stack: Stack, first: str, end: str) -> Answer | str:
    """Return what etcd holds from the key `first` to before `end`, as one that answers says it, or why not."""
    context = _context(stack.etcd_client)
    if isinstance(context, str):
        return context
    keys = {name: base64.b64encode(key.encode()).decode() for name, key in (("key", first), ("range_end", end))}
    asked = [pool.submit(_post, host, "/v3/kv/range", context, json.dumps(keys)) for host in stack.etcd.values()]
    answers = list(map(_result, asked))
    return next((answer for answer in answers if isinstance(answer, Mapping)), str(answers[0]))


def understood(listing: Answer, statuses: Sequence[Answer]) -> tuple[Member, ...]:
    """Return members from etcd's JSON: numbers are text, zeros are left out; raises ValueError and KeyError."""
    known = {int(status["header"]["member_id"]): _status(status) for status in statuses}
    return tuple(
        Member(
            id=int(member["ID"]),
            name=member.get("name") or next(iter(member.get("peerURLs", [])), "without a name"),
            learner=bool(member.get("isLearner", False)),
            status=known.get(int(member["ID"])),
        )
        for member in listing["members"]
    )


def _status(status: Answer) -> MemberStatus:
    return MemberStatus(
        leader=int(status.get("leader", 0)),
        raft_index=int(status.get("raftIndex", 0)),
        version=status.get("version", "?"),
        size_bytes=int(status.get("dbSize", 0)),
        alarms=tuple(status.get("errors") or ()),
    )


def _context(client: EtcdClient | None) -> ssl.SSLContext | str:
    """Return what members are asked with, or why they cannot be."""
    if client is None:
        return "the stack has no certificate for etcd"
    try:
        context = ssl.create_default_context(cadata=client.ca)
        # The library reads these from files alone; for the owner, and gone at once.
        with tempfile.NamedTemporaryFile("w", prefix="kubeadm-ha-", suffix=".pem") as file:
            file.write(f"{client.certificate}\n{client.key}")
            file.flush()
            context.load_cert_chain(file.name)
    except (ssl.SSLError, OSError, ValueError) as error:
        return f"the stack's certificate for etcd cannot be used ({error})"
    return context


def _post(host: str, path: str, context: ssl.SSLContext, body: str = "{}") -> Answer | str:
    connection = http.client.HTTPSConnection(host, PORT, timeout=SECONDS, context=context)
    try:
        connection.request("POST", path, body=body, headers={"Content-Type": "application/json"})
        with connection.getresponse() as response:
            said = response.read(MOST_BYTES)
            if response.status != http.client.OK:
                return f"status {response.status}"
            answer: Answer = json.loads(said)
            return answer
    except TimeoutError:
        return f"no answer within {SECONDS:.0f} s"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return (getattr(error, "strerror", None) or str(error)).lower()
    finally:
        connection.close()


def _result(future: Future[Answer | str]) -> Answer | str:
    return future.result()
