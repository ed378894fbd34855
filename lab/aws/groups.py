"""Auto Scaling as AWS does it, in places where moto does not."""

from __future__ import annotations

from typing import Any

#: Of a machine that is to end, and is asked to leave first.
LEAVES = "Terminating:Wait"
_TRANSITION = "autoscaling:EC2_INSTANCE_TERMINATING"


def mend_groups() -> None:
    """Have groups replace their machines when they are told to, here at once, and take word of those that have joined.

    Every version of a template has its user data, and what machines may do is the template's too.
    """
    from moto.autoscaling import models, responses
    from moto.core.responses import ActionResult, EmptyResult
    from moto.ec2.models import launch_templates
    from moto.ec2.utils import parse_user_data

    template: Any = launch_templates.LaunchTemplate
    version = template.create_version

    def versioned(self: Any, data: dict[str, Any], description: str) -> Any:
        told = data.get("UserData")  # of the first version it is read already
        return version(self, {**data, "UserData": parse_user_data(told) if type(told) is str else told}, description)

    template.create_version = versioned
    maker: Any = models.FakeAutoScalingGroup
    make = maker.replace_autoscaling_group_instances

    def made(self: Any, count: int, tags: dict[str, str]) -> None:
        there = list(self.instance_states)
        make(self, count, tags)
        used = self.ec2_launch_template and self.ec2_launch_template.get_version(self.launch_template_version)
        profile = used.data.get("IamInstanceProfile", {}) if used else {}
        for state in self.instance_states:
            if profile and state not in there:
                self.autoscaling_backend.ec2_backend.associate_iam_instance_profile(
                    state.instance.id, profile.get("Name"), profile.get("Arn")
                )

    maker.replace_autoscaling_group_instances = made
    group: Any = responses.AutoScalingResponse

    def replaced(self: Any) -> ActionResult:
        name = self._get_param("AutoScalingGroupName")
        for known in self.autoscaling_backend.describe_auto_scaling_groups([name]):
            for state in known.active_instances():
                self.autoscaling_backend.terminate_instance(state.instance.id, should_decrement=False)
        return ActionResult({"InstanceRefreshId": "refresh"})

    group.start_instance_refresh = replaced
    group.complete_lifecycle_action = lambda _: EmptyResult()


def hold_machines() -> None:
    """Let machines that a group ends leave first, where a hook says so: they end when they say that they have left.

    For machines that run. Nobody else would ever say it.
    """
    from moto.autoscaling import models, responses
    from moto.core.responses import EmptyResult

    backend: Any = models.AutoScalingBackend
    group: Any = models.FakeAutoScalingGroup
    answers: Any = responses.AutoScalingResponse
    end, resize = backend.terminate_instance, group.set_desired_capacity

    def resized(self: Any, capacity: int | None) -> None:
        leaving = [state for state in self.instance_states if state.lifecycle_state == LEAVES]
        self.instance_states = [state for state in self.instance_states if state not in leaving]
        surplus = len(self.active_instances()) - (self.min_size if capacity is None else capacity)
        if _asks(self) and surplus > 0:
            held = self.active_instances()[:surplus]
            self.instance_states = [state for state in self.instance_states if state not in held]
            leaving += held
        resize(self, capacity)
        for state in leaving:
            state.lifecycle_state = LEAVES
        self.instance_states = [*self.instance_states, *leaving]

    def ended(self: Any, instance_id: str, should_decrement: bool) -> Any:
        state = _state(self, instance_id)
        known = state.instance.autoscaling_group
        if not _asks(known):
            return end(self, instance_id, should_decrement)
        size = known.desired_capacity
        state.lifecycle_state = LEAVES
        known.set_desired_capacity(size - 1 if should_decrement else size)
        return models.TerminateInstanceActivity(state.instance, size)

    def said(self: Any) -> EmptyResult:
        state = _state(self.autoscaling_backend, self._get_param("InstanceId"))
        if state is not None and state.lifecycle_state == LEAVES:
            known = state.instance.autoscaling_group
            known.instance_states = [other for other in known.instance_states if other is not state]
            self.autoscaling_backend.ec2_backend.terminate_instances([state.instance.id])
        return EmptyResult()

    group.set_desired_capacity = resized
    backend.terminate_instance = ended
    answers.complete_lifecycle_action = said


def _asks(group: Any) -> bool:
    hooks = group.autoscaling_backend.describe_lifecycle_hooks(group.name)
    return any(hook.lifecycle_transition == _TRANSITION for hook in hooks)


def _state(backend: Any, instance_id: str) -> Any:
    states = (state for group in backend.autoscaling_groups.values() for state in group.instance_states)
    return next((state for state in states if state.instance.id == instance_id), None)
