"""Kinds of values in a cluster file, and what is said of one that does not fit: `problem: remedy`."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, NetmaskValueError
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*")
_BYTE = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_QUAD = rf"({_BYTE}\.){{3}}{_BYTE}"
ADDRESS_PATTERN = rf"^{_QUAD}$"
#: Not with a port that there is not: what an address of a server must not go on with.
NO_PORT = r"(?![^/\s]*:(?!([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])(/|$))\d+(/|$))"
_NO_PEM = r"(?![\s\S]*PRIVATE KEY)"
_YES, _NO = ("true", "yes", "on"), ("false", "no", "off")


class UnshownError(ValueError):
    """A value is wrong and must not be shown: it is or holds a secret."""


def example(*values: Any) -> Any:
    """Return what gives a key examples, for the schema and the reference."""
    return Field(examples=list(values))


def _label(value: str) -> str:
    if len(value) > 63:
        raise ValueError("longer than the 63 characters of a DNS label (RFC 1123): choose a shorter name")
    if re.fullmatch(_QUAD, value):
        raise ValueError("an address, where a name should be: write the name first, such as `worker-1: 192.0.2.21`")
    if not LABEL.fullmatch(value):
        first = value.partition(".")[0]  # of a full name, what the host itself is called
        better = re.sub(r"[^a-z0-9]+", "-", (first if LABEL.fullmatch(first) else value).lower()).strip("-")
        raise ValueError(
            "not a DNS label (RFC 1123): use lower-case letters, digits and '-', at most 63,"
            f" beginning and ending with a letter or digit{f', such as {better!r}' if better else ''}"
        )
    return value


def _host_label(value: str) -> str:
    if len(_label(value)) > 52:
        raise ValueError("longer than 52 characters: choose a shorter name; it goes into a certificate's, which has 64")
    if value == "localhost":
        raise ValueError("every host's name for itself: choose another")
    return value


def _domain(value: str) -> str:
    if not DOMAIN.fullmatch(value):
        raise ValueError(
            "not a DNS domain: use lower-case labels with dots between them, none at the ends, such as 'cluster.local'"
        )
    if len(value) > 121:
        raise ValueError("longer than 121 characters: choose a shorter one; names of services before it have 132")
    return value


def _certificate_name(value: str) -> str:
    host = value.removeprefix("*.")
    try:
        (IPv6Address if ":" in value else IPv4Address)(value.replace("%", " "))  # a zone is no part of a certificate
    except AddressValueError:
        if DOMAIN.fullmatch(host.lower()) and not re.fullmatch(rf"{_QUAD}|[\d.]+", host):
            return value
        raise ValueError(
            "neither a DNS name nor an address: write it without scheme, port and length, such as 'api.example.org';"
            " '*' can only be the first label"
        ) from None
    return value


def _registry(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?", value):
        raise ValueError("not the name of a registry: write it as in an image, such as registry.k8s.io")
    return value


def _url(value: str) -> str:
    if re.match(r"[a-z+]*://[^/\s]*@", value):
        raise UnshownError(
            "an address with a login in it, and it would stand in plain text in state, previews and on hosts:"
            " use a source that asks for none, or a proxy that logs in"
        )
    if not re.match(rf"[a-z+]*://{NO_PORT}", value):
        raise ValueError("not an address with a port that there is: write one from 1 to 65535, or none")
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
        raise ValueError("not an address: write one that begins with https:// or http:// and has no spaces, '?' or '#'")
    return value


def _secret_key(value: str) -> str:
    if "PRIVATE KEY" in value:
        raise UnshownError(
            "a private key, not the path of its file: put it into a file outside of the project and name that;"
            " make a new key, since this one has been written down here"
        )
    if value.endswith(".pub"):
        raise ValueError(f"the public half of a key: name the private one, {value.removesuffix('.pub')}")
    return _path(value)


def _public_key(value: str) -> str:
    if "PRIVATE KEY" in value:
        raise UnshownError(
            "a private key: give the public one, a line that begins with ssh-ed25519; make a new key for the host,"
            " since this one has been written down here"
        )
    return value


def _path(value: str) -> str:
    if not value or value != value.strip():
        raise ValueError("not the path of a file: write it without spaces at the ends")
    return value


def _user(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.@-]*", value) or re.search(r"@[\d.]*$", value):
        raise ValueError("not a login name: use letters, digits, '_', '-' and '.'; the host is named by its address")
    return value


def _login_address(value: str) -> str:
    try:
        IPv6Address(value)
    except AddressValueError:
        if not re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?", value):
            raise ValueError(
                "not an address or a name: write it alone; the user goes into ssh.user, the port into ssh.port"
            ) from None
    return value


def _flag_name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", value):
        plain = re.fullmatch(r"-*([A-Za-z][\w.-]*)(=.*)?", value)
        such = plain[1].lower().replace("_", "-") if plain else "max-requests-inflight"
        raise ValueError(f"not the name of a flag: write it without dashes in front and without its value: {such}")
    return value


def _resource_name(value: str) -> str:
    if not re.fullmatch(r"\*\.\*?|(\*|[a-z][a-z0-9-]*)(\.[a-z0-9][a-z0-9.-]*)?", value) or value == "*":
        raise ValueError(
            "not the name of a resource: write it as `kubectl api-resources` has it, such as secrets or"
            " widgets.example.org"
        )
    return value


def _fingerprint(value: str) -> str:
    digits = value.replace(" ", "").upper()  # gpg prints it in groups
    if not re.fullmatch(r"[0-9A-F]{40}", digits):
        raise ValueError(
            "not a fingerprint: write all 40 hexadecimal digits, as `gpg --show-keys` prints them; fewer are no proof"
        )
    return digits


def _ours(value: dict[str, Any]) -> dict[str, Any]:
    if value.keys() & {"apiVersion", "kind"}:
        raise ValueError("apiVersion and kind are set already: remove them")
    return value


def _exact(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}", value):
        plain = re.fullmatch(r"v((0|[1-9]\d*)(\.(0|[1-9]\d*)){2})", value) if isinstance(value, str) else None
        # Versions that begin with another number are another program's than Kubernetes.
        other = re.match(r"v?([02-9]|1\d)\.", str(value))
        such = "" if other and not plain else f", such as '{plain[1] if plain else '1.36.3'}'"
        raise ValueError(f"not an exact version: write all three numbers and nothing else{such}")
    return value


def _address(value: Any) -> Any:
    if isinstance(value, IPv4Address):
        return value
    if not isinstance(value, str):  # a bare number is an address to ipaddress, and never what was meant
        raise ValueError("not an IPv4 address: write one such as 192.0.2.10")
    try:
        return IPv4Address(value)
    except AddressValueError:
        raise ValueError(_instead_of_address(value)) from None


def _instead_of_address(value: str) -> str:
    alone = value.partition("/")[0].strip()
    if value != alone and re.fullmatch(_QUAD, alone):
        return f"not an address alone: write {alone}"
    try:
        IPv6Address(alone)
    except AddressValueError:
        return "not an IPv4 address: write one such as 192.0.2.10; a name is not looked up"
    return "an IPv6 address, where an IPv4 one belongs: write one such as 192.0.2.10; a node's IPv6 goes into address6"


def _range(value: Any) -> Any:
    if isinstance(value, IPv4Network):
        return value
    such = "10.0.0.0/16"
    if isinstance(value, str) and "/" in value:
        try:
            return IPv4Network(value)
        except (AddressValueError, NetmaskValueError):
            pass
        except ValueError:
            such = str(IPv4Network(value, strict=False))
            raise ValueError(f"not a range, since it has bits beyond its length: write {such}") from None
    if isinstance(value, str) and ":" in value:
        raise ValueError(f"not one IPv4 range: write one such as {such}; IPv6 goes under network.ipv6")
    raise ValueError(f"not an IPv4 range: write one such as {such}")


def _checksum(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", value.lower()):
        raise ValueError("not a SHA-256: write the 64 hexadecimal digits that sha256sum prints")
    return value.lower()


def _flag(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    # Pulumi reads a bare yes or off as text.
    if value not in (*_YES, *_NO):
        raise ValueError("neither true nor false: write one of the two, without quotes")
    return value in _YES


Name = Annotated[str, AfterValidator(_label), Field(json_schema_extra={"pattern": f"^{LABEL.pattern}$"})]
HostName = Annotated[
    str,
    AfterValidator(_host_label),
    Field(json_schema_extra={"pattern": "^(?!localhost$)[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$"}),
]
Domain = Annotated[
    str, AfterValidator(_domain), Field(json_schema_extra={"pattern": f"^{DOMAIN.pattern}$", "maxLength": 121})
]
Address = Annotated[IPv4Address, BeforeValidator(_address), Field(json_schema_extra={"pattern": ADDRESS_PATTERN})]
Range = Annotated[IPv4Network, BeforeValidator(_range), Field(json_schema_extra={"pattern": rf"^{_QUAD}/[\d.]+$"})]
Checksum = Annotated[str, AfterValidator(_checksum), Field(json_schema_extra={"pattern": "^[0-9A-Fa-f]{64}$"})]
CertificateName = Annotated[
    str, AfterValidator(_certificate_name), Field(json_schema_extra={"pattern": r"^(\*\.)?[0-9A-Za-z.:-]+$"})
]
RegistryName = Annotated[
    str, AfterValidator(_registry), Field(json_schema_extra={"pattern": "^[a-z0-9][a-z0-9.-]*(:[0-9]+)?$"})
]
Url = Annotated[
    str, AfterValidator(_url), Field(json_schema_extra={"pattern": rf"^https?://{NO_PORT}[^\s/@?#]+(/[^\s?#]*)?$"})
]
Version = Annotated[
    str, BeforeValidator(_exact), Field(json_schema_extra={"pattern": r"^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}$"})
]
ResourceName = Annotated[
    str, AfterValidator(_resource_name), Field(json_schema_extra={"pattern": r"^(\*\.|[a-z])[a-z0-9.*-]*$"})
]
Fingerprint = Annotated[
    str, AfterValidator(_fingerprint), Field(json_schema_extra={"pattern": "^( *[0-9A-Fa-f]){40} *$"})
]
FlagName = Annotated[
    str, AfterValidator(_flag_name), Field(json_schema_extra={"pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"})
]
FilePath = Annotated[str, AfterValidator(_path), Field(json_schema_extra={"minLength": 1})]
SecretKeyPath = Annotated[
    str, AfterValidator(_secret_key), Field(json_schema_extra={"pattern": rf"^{_NO_PEM}(?!.*\.pub$)."})
]
PublicKey = Annotated[str, AfterValidator(_public_key), Field(json_schema_extra={"pattern": f"^{_NO_PEM}"})]
User = Annotated[
    str, AfterValidator(_user), Field(json_schema_extra={"pattern": r"^(?!.*@[\d.]*$)[A-Za-z_][A-Za-z0-9_.@-]*$"})
]
LoginAddress = Annotated[str, AfterValidator(_login_address), Field(json_schema_extra={"pattern": r"^[^\s@/]+$"})]
ComponentConfig = Annotated[
    dict[str, Any],
    AfterValidator(_ours),
    Field(json_schema_extra={"propertyNames": {"not": {"enum": ["apiVersion", "kind"]}}}),
]
Flag = Annotated[
    bool,
    BeforeValidator(_flag),
    WithJsonSchema({"enum": [True, False, "yes", "no", "on", "off", "true", "false"], "type": ["boolean", "string"]}),
]
#: A whole number: text in quotes is not taken for one.
Whole = Annotated[int, Field(strict=True)]
Port = Annotated[Whole, Field(ge=1, le=65535)]
