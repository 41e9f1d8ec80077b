"""A mapping suggested from a file's header, to be shown on its first rows before anything is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from portal.portfolio.intake.binding import header_key
from portal.portfolio.intake.layout import LAYOUTS, REJECT_COLUMNS
from portal.portfolio.intake.profile import load_profile, shipped_profiles

__all__ = ["Suggestion", "suggest"]

# How other systems name the same fields (reference/domain.md 3.5 and 3.6), beside the standard headers.
_SYNONYMS: Final = {
    "accounts": {
        "account_ref": "account_no account_number external_ref 借据编号 账号 账户号 合同号",
        "customer_ref": "debtor_id customer_no customer_id 客户号",
        "name": "debtor_name customer_name 姓名",
        "id_no": "id_number 证件号码 身份证",
        "phone_1": "phone mobile 手机号码 手机 本人手机",
        "address": "addr 联系地址 住址 通讯地址 家庭住址",
        "postcode": "zip postal_code 邮政编码",
        "email": "e-mail 邮箱 电子邮件",
        "product": "account_type 产品线 产品名称",
        "card_last4": "last4 卡号后四位 卡尾号",
        "principal": "剩余本金 贷款本金",
        "interest": "剩余利息",
        "fees": "滞纳金 违约金 手续费",
        "total": "balance total_due 剩余应还 委案金额 欠款金额",
        "days_past_due": "dpd 逾期日数 拖欠天数",
        "charged_off_on": "charge_off_date",
        "last_paid_on": "last_pay_date 最近还款日",
        "last_paid_amount": "last_pay_amt 最近还款金额",
    },
    "payments": {
        "payment_ref": "payment_identifier 流水号",
        "account_ref": "account_no 账号 借据编号",
        "amount": "payment_amount 还款金额",
        "paid_on": "payment_date 还款日",
        "posted_on": "记账日",
    },
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`profile`: a shipped one that fits the header, or None. `columns`: field -> header. `missing`: required fields
    without a column. `unmatched`: columns that no field takes."""

    profile: str | None
    columns: dict[str, str]
    missing: tuple[str, ...]
    unmatched: tuple[str, ...]


def suggest(header: Sequence[str], kind: str) -> Suggestion:
    """What each column of the header probably is, for `accounts` or `payments`."""
    by_key = {header_key(name): name for name in header}
    columns: dict[str, str] = {}
    for column in LAYOUTS[kind]:
        names = (column.field, column.chinese, *_SYNONYMS.get(kind, {}).get(column.field, "").split())
        found = next((by_key[key] for name in names if (key := header_key(name)) in by_key), None)
        if found is not None and found not in columns.values():
            columns[column.field] = found
    missing = tuple(column.field for column in LAYOUTS[kind] if column.required and column.field not in columns)
    taken = {*columns.values(), *REJECT_COLUMNS}
    unmatched = tuple(name for name in header if name not in taken)
    return Suggestion(_fitting_profile(set(by_key), kind, missing), columns, missing, unmatched)


def _fitting_profile(keys: set[str], kind: str, missing: Sequence[str]) -> str | None:
    if not missing:
        return "standard"
    for name in shipped_profiles()[1:]:
        profile = load_profile(name, kind)
        named = {header_key(column) for column in (*profile.keep, *profile.ignore)}
        if named and named <= keys:
            return name
    return None
