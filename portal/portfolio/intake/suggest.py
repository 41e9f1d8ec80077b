"""A mapping suggested from a file's header, to be shown on its first rows before anything is done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.foundation.errors import DomainError
from portal.portfolio.intake.binding import bind, header_key
from portal.portfolio.intake.layout import LAYOUTS, PHONE_COUNT, REJECT_HEADERS
from portal.portfolio.intake.profile import MappingProfile, shipped_for

__all__ = ["Suggestion", "fitting", "suggest"]

# How other systems name the same fields (reference/domain.md 3.5 and 3.6; 委外 systems; Taiwan's words), beside the
# standard headers. Compared without case, spaces, underscores, punctuation and what stands in brackets.
_SYNONYMS: Final = {
    "accounts": {
        "account_ref": "account_no account_number account account_token external_ref file_number fileno loan_no contract_no "
        "借据编号 借据号 借据号码 账号 账户号 账户 合同号 合同编号 案件编号 案件号 委案编号 帳戶編號 帳號 帳戶 借據編號 案件編號",
        "customer_ref": "debtor_id customer_no customer_number customer_id cust_no cust_id client_no debtor_no cif "
        "客户号 客户代码 客户id 債務人編號 客戶編號 客戶代號 客戶號",
        "name": "debtor_name customer_name cust_name debtor full_name holder 姓名 户名 债务人姓名 债务人 客户名称 持卡人 持卡人姓名 "
        "主卡人 客戶姓名 債務人姓名",
        "id_no": "id_number identity_number national_id ssn id_card 证件号码 证件号 身份证 身份证号码 公民身份号码 身分證字號 "
        "身分證號 證件號碼",
        "phone_1": "phone mobile mobile_no cell telephone tel contact_phone 手机号码 手机 本人手机 移动电话 联系电话 电话 "
        "联系电话1 手機 手機號碼 行動電話 電話 聯絡電話",
        **{
            f"phone_{n}": f"phone{n} mobile{n} tel{n} 电话{n} 手机{n} 联系人{n}电话 联系人电话{n} 电话号码{n} 聯絡電話{n}"
            for n in range(2, PHONE_COUNT + 1)
        },
        **{
            f"phone_{n}_relation": f"relation{n} phone{n}_relation contact{n}_relation 联系人{n}关系 与本人关系{n} 關係{n}"
            for n in range(1, PHONE_COUNT + 1)
        },
        "address": "addr home_address mailing_address street 联系地址 住址 通讯地址 家庭住址 家庭地址 居住地址 账单地址 單位地址 "
        "聯絡地址 通訊地址 住家地址",
        "postcode": "zip zip_code postal_code 邮政编码 郵遞區號",
        "region": "province state city 省份 省 城市 所在地区 所在省份 归属地 縣市 地區",
        "email": "e-mail mail email_address 邮箱 电子邮件 電子郵件 電子信箱",
        "product": "account_type product_line product_name 产品线 产品名称 产品类型 卡种 業務別 產品 產品名稱",
        "card_last4": "last4 last_four card_last_four card_tail 卡号后四位 卡尾号 卡号尾号 尾号 末四位 后四位 卡號後四碼 卡號末四碼",
        "currency": "ccy curr currency_code 货币 币别 幣別 幣種 貨幣",
        "principal": "principal_balance prin 剩余本金 贷款本金 本金余额 逾期本金 欠款本金 未還本金 本金餘額",
        "interest": "interest_balance int 剩余利息 利息余额 逾期利息 欠息 利息餘額",
        "fees": "fee charges late_fee other_charges 滞纳金 违约金 手续费 其他费用 费用余额 違約金 手續費 費用",
        "total": "balance total_due amount_due total_amount outstanding current_balance 剩余应还 委案金额 欠款金额 欠款总金额 "
        "应还总额 逾期总金额 委托金额 欠款總額 委案金額 餘額 應還總額",
        "days_past_due": "dpd days_overdue overdue_days days_late delinquent_days 逾期日数 拖欠天数 逾期天 逾期日 逾期天數 "
        "逾期日數",
        "due_date": "first_due_date oldest_due_date 逾期日期 逾期起始日 首逾日期 到期日 最早逾期日期 逾期起日 到期日期",
        "opened_on": "open_date opened account_open_date 开卡日期 开户日 开卡日 放款日期 借款日期 開戶日期 開卡日期",
        "charged_off_on": "charge_off_date chargeoff_date write_off_date 核销日 呆账日期 轉呆日期 打消呆帳日",
        "last_paid_on": "last_pay_date last_payment_date 最近还款日 最近还款日期 最后还款日期 上次还款日 最後還款日 "
        "最近還款日",
        "last_paid_amount": "last_pay_amt last_payment_amount 最近还款金额 上次还款金额 最後還款金額 最近還款金額",
        "balance_as_of": "as_of as_of_date balance_date data_date 数据日期 截止日期 余额日 統計日期 資料日期 餘額日期",
        "flags": "flag special_flag 特殊标志 特殊标识 标识 註記",
    },
    "payments": {
        "payment_ref": "payment_identifier payment_id transaction_id trans_no reference 流水号 交易号 交易流水 还款流水号 "
        "交易序號 流水號",
        "account_ref": "account_no account_number account 账号 借据编号 账户号 合同号 帳號 帳戶編號 借據編號",
        "amount": "payment_amount paid_amount gross_pay 还款金额 交易金额 回款金额 入账金额 還款金額 繳款金額 交易金額",
        "currency": "ccy curr 货币 币别 幣別 幣種",
        "principal": "principal_paid 还款本金 本金部分",
        "interest": "interest_paid 还款利息 利息部分",
        "fees": "fees_paid 还款费用 费用部分",
        "paid_on": "payment_date pay_date value_date date 还款日 交易日期 缴款日期 起息日 還款日期 繳款日期 交易日",
        "received_on": "receive_date received_date 收款日期 收到日期",
        "cleared_on": "clearing_date settled_on 清算日期",
        "posted_on": "posting_date booked_on 记账日 入账日期 记账日期 入帳日 入帳日期",
        "received_by": "receiver paid_to 收款机构 收款單位",
        "channel": "payment_method method 还款渠道 还款方式 支付方式 繳款管道 渠道名称",
        "reverses": "reversal_of original_ref original_payment 原交易流水号 原交易号 冲正流水号 原流水號",
    },
    "dispatch": {
        "letter_no": "letter_number letter_id letter reference 律师函编号 函号 文书号 文书编号 函件号 律师函号 函件編號",
        "carrier": "courier carrier_name delivery_company 快递公司 承运商 寄送方式 邮寄方式 快遞公司",
        "tracking_no": "tracking_number tracking waybill waybill_no mail_no 邮件号码 运单号 快递单号 挂号信号码 运单编号 郵件號",
        "dispatched_on": "dispatch_date sent_on send_date posted_on mailed_on 寄送日期 发出日期 邮寄日期 寄件日期 寄件日 收寄日期 寄出日",
        "result": "status delivery_status outcome 结果 状态 签收状态 签收情况 投递状态 妥投情况 投遞結果",
        "result_on": "result_date delivered_on delivery_date signed_on 签收日期 妥投日期 退回日期 投递日期 签收时间 結果日期",
        "reason": "return_reason remark 退回原因 退信原因 未妥投原因 备注 退回原因说明",
    },
    "attempts": {
        "attempt_ref": "call_id record_id log_id contact_id activity_id 记录编号 通话编号 催记号 催收记录编号 催記編號",
        "account_ref": "account_no account_number account 账号 借据编号 账户号 合同号 案件编号 帳戶編號 帳號",
        "at": "started_at start_time call_time called_at contact_time datetime 催收时间 拨打时间 通话时间 开始时间 催收時間 撥打時間",
        "ended_at": "end_time finished_at 挂断时间 結束時間",
        "channel": "contact_type type method 催收方式 联系方式 催收類型",
        "direction": "call_direction 呼叫方向 通话方向",
        "contact_point": "phone number called_number phone_no dialled_number 电话 号码 被叫号码 拨打号码 联系电话 電話 號碼",
        "party": "contacted relation contact_person 联系人 对象 联系人关系 與本人關係",
        "outcome": "result code disposition call_result status 催收结果 联系结果 结果代码 催記結果",
        "promise_amount": "ptp_amount promised_amount 承诺还款金额 承諾金額",
        "promise_on": "ptp_date promise_date promised_on 承诺还款日期 承诺还款日 承諾日期",
        "staff": "agent collector user operator 催收人员 坐席 员工 经办人 催收員",
        "note": "notes remark remarks comment comments memo 催记 催收记录 备注内容 備註",
        "evidence": "recording file recording_file 录音 录音文件 錄音",
        "reason_behind": "reason default_reason 欠款原因",
    },
    "staff": {
        "employee_no": "employee_number employee_id staff_no staff_id badge 员工编号 员工号 人员编号 员工工号 員工編號 工號",
        "name": "staff_name employee_name full_name 员工姓名 人员姓名 催收员姓名 員工姓名",
        "position": "job_title role title duty 职位 职务 岗位名称 職位 職稱",
        "started_on": "start_date hire_date hired_on joined_on entry_date 入职时间 入职日 上岗日期 到职日期 到職日 到職日期 入職日期",
        "ended_on": "end_date left_on leave_date last_day 离职时间 离职日 离岗日期 離職日期 離職日",
        "user_name": "username login sign_in account 账号 系统账号 用户名 登录账号 帳號 登入帳號",
        "training": "training_title course 培训名称 培训课程 培训项目 訓練名稱",
        "trained_on": "training_date training_passed_on 培训时间 培训通过日期 培训合格日期 訓練日期",
        "training_valid_until": "training_expiry training_expires_on 培训到期日 培训有效期",
        "test": "exam test_title exam_name 考试 考试科目 考核名称 測驗名稱",
        "tested_on": "test_date exam_date 考试时间 考核日期 測驗日期",
        "test_score": "score exam_score 成绩 分数 考试成绩 考核成绩",
        "test_result": "result exam_result 是否合格 考核结果 是否通过",
        "test_valid_until": "test_expiry test_expires_on 考试到期日 考试有效期",
        "certificate": "certificate_title certificate_name 证书 资格证书 资格证名称 證照名稱",
        "certificate_no": "certificate_number licence_no license_no 证书号 证书号码 资格证编号 資格證號 證照號碼",
        "certified_on": "certificate_date issued_on issue_date 发证日 取得日期 证书日期 發證日期",
        "certificate_valid_until": "certificate_expiry expiry expires_on valid_until 证书到期日 证书有效期 有效期至 到期日 有效期限",
    },
}
_BRACKETS: Final = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_BETWEEN: Final = re.compile(r"[\s_\-./:：*#、]+")


def _loose(name: str) -> str:
    """A header without what systems put between and behind its words: `Account No.`, `本金（元）`."""
    return _BETWEEN.sub("", _BRACKETS.sub("", header_key(name))) or header_key(name)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`profile`: a shipped one that fits the header, or None. `columns`: field -> header. `missing`: required fields
    without a column. `unmatched`: columns that no field takes."""

    profile: str | None
    columns: dict[str, str]
    missing: tuple[str, ...]
    unmatched: tuple[str, ...]


def suggest(header: Sequence[str], kind: str) -> Suggestion:
    """What each column of the header probably is, for a kind of file."""
    by_key = {header_key(name): name for name in header}
    by_loose = {_loose(name): name for name in reversed(header)}
    columns: dict[str, str] = {}
    taken: set[str] = set()
    layout = LAYOUTS[kind]
    # Standard headers first, so that another system's word for one field never takes the column of another.
    for column in layout:
        found = by_key.get(header_key(column.field)) or by_key.get(header_key(column.chinese))
        if found is not None and found not in taken:
            columns[column.field] = found
            taken.add(found)
    for column in layout:
        if column.field in columns:
            continue
        names = (column.field, column.chinese, *_SYNONYMS.get(kind, {}).get(column.field, "").split())
        found = next((by_loose[key] for name in names if (key := _loose(name)) in by_loose), None)
        if found is not None and found not in taken:
            columns[column.field] = found
            taken.add(found)
    columns = {column.field: columns[column.field] for column in layout if column.field in columns}
    missing = tuple(column.field for column in layout if column.required and column.field not in columns)
    unmatched = tuple(name for name in header if name not in {*taken, *REJECT_HEADERS})
    return Suggestion(_fitting_profile(set(by_key), kind, missing), columns, missing, unmatched)


def _fitting_profile(keys: set[str], kind: str, missing: Sequence[str]) -> str | None:
    if not missing:
        return "standard"
    for profile in shipped_for(kind)[1:]:
        named = {header_key(column) for column in (*profile.keep, *profile.ignore)}
        if named and named <= keys:
            return profile.name
    return None


def fitting(header: Sequence[str], profiles: Iterable[MappingProfile], today: date) -> MappingProfile | None:
    """The profile that reads this header best: all that it needs is there, and it leaves the fewest columns unknown. The
    first of equals; None where none reads it."""
    best: tuple[int, int] | None = None
    found: MappingProfile | None = None
    for profile in profiles:
        try:
            binding = bind(profile, header, profile.as_of(None, today))
        except DomainError:
            continue
        rank = (len(binding.unknown_columns), -len(binding.column_of))
        if best is None or rank < best:
            best, found = rank, profile
    return found
