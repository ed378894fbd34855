"""The process of the program, without what takes time in each preview and is read by nobody."""

from __future__ import annotations

import atexit
import gc
import os
from typing import Any

import pulumi

#: Where this variable is set, what the SDK says of its own steps is sent: `pulumi up --debug` shows it.
DEBUG = "KUBEADM_HA_SDK_DEBUG"


def lighten() -> None:
    """Make the rest of this process cheaper; see docs/adr/0006-a-light-process.md for what each takes.

    All that is made here is kept to the end, so nobody looks for garbage meanwhile, nor when Python ends. And the SDK
    is kept from sending its debug messages, since it waits for an answer to each of the four that a resource has.
    """
    gc.disable()
    atexit.register(gc.freeze)
    if DEBUG not in os.environ:
        pulumi.log.debug = _unsent


def _unsent(*_: Any, **__: Any) -> None:
    """Stand in for `pulumi.log.debug`."""
