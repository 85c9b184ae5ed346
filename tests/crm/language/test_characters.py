from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.language import normal, simplified
from crm.language.workday import holiday_span, is_workday, next_workday, plus_workdays


def test_one_spelling_for_many() -> None:
    assert normal("華東醫療（ＡＢＣ）１３８，預算：50萬") == "华东医疗(abc)138，预算：50万"
    assert simplified("臺灣後天") == "台湾后天"


@given(st.text())
def test_the_length_stays_so_that_places_fit(text: str) -> None:
    assert len(normal(text)) == len(simplified(text)) == len(text)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 3, 4), True),
        (date(2026, 3, 7), False),
        (date(2026, 10, 1), False),
        (date(2026, 2, 28), True),  # a make-up Saturday
        (date(2031, 3, 5), True),
        (date(2031, 3, 8), False),
    ],
)
def test_workdays_know_holidays_and_make_up_days(day: date, works: bool) -> None:
    assert is_workday(day) is works


def test_counting_workdays_both_ways() -> None:
    assert next_workday(date(2026, 9, 30)) == date(2026, 10, 8)
    assert plus_workdays(date(2026, 10, 8), -1) == date(2026, 9, 30)


def test_a_holiday_under_way_counts_and_an_unpublished_lunar_one_is_unknown() -> None:
    assert holiday_span("国庆", date(2026, 10, 3)) == (date(2026, 10, 1), date(2026, 10, 8))
    assert holiday_span("元旦", date(2031, 5, 1)) == (date(2032, 1, 1), date(2032, 1, 2))
    assert holiday_span("中秋", date(2031, 5, 1)) is None
