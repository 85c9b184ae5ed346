"""A desk with one message of every kind on every platform, as the platforms would hold them."""

from __future__ import annotations

import io
import itertools
import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw

from bot.emulator.desk import Bubble, Desk, Exchange, Resident

NOON = datetime(2026, 3, 2, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
REP, MANAGER, CLERK = "liming", "ou_zhangwei", "0123-staff"

Message = tuple[bool, str, dict[str, Any]]  # mine, kind, body


def filled_desk() -> Desk:
    moments = itertools.count()
    desk = Desk(now=lambda: NOON)
    desk.residents += [
        Resident("wecom", REP, "李明", "销售代表"),
        Resident("wecom", "wangfang", "王芳", "销售代表"),
        Resident("feishu", MANAGER, "张伟", "销售经理"),
        Resident("feishu", "ou_rep", "李明", "销售代表"),
        Resident("dingtalk", CLERK, "陈静", "店长"),
        Resident("dingtalk", "0456-staff", "周强", "门店店员"),
    ]
    desk.media["pic/week-9"] = ("image/png", _grid_picture())
    for platform, user, messages in (
        ("wecom", REP, WECOM),
        ("wecom", "wangfang", WECOM[1:2]),
        ("feishu", MANAGER, FEISHU),
        ("dingtalk", CLERK, DINGTALK),
    ):
        for number, (mine, kind, body) in enumerate(messages):
            at = NOON - timedelta(minutes=90 - next(moments))
            desk.show(Bubble(f"{user}-{number}", platform, user, mine, at.isoformat(), kind, body))
    for exchange in EXCHANGES:
        desk.record(exchange)
    return desk


def _grid_picture() -> bytes:
    image = Image.new("RGB", (560, 300), "#ffffff")
    draw = ImageDraw.Draw(image)
    for row in range(5):
        for column in range(7):
            colour = ("#dbe7ff", "#d8f3e6", "#ffeacc")[(row + column) % 3]
            box = (12 + column * 77, 12 + row * 56, 82 + column * 77, 62 + row * 56)
            draw.rounded_rectangle(box, 6, fill=colour)
    kept = io.BytesIO()
    image.save(kept, "PNG")
    return kept.getvalue()


def template_card(**parts: Any) -> dict[str, Any]:
    return {"msgtype": "template_card", "template_card": parts}


SOURCE = {"desc": "动能 · 线索", "desc_color": 3}

WECOM: list[Message] = [
    (True, "text", {"content": "新线索 华东医疗 王主任 13800001234 预算80万"}),
    (False, "text", {"content": '已记下 <b>不是标签</b>，<a href="/h5/lead/17">查看线索</a>'}),
    (
        False,
        "markdown",
        {
            "content": "# 今日要点\n**3 条线索**在变冷\n> 最急：华东医疗\n"
            '<font color="warning">距预警线 1.5 天</font> `L-17` [打开](/h5/leads)'
        },
    ),
    (False, "image", {"media": "pic/week-9"}),
    (
        False,
        "template_card",
        template_card(
            card_type="text_notice",
            source=SOURCE,
            action_menu={
                "desc": "更多",
                "action_list": [{"text": "今天不再提醒", "key": "免打扰 今天"}],
            },
            main_title={"title": "华东医疗 · 动能", "desc": "负责人 李明"},
            emphasis_content={"title": "62 分", "desc": "较昨日 -8"},
            sub_title_text="最近一次互动在 6 天前，按当前半衰期将于周三跌破预警线。",
            horizontal_content_list=[
                {"keyname": "预算", "value": "80 万"},
                {"keyname": "阶段", "value": "方案演示"},
                {"keyname": "档案", "value": "打开", "type": 1, "url": "/h5/lead/17"},
            ],
            jump_list=[{"type": 1, "title": "查看动能曲线", "url": "/h5/lead/17"}],
            card_action={"type": 1, "url": "/h5/lead/17"},
        ),
    ),
    (
        False,
        "template_card",
        template_card(
            card_type="news_notice",
            source=SOURCE,
            main_title={"title": "本周战报", "desc": "华东一组"},
            card_image={"url": "/emulator/media/pic/week-9", "aspect_ratio": 1.8},
            image_text_area={
                "type": 1,
                "url": "/h5/brief",
                "title": "三条亮点",
                "desc": "两单进入合同阶段",
                "image_url": "/emulator/media/pic/week-9",
            },
            vertical_content_list=[{"title": "赢单 2 笔", "desc": "合计 136 万"}],
            card_action={"type": 1, "url": "/h5/brief"},
        ),
    ),
    (
        False,
        "template_card",
        template_card(
            card_type="vote_interaction",
            main_title={"title": "这条线索卡在哪里？", "desc": "可多选"},
            checkbox={
                "question_key": "why",
                "mode": 1,
                "option_list": [
                    {"id": "price", "text": "价格", "is_checked": True},
                    {"id": "rival", "text": "竞品介入"},
                    {"id": "time", "text": "时机未到"},
                ],
            },
            submit_button={"text": "提交", "key": "阻力 17"},
            task_id="vote-17",
        ),
    ),
    (
        False,
        "template_card",
        template_card(
            card_type="multiple_interaction",
            main_title={"title": "登记下一步", "desc": "华东医疗"},
            select_list=[
                {
                    "question_key": "step",
                    "title": "动作",
                    "selected_id": "demo",
                    "option_list": [{"id": "call", "text": "电话"}, {"id": "demo", "text": "演示"}],
                },
                {
                    "question_key": "day",
                    "title": "时间",
                    "option_list": [{"id": "wed", "text": "周三"}, {"id": "fri", "text": "周五"}],
                },
            ],
            submit_button={"text": "登记", "key": "跟进 17"},
            task_id="next-17",
        ),
    ),
    (
        False,
        "template_card",
        template_card(
            card_type="button_interaction",
            source=SOURCE,
            main_title={"title": "已接手 · 南方连锁"},
            button_list=[{"text": "接手", "style": 1, "key": "接手 9"}],
            replace_text="已由李明接手",
            task_id="done-9",
        ),
    ),
    (
        False,
        "template_card",
        template_card(
            card_type="button_interaction",
            source={"desc": "动能 · 衰减预警", "desc_color": 2},
            main_title={"title": "动能衰减 · 华东医疗", "desc": "已跌到 34 分，距预警线 1.5 天"},
            quote_area={"title": "为什么提醒", "quote_text": "6 天没有互动，演示后未跟进"},
            horizontal_content_list=[
                {"keyname": "负责人", "value": "李明"},
                {"keyname": "最近信号", "value": "打开报价单"},
            ],
            button_selection={
                "question_key": "to",
                "title": "转交给",
                "option_list": [
                    {"id": "wangfang", "text": "王芳"},
                    {"id": "zhaolei", "text": "赵磊"},
                ],
                "selected_id": "wangfang",
            },
            button_list=[
                {"text": "立即跟进", "style": 1, "key": "跟进 17"},
                {"text": "转交", "style": 2, "key": "转交 17"},
                {"text": "放弃", "style": 3, "key": "退回 17 v3"},
            ],
            task_id="decay-17",
        ),
    ),
]


def callback(command: str) -> list[dict[str, Any]]:
    return [{"type": "callback", "value": {"command": command}}]


def plain(text: str) -> dict[str, str]:
    return {"tag": "plain_text", "content": text}


DAYS = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]

CHARTS: list[dict[str, Any]] = [
    {
        "type": "line",
        "title": {"text": "团队动能"},
        "data": {
            "values": [
                {"x": day, "y": base - 4 * i + (i * i) / 2, "s": name}
                for name, base in (("华东一组", 72), ("华东二组", 58))
                for i, day in enumerate(DAYS)
            ]
        },
        "xField": "x",
        "yField": "y",
        "seriesField": "s",
        "markLine": [{"y": 30, "label": {"text": "预警线 30"}}],
        "axes": [{"orient": "left", "unit": {"visible": True, "text": "分"}}],
    },
    {
        "type": "bar",
        "title": {"text": "本月回款（万元）"},
        "data": {
            "values": [
                {"x": month, "y": value + plus, "s": name}
                for name, plus in (("目标", 20), ("实际", 0))
                for month, value in (("一月", 96), ("二月", 61), ("三月", 118))
            ]
        },
        "xField": ["x", "s"],
        "yField": "y",
        "seriesField": "s",
    },
    {
        "type": "area",
        "title": {"text": "客流"},
        "data": {"values": [{"h": f"{9 + i}时", "n": (i * 37) % 90 + 20} for i in range(12)]},
        "xField": "h",
        "yField": "n",
    },
    {
        "type": "pie",
        "title": {"text": "线索来源"},
        "data": {
            "values": [{"k": "展会", "v": 42}, {"k": "转介绍", "v": 31}, {"k": "官网", "v": 18}]
        },
        "categoryField": "k",
        "valueField": "v",
        "innerRadius": 0.6,
    },
    {
        "type": "linearProgress",
        "data": {"values": [{"type": "目标达成", "value": 0.62}]},
        "xField": "value",
        "yField": "type",
    },
]

CHART_CARD = {
    "schema": "2.0",
    "header": {
        "title": plain("团队动能 · 周一早报"),
        "subtitle": plain("华东区 12 位销售"),
        "template": "blue",
        "text_tag_list": [{"tag": "text_tag", "text": plain("自动"), "color": "turquoise"}],
    },
    "body": {
        "elements": [
            {
                "tag": "markdown",
                "content": "**3 条线索**<font color='red'>已跌破</font>预警线\n"
                "- 华东医疗 &#42;重点&#42;\n- 南方连锁 &lt;at id=all&gt;",
            },
            *({"tag": "chart", "chart_spec": spec, "aspect_ratio": "16:9"} for spec in CHARTS),
            {
                "tag": "div",
                "text": plain("团队小结"),
                "fields": [
                    {"is_short": True, "text": {"tag": "lark_md", "content": "**赢单**\n2 笔"}},
                    {"is_short": True, "text": {"tag": "lark_md", "content": "**回款**\n136 万"}},
                ],
            },
            {"tag": "hr"},
            {
                "tag": "table",
                "page_size": 2,
                "columns": [
                    {"name": "who", "display_name": "销售", "data_type": "persons"},
                    {"name": "score", "display_name": "动能", "data_type": "number"},
                    {"name": "state", "display_name": "状态", "data_type": "options"},
                ],
                "rows": [
                    {"who": "ou_rep", "score": 62, "state": [{"text": "稳", "color": "green"}]},
                    {"who": MANAGER, "score": 48, "state": [{"text": "降", "color": "orange"}]},
                    {"who": "ou_rep", "score": 21, "state": [{"text": "冷", "color": "red"}]},
                ],
            },
            {"tag": "img", "img_key": "pic/week-9", "alt": plain("本周排班图")},
            {
                "tag": "collapsible_panel",
                "header": {"title": plain("为什么收到这张卡")},
                "elements": [{"tag": "markdown", "content": "每周一 09:00 自动发送。"}],
            },
        ]
    },
}

ACTION_CARD = {
    "schema": "2.0",
    "config": {"update_multi": True},
    "header": {"title": plain("报价审批 · 华东医疗"), "template": "orange"},
    "body": {
        "elements": [
            {"tag": "markdown", "content": "折扣 **12%**，低于底线 *2 个点*"},
            {
                "tag": "column_set",
                "columns": [
                    {
                        "tag": "column",
                        "width": "weighted",
                        "weight": 1,
                        "elements": [
                            {
                                "tag": "button",
                                "type": "primary",
                                "width": "fill",
                                "text": plain("同意"),
                                "name": "agree",
                                "behaviors": callback("同意 9 v2"),
                            }
                        ],
                    },
                    {
                        "tag": "column",
                        "width": "weighted",
                        "weight": 1,
                        "elements": [
                            {
                                "tag": "button",
                                "type": "danger",
                                "width": "fill",
                                "text": plain("驳回"),
                                "confirm": {
                                    "title": plain("驳回报价？"),
                                    "text": plain("会通知李明"),
                                },
                                "behaviors": callback("驳回 9 v2"),
                            }
                        ],
                    },
                ],
            },
            {
                "tag": "column_set",
                "flex_mode": "flow",
                "columns": [
                    {
                        "tag": "column",
                        "width": "auto",
                        "elements": [
                            {
                                "tag": "button",
                                "text": plain("打开报价单"),
                                "behaviors": [{"type": "open_url", "default_url": "/h5/quote/9"}],
                            }
                        ],
                    },
                    {
                        "tag": "column",
                        "width": "auto",
                        "elements": [{"tag": "button", "text": plain("已过期"), "disabled": True}],
                    },
                ],
            },
        ]
    },
}

FORM_CARD = {
    "schema": "2.0",
    "header": {"title": plain("改派线索"), "template": "violet"},
    "body": {
        "elements": [
            {
                "tag": "form",
                "name": "reassign",
                "elements": [
                    {
                        "tag": "select_static",
                        "name": "pool",
                        "placeholder": plain("选择公海"),
                        "initial_option": "east",
                        "options": [
                            {"text": plain("华东"), "value": "east"},
                            {"text": plain("华南"), "value": "south"},
                        ],
                    },
                    {
                        "tag": "select_person",
                        "name": "rep",
                        "required": True,
                        "placeholder": plain("选择销售"),
                        "options": [{"value": "ou_rep"}, {"value": MANAGER}],
                    },
                    {"tag": "date_picker", "name": "due", "placeholder": plain("截止日")},
                    {
                        "tag": "input",
                        "name": "why",
                        "label": plain("原因"),
                        "input_type": "multiline_text",
                        "placeholder": plain("写一句话"),
                    },
                    {
                        "tag": "button",
                        "type": "primary_filled",
                        "width": "fill",
                        "name": "send",
                        "text": plain("改派"),
                        "form_action_type": "submit",
                        "behaviors": callback("改派 17 v3"),
                    },
                ],
            }
        ]
    },
}

FEISHU: list[Message] = [
    (True, "text", {"text": "动能 团队"}),
    (False, "text", {"text": '收到，<at user_id="ou_zhangwei">张伟</at>'}),
    (
        False,
        "post",
        {
            "zh_cn": {
                "title": "周报已生成",
                "content": [
                    [
                        {"tag": "text", "text": "请看 "},
                        {"tag": "a", "text": "全文", "href": "/h5/brief"},
                    ]
                ],
            }
        },
    ),
    (False, "image", {"image_key": "pic/week-9", "media": "pic/week-9"}),
    (False, "interactive", CHART_CARD),
    (False, "interactive", FORM_CARD),
    (False, "interactive", ACTION_CARD),
]


def ding_card(**params: Any) -> dict[str, Any]:
    return {
        "params": {
            key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for key, value in params.items()
        }
    }


DINGTALK: list[Message] = [
    (True, "text", {"content": "我的班"}),
    (False, "text", {"content": "本周你有 4 个班，共 30 小时。"}),
    (
        False,
        "markdown",
        {
            "title": "换班请求",
            "text": "### 换班请求  \n  **周三 早班** 9:00–17:00  \n  周强想和你换周五晚班。  \n  "
            "![班表](pic/week-9)  \n  "
            "[同意](dtmd://dingtalkclient/sendMessage?content=%E6%8D%A2%E7%8F%AD%20%E5%90%8C%E6%84%8F%207K2Q)"
            " [谢绝](dtmd://dingtalkclient/sendMessage?content=%E6%8D%A2%E7%8F%AD%20%E8%B0%A2%E7%BB%9D%207K2Q)"
            " [班表](/h5/roster)",
        },
    ),
    (False, "image", {"media": "pic/week-9"}),
    (
        False,
        "actionCard",
        {
            "title": "本周班表",
            "text": "#### 本周班表已发布  \n  点开看你的班",
            "btnOrientation": "0",
            "btns": [{"title": "打开班表", "actionURL": "/h5/roster"}],
        },
    ),
    (
        False,
        "card",
        ding_card(
            title="登记换班",
            tone="info",
            markdown="选一位同事，说明原因。",
            has_picture="false",
            picture="",
            has_buttons="false",
            buttons=[],
            has_form="true",
            form={
                "fields": [
                    {
                        "name": "command",
                        "type": "TEXT",
                        "hidden": True,
                        "defaultValue": "换班 31 v2",
                    },
                    {
                        "name": "with",
                        "label": "和谁换",
                        "type": "SELECT",
                        "required": True,
                        "options": [
                            {"value": "7", "text": "周强"},
                            {"value": "8", "text": "赵敏"},
                        ],
                    },
                    {
                        "name": "why",
                        "label": "原因",
                        "type": "TEXT_AREA",
                        "placeholder": "例如：家中有事",
                    },
                ]
            },
            form_btn_text="提交申请",
            form_status="normal",
            note="申请会先给店长看。",
        ),
    ),
    (
        False,
        "card",
        ding_card(
            title="排班待确认 · 徐汇店",
            tone="warn",
            markdown="**3 月 9 日 – 15 日**  \n  覆盖率 96%，周六晚 1 个缺口  \n  "
            "- 陈静 4 班 30 时\n- 周强 5 班 38 时",
            has_picture="true",
            picture="pic/week-9",
            has_buttons="true",
            buttons=[
                {"text": "确认", "status": "primary", "command": "确认班表 9 v4"},
                {"text": "请人重排", "status": "warning", "command": "重排 9 v4"},
            ],
            has_form="false",
            form={"fields": []},
            form_btn_text="",
            form_status="disabled",
            note="由系统辅助生成 · 班表规则第 3 版",
        ),
    ),
]

EXCHANGES = [
    Exchange(
        1,
        "wecom",
        "in",
        NOON.isoformat(),
        "POST",
        "/webhooks/wecom/main",
        200,
        8.4,
        "<xml><ToUserName>ww1</ToUserName><Content>帮助 &lt;b&gt;</Content></xml>",
        "",
        REP,
        "已加密，412 字节",
    ),
    Exchange(
        2,
        "wecom",
        "out",
        NOON.isoformat(),
        "POST",
        "/cgi-bin/message/send",
        200,
        3.1,
        {"touser": REP, "msgtype": "text", "text": {"content": "你好"}, "agentid": 1000002},
        {"errcode": 0, "errmsg": "ok", "msgid": "m-1"},
        REP,
    ),
    Exchange(
        3,
        "feishu",
        "out",
        NOON.isoformat(),
        "PATCH",
        "/open-apis/im/v1/messages/om_7d1",
        200,
        41.0,
        {"content": "{}"},
        {"code": 230020, "msg": "rate limited"},
        MANAGER,
        "频率限制",
    ),
    Exchange(
        4,
        "dingtalk",
        "in",
        NOON.isoformat(),
        "POST",
        "/webhooks/dingtalk/main/card",
        503,
        120.0,
        {"type": "actionCallback"},
        None,
        CLERK,
    ),
]
