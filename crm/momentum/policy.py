"""What admins decide about momentum: thresholds, speed of fading, base points."""

from __future__ import annotations

from dataclasses import dataclass

from crm.setting import faults, setting


@dataclass(frozen=True, slots=True)
class MomentumPolicy:
    """Thresholds in points, time constants in hours; check with `problems` before use.

    Energies built under other time constants are not convertible: replay them from the event log.
    """

    yellow_below: float = setting(
        40.0, label="黄色阈值", unit="分", low=1, high=99, help="低于它且不再上升，线索转为黄色预警"
    )
    red_below: float = setting(
        20.0, label="红色阈值", unit="分", low=1, high=99, help="低于它且不再上升，线索红色熔断"
    )
    hysteresis: float = setting(
        0.05,
        label="回差",
        low=0.01,
        high=0.5,
        help="高出阈值这一比例才恢复，0.05 即 5%，避免来回跳动",
    )
    fast_tau_hours: float = setting(
        3.27407,
        label="快信号峰值时间",
        unit="小时",
        low=0.25,
        high=48,
        help="默认值使 2–5 小时为能量高峰",
    )
    medium_tau_hours: float = setting(
        48.0,
        label="中信号峰值时间",
        unit="小时",
        low=1,
        high=480,
        help="聊天信号与跟进在此时最强",
    )
    long_tau_hours: float = setting(
        240.0,
        label="慢信号峰值时间",
        unit="小时",
        low=4,
        high=2400,
        help="阶段推进、决策链变化在此时最强",
    )
    capture_points: float = setting(
        60.0, label="新线索基础分", unit="分", low=0, high=100, help="登记时加的快信号"
    )
    touch_points: float = setting(
        25.0, label="跟进加分", unit="分", low=0, high=100, help="每次有效跟进加的中信号"
    )

    @property
    def taus(self) -> tuple[float, float, float]:
        """Time constants in hours, in the order of `TimeClass`."""
        return (self.fast_tau_hours, self.medium_tau_hours, self.long_tau_hours)

    @property
    def green_from(self) -> float:
        """A yellow lead is green again from here, in points."""
        return self.yellow_below * (1 + self.hysteresis)

    @property
    def yellow_from(self) -> float:
        """A red lead is yellow again from here, in points."""
        return self.red_below * (1 + self.hysteresis)


def problems(policy: MomentumPolicy) -> list[str]:
    """What is wrong with the values, field by field and between fields, in Chinese."""
    found = faults(policy)
    if found:
        return found
    if policy.red_below >= policy.yellow_below:
        found.append(f"红色阈值：{policy.red_below:g}分 须低于黄色阈值 {policy.yellow_below:g}分")
    elif policy.yellow_from >= policy.yellow_below:
        found.append(
            f"回差：{policy.hysteresis:g} 过大，红色恢复线 {policy.yellow_from:g}分"
            f" 须低于黄色阈值 {policy.yellow_below:g}分"
        )
    if not policy.fast_tau_hours < policy.medium_tau_hours < policy.long_tau_hours:
        found.append("峰值时间：须满足 快 < 中 < 慢")
    return found
