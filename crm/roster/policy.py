"""What admins decide about rosters: legal limits within bounds, and what matters more."""

from __future__ import annotations

from dataclasses import dataclass

from crm.setting import setting

KEEP_TRAFFIC, KEEP_FAIR, KEEP_COST = "保客流", "保公平", "控成本"


@dataclass(frozen=True, slots=True)
class RosterPolicy:
    """Limits that every roster is judged by, and the preset that weighs the rest.

    Source: 劳动法 36、38、41；劳动合同法 68；the others are the chain's own. A city or a lawyer may
    want other numbers, which is why each of them is a setting.
    """

    preset: str = setting(
        KEEP_TRAFFIC,
        label="排班取向",
        choices=(KEEP_TRAFFIC, KEEP_FAIR, KEEP_COST),
        help="保客流：先补高峰缺口；保公平：先均分晚班、先满足心愿；控成本：先压加班和多余人手",
    )
    day_max_hours: float = setting(
        8.0, label="每日工时上限", unit="小时", low=4.0, high=11.0, help="劳动法第 36、41 条"
    )
    week_standard_hours: float = setting(
        40.0, label="每周标准工时", unit="小时", low=20.0, high=44.0, help="超过的部分计作加班"
    )
    week_cap_hours: float = setting(
        44.0, label="每周工时上限", unit="小时", low=20.0, high=60.0, help="劳动法第 36 条"
    )
    overtime_month_hours: float = setting(
        36.0, label="每月加班上限", unit="小时", low=0.0, high=36.0, help="劳动法第 41 条，跨周累计"
    )
    rest_week_days: int = setting(
        1, label="每周至少休息", unit="天", low=1, high=3, help="劳动法第 38 条"
    )
    consecutive_days: int = setting(
        6, label="最多连续上班", unit="天", low=3, high=6, help="含上周末已连续上班的天数"
    )
    gap_hours: float = setting(
        11.0, label="两班间隔至少", unit="小时", low=8.0, high=14.0, help="连锁内规，国家未定数字"
    )
    part_day_hours: float = setting(
        4.0, label="非全日制日均上限", unit="小时", low=1.0, high=4.0, help="劳动合同法第 68 条"
    )
    part_week_hours: float = setting(
        24.0, label="非全日制每周上限", unit="小时", low=4.0, high=24.0, help="劳动合同法第 68 条"
    )
    open_people: int = setting(
        2, label="开关门至少在岗", unit="人", low=1, high=4, help="其中一人须持钥匙"
    )
    pharmacist_break_counts: bool = setting(
        True, label="药师店内休息算在岗", help="关闭后，药师用餐时须有另一名药师顶岗"
    )
    served_per_hour: float = setting(
        12.0, label="每人每小时接待", unit="位", low=1.0, high=120.0, help="用来把客流换算成人数"
    )
    service_level: float = setting(
        0.6, label="平时服务水平", low=0.5, high=0.95, help="人手够用的把握，0.6 即十天里六天够用"
    )
    peak_service_level: float = setting(
        0.75, label="高峰服务水平", low=0.5, high=0.99, help="当日最忙时段按更高的把握配人"
    )
    floor_people: int = setting(
        2, label="营业时最少人数", unit="人", low=1, high=20, help="客流再少也要保留的人数"
    )


@dataclass(frozen=True, slots=True)
class Weights:
    """Points a unit; the legal rules are never priced. Source: scheduling study, section 6."""

    missing_first: float = 20.0  # first missing person of a half-hour
    missing_more: float = 40.0  # each further one
    missing_skill: float = 40.0
    spare: float = 1.0  # person too many for half an hour
    off_contract_hour: float = 4.0
    below_minimum_hour: float = 8.0  # on top, so that nobody starves for another's sake
    overtime_hour: float = 6.0
    wish: float = 3.0  # times the wish's weight
    closing: float = 2.0  # each closing beyond the fair share


_PRESETS = {
    KEEP_TRAFFIC: Weights(),
    KEEP_FAIR: Weights(wish=9.0, closing=8.0, off_contract_hour=6.0),
    KEEP_COST: Weights(missing_first=12.0, missing_more=30.0, spare=4.0, overtime_hour=18.0),
}


def weights(policy: RosterPolicy) -> Weights:
    """The prices behind a preset."""
    return _PRESETS[policy.preset]
