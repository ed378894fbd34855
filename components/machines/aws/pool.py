"""One pool that grows and shrinks by itself: a launch template, and an Auto Scaling group of machines made by it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import autoscaling, ec2, iam, s3, ssm

from components.machines.aws.elastic_data import parameter, user_data
from components.machines.aws.facts import ImageFacts
from components.machines.aws.guards import WORKER
from components.machines.aws.machines import Footing
from components.machines.aws.policies import may, policy
from components.machines.aws.roles import POLICIES, WHO

#: A machine that has not joined by then is ended, and with it the replacement of the others.
JOIN_SECONDS = 1800
#: How long Auto Scaling can be made to wait for one that leaves.
MOST_SECONDS = 7200
#: What leaving takes besides draining.
LEAVE_SECONDS = 300
DISCOVERED = "k8s.io/cluster-autoscaler"


@dataclass(frozen=True)
class PoolArgs:
    """Arguments of a Pool."""

    standing: Footing
    """What machines stand on."""
    images: Mapping[str, ImageFacts]
    """What is known of the images that they start from."""
    parameter: ssm.Parameter
    """What holds the token."""
    bucket: s3.Bucket
    """What holds the steps."""
    bundle: pulumi.Output[str]
    """The steps that make a machine a node and take it out, secret."""
    after: Sequence[pulumi.Resource]
    """What has to be there before the first machine starts."""


class Pool(pulumi.ComponentResource):
    """Machines that come and go; no resource stands for any one of them."""

    def __init__(self, name: str, args: PoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:Pool", name, None, opts)
        self._args = args
        base = self._base = args.standing.base.within(self)
        machines = base.cluster.workers[name].machines
        if machines is None or machines.auto_scaling is None:  # a rule refuses it before
            raise ValueError(f"{name} is no elastic pool")
        self._pool, self._named = name, base.name(name)
        self._options, self._scaling = machines, machines.auto_scaling
        # The checksum of what is secret is none.
        digest = pulumi.Output.unsecret(args.bundle.apply(lambda text: hashlib.sha256(text.encode()).hexdigest()))
        kept = s3.BucketObjectv2(
            self._what("bundle"),
            bucket=args.bucket.id,
            # Another content is another object: machines that just start have the one that they were told of.
            key=digest.apply(lambda sha256: f"{name}/{sha256}"),
            content=args.bundle,
            server_side_encryption="AES256",
            opts=base.opts(),
        )
        profile, rights = self._allowed(kept)
        drains = base.cluster.drain.timeout_seconds
        group = self._group(self._template(profile, kept, digest), drains, [*args.after, *rights])
        autoscaling.LifecycleHook(
            self._what("leaves"),
            name="leaves",
            autoscaling_group_name=group.name,
            lifecycle_transition="autoscaling:EC2_INSTANCE_TERMINATING",
            default_result="CONTINUE",
            heartbeat_timeout=min(drains + LEAVE_SECONDS, MOST_SECONDS),
            # It goes with the group, whose machines have to be drained when the pool ends.
            opts=base.opts(retain_on_delete=True),
        )
        self.register_outputs({"group": group.name})

    def _what(self, what: str) -> str:
        return self._base.name(f"pool-{self._pool}-{what}")

    def _allowed(self, kept: s3.BucketObjectv2) -> tuple[iam.InstanceProfile, list[pulumi.Resource]]:
        what = self._what("machine")
        tags = self._base.tags(what)
        role = iam.Role(what, assume_role_policy=json.dumps(WHO), tags=tags, opts=self._base.opts())
        profile = iam.InstanceProfile(f"{what}-profile", role=role.name, tags=tags, opts=self._base.opts())
        joins = pulumi.Output.all(self._args.parameter.arn, self._args.bucket.arn, kept.key).apply(
            lambda known: policy(
                may("ssm:GetParameter", known[0]),
                may("s3:GetObject", f"{known[1]}/{known[2]}"),
                may("autoscaling:CompleteLifecycleAction", self._arn(known[1])),
            )
        )
        own = iam.RolePolicy(f"{what}-joins", role=role.name, policy=joins, opts=self._base.opts())
        asked = [
            iam.RolePolicyAttachment(f"{what}-{service}", role=role.name, policy_arn=arn, opts=self._base.opts())
            for service, arn in POLICIES.items()
            if self._base.options.may_use(service)
        ]
        return profile, [own, *asked]

    def _arn(self, of_bucket: str) -> str:
        """Return the group's name as rights have it, before there is a group; its partition is the bucket's."""
        partition = of_bucket.split(":")[1]
        where = f"arn:{partition}:autoscaling:{self._base.options.region}:*"
        return f"{where}:autoScalingGroup:*:autoScalingGroupName/{self._named}"

    def _template(
        self, profile: iam.InstanceProfile, kept: s3.BucketObjectv2, digest: pulumi.Output[str]
    ) -> ec2.LaunchTemplate:
        base, standing = self._base, self._args.standing
        image = standing.images[self._options.instance_type]
        facts, given = self._args.images[image], base.options.image
        # Another family or architecture is another template: of one and the same the image is kept.
        kind = "own-image" if given.id else f"{given.family}-{facts.architecture}"
        told = pulumi.Output.all(self._args.bucket.id, kept.key, digest).apply(self._told)
        return ec2.LaunchTemplate(
            self._what(f"template-{kind}"),
            image_id=image,
            instance_type=self._options.instance_type,
            key_name=standing.key_name,
            iam_instance_profile=ec2.LaunchTemplateIamInstanceProfileArgs(arn=profile.arn),
            metadata_options=ec2.LaunchTemplateMetadataOptionsArgs(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            network_interfaces=[
                ec2.LaunchTemplateNetworkInterfaceArgs(
                    device_index=0,
                    associate_public_ip_address=_word(base.options.network.public),
                    security_groups=[standing.guards[WORKER]],
                    delete_on_termination="true",
                )
            ],
            block_device_mappings=[
                ec2.LaunchTemplateBlockDeviceMappingArgs(
                    device_name=facts.root,
                    ebs=ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
                        volume_type="gp3",
                        volume_size=self._options.volume_gib,
                        encrypted="true",
                        # An alias stays one: what it stands for replaces no machine.
                        kms_key_id=standing.key and standing.key.named,
                        delete_on_termination="true",
                    ),
                )
            ],
            tag_specifications=[
                ec2.LaunchTemplateTagSpecificationArgs(resource_type="volume", tags=base.tags(self._named))
            ],
            user_data=told.apply(lambda text: base64.b64encode(text.encode()).decode()),
            tags=base.tags(self._what("template")),
            # A family's newer image replaces nothing by itself: one that is wanted is named.
            opts=base.opts(ignore_changes=[] if given.id else ["imageId"]),
        )

    def _told(self, known: Sequence[str]) -> str:
        bucket, key, digest = known
        return user_data(
            {
                "pool": self._pool,
                "group": self._named,
                "region": self._base.options.region,
                "bucket": bucket,
                "key": key,
                "sha256": digest,
                "parameter": parameter(self._base.cluster.name),
            }
        )

    def _group(self, template: ec2.LaunchTemplate, drains: int, after: Sequence[pulumi.Resource]) -> autoscaling.Group:
        standing = self._args.standing
        tags = {**self._base.tags(self._named), **self._discovery()}
        return autoscaling.Group(
            self._what("group"),
            name=self._named,
            min_size=self._scaling.min,
            max_size=self._scaling.max,
            vpc_zone_identifiers=list(standing.subnets.values()),
            launch_template=autoscaling.GroupLaunchTemplateArgs(
                id=template.id, version=template.latest_version.apply(lambda number: str(int(number)))
            ),
            health_check_type="EC2",
            # Held back from the first one on: what does not join is ended, and counts for nothing.
            initial_lifecycle_hooks=[
                autoscaling.GroupInitialLifecycleHookArgs(
                    name="joins",
                    lifecycle_transition="autoscaling:EC2_INSTANCE_LAUNCHING",
                    default_result="ABANDON",
                    heartbeat_timeout=JOIN_SECONDS,
                )
            ],
            instance_refresh=autoscaling.GroupInstanceRefreshArgs(
                strategy="Rolling",
                preferences=autoscaling.GroupInstanceRefreshPreferencesArgs(
                    min_healthy_percentage=self._scaling.min_healthy_percent, skip_matching=True
                ),
            ),
            tags=[autoscaling.GroupTagArgs(key=k, value=v, propagate_at_launch=True) for k, v in tags.items()],
            wait_for_capacity_timeout=f"{JOIN_SECONDS // 60}m",
            opts=self._base.opts(
                depends_on=[*standing.after, *after],
                # Between the two the autoscaler chooses.
                ignore_changes=["desiredCapacity"],
                custom_timeouts=pulumi.CustomTimeouts(delete=f"{(drains + LEAVE_SECONDS) // 60 + 30}m"),
            ),
        )

    def _discovery(self) -> dict[str, str]:
        if not self._scaling.cluster_autoscaler:
            return {}
        marks = self._base.cluster.marks_of_pool(self._pool)
        promised = f"{DISCOVERED}/node-template"
        return {
            f"{DISCOVERED}/enabled": "true",
            f"{DISCOVERED}/{self._base.cluster.name}": "owned",
            **{f"{promised}/label/{label}": value for label, value in marks.labels.items()},
            **{f"{promised}/taint/{key}": f"{value}:{effect}" for (key, effect), value in marks.taints.items()},
        }


def _word(value: bool) -> str:
    return "true" if value else "false"
