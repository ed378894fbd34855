"""What pulumi knows of a stack: its outputs and its configuration, asked by its own command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

PULUMI_SECONDS = 120
#: Keys of a stack's file that tell how its secrets are encrypted. They mean nothing in another backend.
_ENCRYPTION = ("encryptionsalt:", "encryptedkey:", "secretsprovider:")
_HIDDEN = "[secret]"


class PlannerError(Exception):
    """The plan cannot be made; the text says why, and the way out."""


@dataclass(frozen=True)
class Stack:
    """A stack of a project; without a name the one that is selected."""

    project: Path
    name: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    @property
    def shown(self) -> str:
        """What a sentence calls it."""
        return f"stack {self.name}" if self.name else "the selected stack"

    @property
    def file(self) -> Path | None:
        """The stack's file, None where only pulumi knows which it is."""
        if self.name is None:
            return None
        settings = _parsed(self.project / "Pulumi.yaml")
        folder = self.project / str(settings.get("stackConfigDir", ""))
        return folder / f"Pulumi.{self.name.rpartition('/')[2]}.yaml"

    def outputs(self) -> dict[str, Any] | None:
        """Return what the last `up` has exported, secrets hidden; None for a stack that does not exist yet."""
        done = self._run("stack", "output", "--json")
        if done.returncode != 0 and "no stack named" in done.stderr:
            return None
        outputs: dict[str, Any] = self._document(done)
        if outputs.get("deployed") == _HIDDEN:
            outputs["deployed"] = self._document(self._run("stack", "output", "deployed", "--json", "--show-secrets"))
        return outputs

    def configuration(self, file: Path | None = None) -> tuple[dict[str, Any], bool]:
        """Return the stack's keys as the program gets them, by name, and whether there is a secret among them."""
        chosen = ["--config-file", str(file.resolve())] if file else []
        prefix = f"{_parsed(self.project / 'Pulumi.yaml').get('name', 'kubeadm-ha')}:"
        found = self._document(self._run("config", "--json", *chosen))
        secret = any(entry.get("secret") for key, entry in found.items() if key.startswith(prefix))
        if secret:
            # Pulumi hides the whole cluster when one key in it is secret. What is shown here stays in memory.
            found = self._document(self._run("config", "--json", "--show-secrets", *chosen))
        return {k.removeprefix(prefix): e.get("value") for k, e in found.items() if k.startswith(prefix)}, secret

    def secret_paths(self) -> list[tuple[str | int, ...]]:
        """Return where in the cluster there are secrets; `()`, all of it, where that cannot be told."""
        settings = _parsed(self.file).get("config") if self.file and self.file.exists() else None
        found = [path[1:] for path in secret_paths(settings) if str(path[0]).endswith(":cluster")]
        return found or [()]

    def _document(self, done: subprocess.CompletedProcess[str]) -> Any:
        if done.returncode != 0:
            raise PlannerError(f"pulumi cannot tell of {self.shown}: {_said(done)}")
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            raise PlannerError(
                f"pulumi gave no JSON for {self.shown}: see `pulumi version`, 3.250 or later is needed."
            ) from None

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a pulumi command on the stack; raises PlannerError when pulumi says no."""
        done = self._run(*words)
        if done.returncode != 0:
            raise PlannerError(f"pulumi {words[0]}: {_said(done)}")
        return done

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", "--non-interactive", "--color", "never", "--cwd", str(self.project), *words]
        command += ["--stack", self.name] if self.name else []
        try:
            # Standard output may hold secrets: it stays in memory, and no error shows it.
            return subprocess.run(
                command, env=self.environment, capture_output=True, text=True, timeout=PULUMI_SECONDS, check=False
            )
        except FileNotFoundError:
            raise PlannerError("pulumi is not on PATH: install it (scripts/ci/install-pulumi does).") from None
        except subprocess.TimeoutExpired:
            raise PlannerError(
                f"pulumi did not answer within {PULUMI_SECONDS} s: see `pulumi whoami --verbose`."
            ) from None


@contextmanager
def throw_away(project: Path) -> Iterator[Stack]:
    """Hand out an empty stack in a backend of its own, which reads configuration as any other and needs no secret."""
    with TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        state.mkdir()
        shutil.copy(project / "Pulumi.yaml", folder)
        kept = {key: value for key, value in os.environ.items() if key != "PULUMI_CONFIG_PASSPHRASE_FILE"}
        ours = {"PULUMI_BACKEND_URL": f"file://{state}", "PULUMI_CONFIG_PASSPHRASE": ""}
        stack = Stack(Path(folder), "plan", {**kept, **ours})
        stack.run("stack", "init", "--no-select", "--secrets-provider", "passphrase")
        yield stack


def readable_elsewhere(file: Path, folder: Path) -> Path:
    """Return a copy of a stack's file, in `folder`, that another backend can read; raises PlannerError."""
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise PlannerError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from None
    if secret_paths(_parsed(file)):
        raise PlannerError(
            f"{file} has secrets, and only the stack's own backend decrypts them: run `pulumi stack init` first, and"
            " plan without --against."
        )
    copy = folder / f"copy-{len(list(folder.iterdir()))}.yaml"
    copy.write_text("".join(line for line in text.splitlines(keepends=True) if not line.startswith(_ENCRYPTION)))
    return copy


def secret_paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return where a parsed stack file has encrypted values."""
    match value:
        case {"secure": str(), **others} if not others:
            return [path]
        case dict():
            return [found for key, inner in value.items() for found in secret_paths(inner, (*path, key))]
        case list():
            return [found for index, inner in enumerate(value) for found in secret_paths(inner, (*path, index))]
    return []


def _parsed(file: Path) -> dict[str, Any]:
    try:
        parsed = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise PlannerError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from None
    except yaml.YAMLError as error:
        raise PlannerError(f"{file} is no YAML: {' '.join(str(error).split())}.") from None
    return parsed if isinstance(parsed, dict) else {}


def _said(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("warning:")]
    said = " ".join(" ".join(lines).split()).removeprefix("error: ") or f"status {done.returncode}"
    return f"{said.rstrip('.')}. Its backend is PULUMI_BACKEND_URL, its passphrase PULUMI_CONFIG_PASSPHRASE_FILE."
