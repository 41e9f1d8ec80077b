"""The standard layouts of reference/files.md: fields, both headers, and the words that cells may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = [
    "ACCOUNT_COLUMNS",
    "AMOUNTS",
    "ATTEMPT_CHANNELS",
    "ATTEMPT_COLUMNS",
    "ATTEMPT_DIRECTIONS",
    "ATTEMPT_PARTIES",
    "ATTEMPT_REASONS",
    "CHINESE",
    "DAYS",
    "DISPATCH_COLUMNS",
    "FLAGS",
    "LAWFUL_GROUNDS",
    "LAYOUTS",
    "MAIL_RESULTS",
    "PAYMENT_COLUMNS",
    "PHONE_COUNT",
    "RECALL_COLUMNS",
    "RECEIVERS",
    "REJECT_COLUMNS",
    "REJECT_HEADERS",
    "RELATIONS",
    "REPORT_COLUMNS",
    "REPORT_KINDS",
    "STAFF_CERTIFICATES",
    "STAFF_COLUMNS",
    "LayoutColumn",
]


class LayoutColumn(NamedTuple):
    """A field with its English (also the field's name) and Chinese header."""

    field: str
    chinese: str
    required: bool = False


PHONE_COUNT: Final = 5

ACCOUNT_COLUMNS: Final = (
    LayoutColumn("account_ref", "账户编号", required=True),
    LayoutColumn("customer_ref", "客户编号", required=True),
    LayoutColumn("name", "客户姓名", required=True),
    LayoutColumn("id_no", "身份证号"),
    LayoutColumn("phone_1", "手机号"),
    *(LayoutColumn(f"phone_{n}", f"联系电话{n}") for n in range(2, PHONE_COUNT + 1)),
    *(LayoutColumn(f"phone_{n}_relation", f"关系{n}") for n in range(1, PHONE_COUNT + 1)),
    LayoutColumn("email", "电子邮箱"),
    LayoutColumn("address", "地址"),
    LayoutColumn("postcode", "邮编"),
    LayoutColumn("region", "地区"),
    LayoutColumn("product", "产品"),
    LayoutColumn("card_last4", "卡号末四位", required=True),
    LayoutColumn("currency", "币种"),
    LayoutColumn("principal", "本金", required=True),
    LayoutColumn("interest", "利息"),
    LayoutColumn("fees", "费用"),
    LayoutColumn("total", "欠款总额"),
    LayoutColumn("days_past_due", "逾期天数", required=True),
    LayoutColumn("due_date", "最早逾期日"),
    LayoutColumn("opened_on", "开户日期"),
    LayoutColumn("charged_off_on", "核销日期"),
    LayoutColumn("last_paid_on", "最后还款日"),
    LayoutColumn("last_paid_amount", "最后还款金额"),
    LayoutColumn("balance_as_of", "余额日期"),
    LayoutColumn("flags", "标志"),
)

PAYMENT_COLUMNS: Final = (
    LayoutColumn("payment_ref", "交易流水号", required=True),
    LayoutColumn("account_ref", "账户编号", required=True),
    LayoutColumn("amount", "金额", required=True),
    LayoutColumn("currency", "币种"),
    LayoutColumn("principal", "本金"),
    LayoutColumn("interest", "利息"),
    LayoutColumn("fees", "费用"),
    LayoutColumn("paid_on", "还款日期", required=True),
    LayoutColumn("received_on", "收款日"),
    LayoutColumn("cleared_on", "清算日"),
    LayoutColumn("posted_on", "入账日"),
    LayoutColumn("received_by", "收款方"),
    LayoutColumn("channel", "渠道"),
    LayoutColumn("reverses", "原流水号"),
)

REPORT_COLUMNS: Final = (
    LayoutColumn("reported_ref", "报告编号", required=True),
    LayoutColumn("account_ref", "账户编号", required=True),
    LayoutColumn("kind", "报告类型", required=True),
    LayoutColumn("amount", "金额", required=True),
    LayoutColumn("currency", "币种"),
    LayoutColumn("paid_on", "还款日期", required=True),
    LayoutColumn("received_on", "收款日"),
    LayoutColumn("channel", "渠道"),
)

ATTEMPT_COLUMNS: Final = (
    LayoutColumn("attempt_ref", "催记编号", required=True),
    LayoutColumn("account_ref", "账户编号", required=True),
    LayoutColumn("at", "时间", required=True),
    LayoutColumn("ended_at", "结束时间"),
    LayoutColumn("channel", "方式", required=True),
    LayoutColumn("direction", "方向"),
    LayoutColumn("initiated_by", "发起方"),
    LayoutColumn("contact_point", "号码或地址"),
    LayoutColumn("found_source", "来源"),
    LayoutColumn("lawful_ground", "合法依据"),
    LayoutColumn("party", "联系对象"),
    LayoutColumn("debts_placed_for", "涉及账户"),
    LayoutColumn("debts_discussed", "谈及账户"),
    LayoutColumn("reason_behind", "逾期原因"),
    LayoutColumn("corrects", "更正编号"),
    LayoutColumn("evidence", "证据文件"),
    LayoutColumn("outcome", "结果", required=True),
    LayoutColumn("promise_amount", "承诺金额"),
    LayoutColumn("promise_on", "承诺日期"),
    LayoutColumn("staff", "催收员"),
    LayoutColumn("note", "备注"),
)

DISPATCH_COLUMNS: Final = (
    LayoutColumn("letter_no", "函件编号", required=True),
    LayoutColumn("carrier", "承运方"),
    LayoutColumn("tracking_no", "邮件号"),
    LayoutColumn("dispatched_on", "寄出日期"),
    LayoutColumn("result", "投递结果"),
    LayoutColumn("result_on", "结果日期"),
    LayoutColumn("reason", "原因"),
)

RECALL_COLUMNS: Final = (
    LayoutColumn("account_ref", "账户编号", required=True),
    LayoutColumn("reason", "退案原因", required=True),
    LayoutColumn("category", "退案类别"),
    LayoutColumn("reverse", "错误委案"),
    LayoutColumn("final_on", "最后日期"),
)

STAFF_CERTIFICATES: Final = ("", "_2", "_3")  # a person's certificates in one row, by what their columns end with

STAFF_COLUMNS: Final = (
    LayoutColumn("employee_no", "工号", required=True),
    LayoutColumn("name", "姓名", required=True),
    LayoutColumn("position", "岗位"),
    LayoutColumn("started_on", "入职日期", required=True),
    LayoutColumn("ended_on", "离职日期"),
    LayoutColumn("user_name", "登录名"),
    LayoutColumn("training", "培训内容"),
    LayoutColumn("trained_on", "培训日期"),
    LayoutColumn("training_valid_until", "培训有效期至"),
    LayoutColumn("test", "考试名称"),
    LayoutColumn("tested_on", "考试日期"),
    LayoutColumn("test_score", "考试分数"),
    LayoutColumn("test_result", "考试结果"),
    LayoutColumn("test_valid_until", "考试有效期至"),
    *(
        LayoutColumn(field + which, chinese + which.strip("_"))
        for which in STAFF_CERTIFICATES
        for field, chinese in (
            ("certificate", "证书名称"),
            ("certificate_no", "证书编号"),
            ("certified_on", "发证日期"),
            ("certificate_valid_until", "证书有效期至"),
        )
    ),
)

LAYOUTS: Final[Mapping[str, tuple[LayoutColumn, ...]]] = {
    "accounts": ACCOUNT_COLUMNS,
    "attempts": ATTEMPT_COLUMNS,
    "payments": PAYMENT_COLUMNS,
    "recalls": RECALL_COLUMNS,
    "reported": REPORT_COLUMNS,
    "dispatch": DISPATCH_COLUMNS,
    "staff": STAFF_COLUMNS,
}
# The Chinese header of every field, by the kind of file and the field.
CHINESE: Final[Mapping[tuple[str, str], str]] = {
    (kind, column.field): column.chinese for kind, layout in LAYOUTS.items() for column in layout
}

# Fields whose values a file may write in a form of its own.
DAYS: Final = frozenset(
    (
        "due_date opened_on charged_off_on last_paid_on balance_as_of paid_on received_on cleared_on posted_on final_on "
        "at ended_at promise_on dispatched_on result_on started_on ended_on trained_on training_valid_until tested_on test_valid_until"
    ).split()
) | {field + which for field in ("certified_on", "certificate_valid_until") for which in STAFF_CERTIFICATES}
AMOUNTS: Final = frozenset("principal interest fees total last_paid_amount amount promise_amount".split())

# Written beside rejected rows; a file that is sent again with them is read as if they were not there.
REJECT_COLUMNS: Final = ("rejected_line", "rejected_because")
# In either language that they are written in.
REJECT_HEADERS: Final = frozenset({*REJECT_COLUMNS, "拒收行号", "拒收原因"})

_RELATION_WORDS: Final = {
    "self": "本人",
    "spouse": "配偶",
    "parent": "父母",
    "child": "子女",
    "relative": "亲属",
    "colleague": "同事",
    "friend": "朋友",
    "employer": "单位",
    "other": "其他",
}
RELATIONS: Final = {word: code for code, chinese in _RELATION_WORDS.items() for word in (code, chinese)}


def _either(words: Mapping[str, str]) -> dict[str, str]:
    """Code by code and by Chinese word."""
    return {word: code for code, chinese in words.items() for word in (code, chinese)}


ATTEMPT_CHANNELS: Final = _either(
    {"call": "电话", "sms": "短信", "email": "邮件", "wecom": "企业微信", "visit": "外访", "letter": "信函"}
)
ATTEMPT_DIRECTIONS: Final = _either({"outbound": "呼出", "inbound": "呼入"})
ATTEMPT_PARTIES: Final = _either(
    _RELATION_WORDS | {"co_debtor": "共同债务人", "guarantor": "担保人", "neighbour": "邻居", "lawyer": "律师"}
)
ATTEMPT_REASONS: Final = _either(
    {
        "lost_income": "失去收入",
        "illness": "疾病",
        "forgot": "遗忘",
        "dispute": "对账单有异议",
        "over_indebted": "负债过多",
        "abroad": "在境外",
        "unreachable": "失联",
        "other": "其他",
    }
)
# On what ground a contact point that the agency found may be used: the six lawful sources of the card guideline
# (reference/conduct.md 1.2), the two of the contract being one.
LAWFUL_GROUNDS: Final = _either(
    {
        "contract": "合同",
        "authorisation": "授权",
        "public_source": "公开来源",
        "reserved_contact": "预留联系人告知",
        "credit_bureau": "征信机构",
    }
) | {
    "authorization": "authorisation",
    "told_by_a_reserved_contact": "reserved_contact",
    "told_by_reserved_contact": "reserved_contact",
}

FLAGS: Final = frozenset(
    ("dispute", "complaint", "deceased", "bankrupt", "represented", "plan", "do_not_contact", "hardship")
)

RECEIVERS: Final = {"bank": "bank", "银行": "bank", "agency": "agency", "机构": "agency"}

# What a carrier reports of a letter, also in the words of China Post and of couriers.
MAIL_RESULTS: Final = _either({"delivered": "妥投", "returned": "退回", "refused": "拒收", "unclaimed": "逾期未领"}) | {
    "signed": "delivered", "已妥投": "delivered", "签收": "delivered", "已签收": "delivered", "送达": "delivered",
    "return": "returned", "undeliverable": "returned", "退信": "returned", "已退回": "returned", "退件": "returned",
    "拒绝签收": "refused", "已拒收": "refused", "not_claimed": "unclaimed", "无人领取": "unclaimed", "未领取": "unclaimed",
}  # fmt: skip

# What an agency says of a payment: expected by the bank, or received into its own account.
REPORT_KINDS: Final = _either({"expected": "预计", "received": "已收"})
