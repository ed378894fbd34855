"""What a provider of a program can be told."""

from __future__ import annotations

from lab.aws.cloud import Cloud
from lab.aws.shape import Shape, block, flag, mapping, text, texts
from lab.aws.wire import Values

PROVIDER: dict[str, Shape] = {
    "region": text(),
    "profile": text(),
    "defaultTags": block({"tags": mapping()}),
    "allowedAccountIds": texts(),
    "skipCredentialsValidation": flag(),
    "skipMetadataApiCheck": flag(),
    "skipRegionValidation": flag(),
    "skipRequestingAccountId": flag(),
}


def cloud_of(settings: Values) -> Cloud | None:
    """Return the API as a provider's settings have it, or None where no region is said."""
    cloud = Cloud(settings.get("region"), settings.get("profile"), settings.get("defaultTags", {}).get("tags"))
    if cloud.region == "None":
        return None
    allowed = settings.get("allowedAccountIds")
    if allowed and cloud.account not in allowed:
        raise PermissionError(f"the account is {cloud.account}, and allowedAccountIds has {', '.join(allowed)}")
    return cloud
