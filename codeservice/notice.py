"""Notices: what a holder is told of by itself, in words. No I/O."""

from collections.abc import Mapping
from enum import StrEnum

from codeservice.reason import Words


class NoticeKind(StrEnum):
    """Kinds are wire values: added, never renamed or reused."""

    CARD_STATE_CHANGED = "card_state_changed"
    CARD_CHANGED = "card_changed"
    CORRECTION_ANSWERED = "correction_answered"
    TIE_REQUESTED = "tie_requested"
    TIE_IN_REVIEW = "tie_in_review"
    TIE_ACTIVE = "tie_active"
    TIE_REFUSED = "tie_refused"
    TIE_ENDED = "tie_ended"
    PAPER_PRINTED = "paper_printed"
    PAPER_REVOKED = "paper_revoked"
    HEALTH_STATUS_CHANGED = "health_status_changed"
    HEALTH_STATUS_ENDED = "health_status_ended"
    HEALTH_APPEAL_DECIDED = "health_appeal_decided"
    OFFICER_ADDED = "officer_added"
    RECORD_REQUESTED = "record_requested"
    EMERGENCY_ACCESS = "emergency_access"
    EMERGENCY_REVIEWED = "emergency_reviewed"
    APPLICATION_ASKED = "application_asked"
    REVIEW_TAKEN_UP = "review_taken_up"
    REVIEW_ANSWERED = "review_answered"
    DEVICE_ADDED = "device_added"
    DISPUTE_ANSWERED = "dispute_answered"
    CARD_TRIED = "card_tried"
    SEEN_AT_COUNTER = "seen_at_counter"


WORDS: dict[NoticeKind, Words] = {
    NoticeKind.CARD_STATE_CHANGED: Words(
        "您的{card_zh}状态变为：{state_zh}。如非本人办理，请到服务窗口核实。",
        "Your {card_en} is now: {state_en}. If that was not you, visit a service counter.",
    ),
    NoticeKind.CARD_CHANGED: Words(
        "发证机关更改了您的{card_zh}信息。如有疑问，可在钱包中申请更正。",
        "The authority has changed what it says in your {card_en}. If it is wrong, ask for a correction in the wallet.",
    ),
    NoticeKind.CORRECTION_ANSWERED: Words(
        "您对{card_zh}的更正申请已答复：{result_zh}。",
        "Your request about your {card_en} was answered: {result_en}.",
    ),
    NoticeKind.TIE_REQUESTED: Words(
        "亲情码申请（{kind_zh}）已提交，等待被代办人在 7 天内用本人手机确认。如不认识申请人，请拒绝。",
        "A family code was asked for ({kind_en}); the one acted for may confirm it within 7 days with their own phone. "
        "Refuse it if you do not know who asks.",
    ),
    NoticeKind.TIE_IN_REVIEW: Words(
        "亲情码申请（{kind_zh}）已转人工审核。如非本人意愿，请到服务窗口说明。",
        "A family code was asked for ({kind_en}); an officer looks at it. If you object, visit a service counter.",
    ),
    NoticeKind.TIE_ACTIVE: Words(
        "亲情关系（{kind_zh}）已生效，代办人可以出示亲情码。如有异议，请在亲情码中解除。",
        "A family tie is active ({kind_en}): the one who acts may show codes. End it under family codes if you object.",
    ),
    NoticeKind.TIE_REFUSED: Words(
        "亲情码申请（{kind_zh}）未通过：{why_zh}。", "A request for a family code was refused ({kind_en}): {why_en}."
    ),
    NoticeKind.TIE_ENDED: Words(
        "亲情关系（{kind_zh}）已终止：{why_zh}。由此领取的码已全部作废。",
        "A family tie has ended ({kind_en}): {why_en}. Every code that was fetched under it is revoked.",
    ),
    NoticeKind.PAPER_PRINTED: Words(
        "已打印纸质码，{day} 前有效，之前打印的已作废。如非本人或代办人办理，请立即作废。",
        "A paper code was printed, good before {day}; earlier prints are dead. Revoke it at once if it was not you.",
    ),
    NoticeKind.PAPER_REVOKED: Words("纸质码已作废。", "The paper code is revoked."),
    NoticeKind.HEALTH_STATUS_CHANGED: Words(
        "您的健康状态变为：{status_zh}，有效至{until}。依据：{reason_zh}（{basis}）；证据：{evidence_zh}。"
        "如有异议，请在城市码“健康状态”中申诉，{days}日内答复。",
        "Your health status is now: {status_en}, until {until}. Because: {reason_en} ({basis}); evidence: "
        "{evidence_en}. If this is wrong, appeal in the wallet under Health status; "
        "you get an answer within {days} days.",
    ),
    NoticeKind.HEALTH_STATUS_ENDED: Words(
        "您的健康状态已结束，现无健康状态。原因：{reason_zh}。如有异议，请在城市码“健康状态”中申诉，{days}日内答复。",
        "Your health status has ended; you have none now. Because: {reason_en}. "
        "If this is wrong, appeal in the wallet under Health status; you get an answer within {days} days.",
    ),
    NoticeKind.HEALTH_APPEAL_DECIDED: Words(
        "您对健康状态的申诉已处理：{outcome_zh}。",
        "Your appeal about your health status was decided: {outcome_en}.",
    ),
    NoticeKind.OFFICER_ADDED: Words(
        "您已被登记为{authority}的经办人员，账号{officer}。如非本人办理，请立即到服务窗口核实。",
        "You were made an officer of {authority}, account {officer}. "
        "If that was not you, visit a service counter at once.",
    ),
    NoticeKind.RECORD_REQUESTED: Words(
        "{partner}请求查阅您的健康档案（{scopes_zh}），用于{purpose_zh}。"
        "请在钱包中答复，24 小时内有效；不答复即为不同意。",
        "{partner} asks to open your health record ({scopes_en}) for {purpose_en}. "
        "Answer in the wallet within 24 hours; silence is no.",
    ),
    NoticeKind.EMERGENCY_ACCESS: Words(
        "{partner}因急救查看了您的基本信息，理由：{reason_zh}。24 小时内由第二人复核；如有异议，请到服务窗口提出。",
        "{partner} looked at your basic data in an emergency: {reason_en}. A second person reviews it within 24 hours; "
        "if you object, visit a service counter.",
    ),
    NoticeKind.EMERGENCY_REVIEWED: Words(
        "对{partner}急救查看您信息的复核已完成：{verdict_zh}。",
        "The emergency access of {partner} to your data was reviewed: {verdict_en}.",
    ),
    NoticeKind.APPLICATION_ASKED: Words(
        "{hall}请您填写《{form_zh}》。请在城市码中查看将提供的内容后再授权；不授权即不提供。",
        "{hall} asks you for the form {form_en}. Look at what it would get in the wallet, then consent; silence is no.",
    ),
    NoticeKind.REVIEW_TAKEN_UP: Words(
        "{hall}已收到您的评价，将在{day}前答复。", "{hall} has your review and answers by {day}."
    ),
    NoticeKind.REVIEW_ANSWERED: Words(
        "{hall}已处理您的评价：{outcome_zh}。", "{hall} has taken up your review: {outcome_en}."
    ),
    NoticeKind.DEVICE_ADDED: Words(
        "您的城市码新增了一台设备（{client}）。如非本人操作，请立即挂失并移除该设备。",
        "Another device ({client}) now shows your code. If that was not you, freeze your codes and remove it at once.",
    ),
    NoticeKind.DISPUTE_ANSWERED: Words(
        "您对一条扫码记录的异议已答复，请在“记录”中查看。",
        "What you said about a scan was answered; look at it under Records.",
    ),
    NoticeKind.SEEN_AT_COUNTER: Words(
        "服务窗口已当面核验您的身份，城市码可用于需要更高级别核验的场景。如非本人到场，请立即挂失并到窗口说明。",
        "A service counter has compared you with your document: the code works where a stronger proof is asked for. "
        "If that was not you, freeze your codes at once and visit a counter.",
    ),
    NoticeKind.CARD_TRIED: Words(
        "有人用您的{card_zh}号码尝试添加到另一个城市码，未成功。如卡片遗失，请申报挂失；如不认识对方，请留意个人信息安全。",
        "Somebody tried to add your {card_en} to another wallet, in vain. Report the card if it is lost; "
        "otherwise take care: its number is known to others.",
    ),
}
"""The sentence of every kind; the names in braces are the values that a notice carries."""


def words_of(kind: NoticeKind, values: Mapping[str, object]) -> Words:
    """Return a notice in both languages; raises KeyError for a value that is missing."""
    words = WORDS[kind]
    return Words(words.zh.format_map(dict(values)), words.en.format_map(dict(values)))
