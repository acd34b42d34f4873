"""Errors as problem details (RFC 9457): the only place where an error becomes HTTP."""

import logging

import msgspec
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from codeservice.errors import ServiceError, UpgradeRequiredError
from codeservice.reason import Words

_TYPE = "https://city-code.invalid/problems#"
"""Identifiers, not addresses: the reserved top-level domain says so."""

PROBLEMS: dict[str, tuple[Words, Words]] = {
    # what the caller sent
    "body_not_readable": (
        Words("请求内容无法读取", "The body cannot be read"),
        Words(
            "请按接口文档发送 JSON，不要带多余字段", "Send what the OpenAPI document describes, without other fields"
        ),
    ),
    "json_required": (
        Words("需要 JSON", "JSON is needed"),
        Words("请设置 Content-Type: application/json", "Set Content-Type: application/json"),
    ),
    "form_required": (
        Words("需要表单", "A form is needed"),
        Words(
            "请设置 Content-Type: application/x-www-form-urlencoded",
            "Set Content-Type: application/x-www-form-urlencoded",
        ),
    ),
    "cose_required": (
        Words("需要 COSE", "COSE is needed"),
        Words("请设置 Content-Type: application/cose", "Set Content-Type: application/cose"),
    ),
    "header_not_readable": (
        Words("请求头无法读取", "A header cannot be read"),
        Words("请检查请求头的长度和字符", "Look at the length and the characters of the headers"),
    ),
    "idempotency_key_required": (
        Words("缺少幂等键", "An idempotency key is needed"),
        Words("请为每次业务发送不同的 Idempotency-Key", "Send a new Idempotency-Key for each business act"),
    ),
    "idempotency_key_reused": (
        Words("幂等键已用于其他业务", "The idempotency key belongs to another act"),
        Words("请为新业务使用新的 Idempotency-Key", "Use a new Idempotency-Key for a new act"),
    ),
    "not_found": (Words("找不到", "Not found"), Words("请检查地址", "Check the address")),
    "method_not_allowed": (
        Words("方法不允许", "Method not allowed"),
        Words("请查看接口文档", "Look at the OpenAPI document"),
    ),
    "too_large": (Words("请求过大", "The request is too large"), Words("请减小请求内容", "Send less at once")),
    "bad_request": (Words("请求有误", "Bad request"), Words("请查看接口文档", "Look at the OpenAPI document")),
    # who calls
    "sign_in_required": (Words("请先登录", "Please sign in"), Words("登录后再试", "Sign in, then try again")),
    "csrf_token_required": (
        Words("页面已过期", "The page is out of date"),
        Words("请刷新页面后再试", "Reload the page, then try again"),
    ),
    "token_required": (
        Words("需要访问令牌", "An access token is needed"),
        Words("请重新获取令牌", "Fetch a new token, then try again"),
    ),
    "scope_required": (
        Words("令牌无此权限", "The token does not allow this"),
        Words("请向运营方申请权限", "Ask the operator for this scope"),
    ),
    "terminal_not_allowed": (
        Words("本终端无权核验", "This terminal may not verify"),
        Words("请联系终端管理员", "Call the operator of this terminal"),
    ),
    "terminal_too_old": (
        Words("终端程序版本过旧", "This terminal's program is too old"),
        Words("请更新终端程序；已存记录仍可上传", "Update the program; what it has stored may still be uploaded"),
    ),
    "client_too_old": (
        Words("城市码版本过旧", "This version of the wallet is too old"),
        Words(
            "请更新后再试；已在手机中的码仍可出示", "Update it, then try again; codes on the phone can still be shown"
        ),
    ),
    "session_has_device": (
        Words("本次登录已绑定其他设备", "This sign-in belongs to another device"),
        Words("请在本机重新登录", "Sign in again on this phone"),
    ),
    "login_code_refused": (
        Words("微信登录凭证无效", "WeChat did not confirm this log-in"),
        Words("请重新打开小程序，或使用短信登录", "Open the mini-program again, or sign in by message"),
    ),
    "phone_code_refused": (
        Words("未能从微信取得手机号", "WeChat did not give a phone number"),
        Words("请再次授权，或使用短信登录", "Allow it again, or sign in by message"),
    ),
    "wechat_unavailable": (
        Words("微信登录暂不可用", "Log-in by WeChat is not available"),
        Words("请稍后再试，或使用短信登录", "Try again later, or sign in by message"),
    ),
    "ticket_refused": (
        Words("登录已超时", "The log-in took too long"),
        Words("请重新登录", "Begin the log-in again"),
    ),
    "record_not_found": (
        Words("找不到此记录", "No such record"),
        Words("请刷新列表；记录只保存 180 天", "Load the list again; records are kept for 180 days"),
    ),
    "dispute_not_readable": (
        Words("异议类型不对", "This kind of objection is not known"),
        Words("请选择“不是本人”或“内容有误”", "Send not_me or wrong"),
    ),
    "disputed_before": (
        Words("已对此记录提出异议", "You have objected to this record before"),
        Words("请等待答复", "Wait for the answer"),
    ),
    "session_not_found": (
        Words("找不到此登录", "No such session"),
        Words("请刷新列表", "Load the list again"),
    ),
    "enrolment_refused": (
        Words("登记码无效", "The enrolment code was refused"),
        Words("请向管理员索取新的登记码", "Ask the operator for a new enrolment code"),
    ),
    "upload_refused": (
        Words("上传的签名无效", "The upload's signature was refused"),
        Words("请保留记录，并向管理员索取新的登记码", "Keep the scans, and ask the operator for a new enrolment code"),
    ),
    "terminal_not_found": (
        Words("找不到终端", "No such terminal"),
        Words("请检查终端编号，或先恢复该终端", "Check its identifier, or let it act again first"),
    ),
    "place_not_found": (Words("找不到场所", "No such place"), Words("请检查场所编号", "Check its identifier")),
    "policy_not_found": (
        Words("没有这个策略版本", "No such version of a policy"),
        Words("请查看 policies list", "Look at the list of policies"),
    ),
    "policy_not_tried": (
        Words("此策略版本未经试算", "This version of the policy was never tried"),
        Words("请先用已有扫码记录试算", "Try it on recorded scans first"),
    ),
    "policy_of_another_scene": (
        Words("此名称已用于其他场景的策略", "This name belongs to a policy of another scene"),
        Words("请换一个名称", "Choose another name"),
    ),
    "policy_not_readable": (
        Words("现行策略无法读取", "The policy in force cannot be read"),
        Words("请联系运营方", "Call the operator"),
    ),
    # settlement of public transport
    "statement_not_found": (
        Words("找不到对账单", "No such statement"),
        Words("请检查编号或日期", "Check its identifier or the day"),
    ),
    "statement_too_old": (
        Words("该日的刷码记录已过保存期", "The taps of that day are past their time"),
        Words("此日不再生成对账单", "No statement is made of that day any more"),
    ),
    "dispute_not_found": (
        Words("没有待处理的争议", "No such dispute waits"),
        Words("请检查编号；已决定的不能再改", "Check its number; what was decided stays decided"),
    ),
    "day_not_readable": (
        Words("日期格式不对", "This is not a day"),
        Words("请按 2026-01-31 填写", "Send it as 2026-01-31"),
    ),
    # what a validator says of itself
    "line_not_known": (
        Words("本线路不在现行票价表中", "The tariff does not know this line"),
        Words("请检查终端的线路设置", "Look at the line that the terminal is set to"),
    ),
    "stop_not_of_line": (
        Words("站点不属于本线路", "The line has no such stop"),
        Words("请检查终端的站点设置", "Look at the stop that the terminal is set to"),
    ),
    "way_not_of_line": (
        Words("刷码方式与线路不符", "The line is not charged this way"),
        Words(
            "一票制线路发 ride，分段计价线路发 in 或 out", "Send ride on a line with a flat fare, in or out on another"
        ),
    ),
    # citizens
    "phone_not_readable": (
        Words("手机号格式不对", "This is not a mobile number"),
        Words("请输入 11 位手机号", "Type the eleven digits of a mobile number"),
    ),
    "messages_too_often": (
        Words("短信发送过于频繁", "Too many messages"),
        Words("请一分钟后再试；一小时最多十条", "Try again after a minute; ten an hour at most"),
    ),
    "one_time_password_refused": (
        Words("验证码不正确或已过期", "The one-time password is wrong or too old"),
        Words("请重新输入，或重新获取", "Type it again, or ask for a new one"),
    ),
    "identity_not_confirmed": (
        Words("身份信息未能核实", "Your identity was not confirmed"),
        Words(
            "请核对姓名和身份证号；如仍不通过，请到服务窗口办理",
            "Check name and ID number; if it still fails visit a service counter",
        ),
    ),
    "too_many_tries": (Words("尝试次数过多", "Too many tries"), Words("请一小时后再试", "Try again in an hour")),
    "real_name_required": (
        Words("请先完成实名核验", "Confirm your identity first"),
        Words("完成后再试", "Then try again"),
    ),
    "identity_service_unavailable": (
        Words("身份核验服务暂不可用", "The identity service cannot be reached"),
        Words("请稍后再试，或到服务窗口当面核验", "Try again later, or visit a service counter"),
    ),
    "assurance_required": (
        Words("此场景需要更高级别的身份核验", "This place asks for a stronger proof of who you are"),
        Words(
            "请带身份证到服务窗口当面核验，或用网络身份凭证核验",
            "Show your ID card at a service counter, or confirm by your network credential",
        ),
    ),
    "device_too_new": (
        Words("这台设备登记时间太短，暂不能用于此场景", "This device is too new for this kind of place"),
        Words(
            "为防冒用，新设备需等待一段时间；可先用原设备、身份证或到窗口办理",
            "A new device waits a while, against theft; use your old one, your ID card or a counter until then",
        ),
    ),
    "device_required": (
        Words("此场景只接受已登记的设备", "This kind of place takes codes of a registered device only"),
        Words("请用已登记的手机亮码", "Show the code on your registered phone"),
    ),
    "card_not_confirmed": (
        Words("卡片信息未能核实", "The card was not confirmed"),
        Words("请核对卡号；只能绑定本人的卡", "Check the number; only your own cards can be added"),
    ),
    "proof_refused": (
        Words("设备证明无效", "The device's proof was refused"),
        Words("请重新打开页面后再试", "Reload the page, then try again"),
    ),
    "clock_skew": (
        Words("手机时间不准", "The phone's clock is wrong"),
        Words("请打开“自动设置时间”后再试", "Switch on automatic time, then try again"),
    ),
    "weak_key": (
        Words("设备密钥不可用", "The device key cannot be used"),
        Words("请更换浏览器或更新系统", "Use another browser, or update it"),
    ),
    "key_used_before": (
        Words("设备密钥已被使用", "The key was used before"),
        Words("请重新生成密钥", "Make a new key"),
    ),
    "device_removed": (
        Words("此设备已被移除", "This device was removed"),
        Words("请重新登记本设备", "Enrol this device again"),
    ),
    "too_many_devices": (
        Words("设备数量已达上限", "Too many devices"),
        Words("请先移除不用的设备", "Remove a device that you no longer use"),
    ),
    "device_not_found": (Words("找不到设备", "No such device"), Words("请刷新设备列表", "Reload the list of devices")),
    "scene_not_found": (Words("没有这个场景", "No such scene"), Words("请检查场景名称", "Check its name")),
    "sold_out": (Words("当日门票已约满", "Sold out for that day"), Words("请选择其他日期", "Choose another day")),
    "day_not_offered": (
        Words("当日不可预约", "That day is not offered"),
        Words("请选择可预约的日期", "Choose one of the days offered"),
    ),
    "slot_not_offered": (
        Words("该时段不可预约", "That time is not offered"),
        Words("请选择其他时段", "Choose another time"),
    ),
    "too_many_people": (
        Words("同行人数超出上限", "Too many people for one booking"),
        Words("请减少人数，或由他人另行预约", "Book for fewer, or let somebody else book too"),
    ),
    "price_not_offered": (
        Words("没有适用的票种", "No ticket is offered to everybody of this booking"),
        Words("请咨询景区服务窗口", "Ask at the counter of the place"),
    ),
    "ticket_exists": (
        Words("当日已有预约", "You have a booking for that day"),
        Words("如需更改，请先取消原预约", "To change it, cancel it first"),
    ),
    "ticket_not_found": (Words("没有这个预约", "No such booking"), Words("请刷新预约列表", "Reload your tickets")),
    "ticket_used": (
        Words("门票已使用或已取消", "The tickets were used, or cancelled before"),
        Words("请刷新预约列表", "Reload your tickets"),
    ),
    "refund_over": (
        Words("已过可取消时间", "It is too late to cancel"),
        Words("请查看退票规则", "Look at the rule of refunds"),
    ),
    "pass_not_offered": (
        Words("没有可购买的年票", "No such pass is offered to you"),
        Words("请刷新年票列表", "Reload the passes"),
    ),
    "pass_exists": (
        Words("已有有效年票", "You have a pass that is in force"),
        Words("到期后可再次购买", "Buy another when it has ended"),
    ),
    "poster_refused": (
        Words("场所码无效或已过期", "The poster is not valid, or its time is over"),
        Words("请在现场重新扫描场所码", "Scan the poster again at the place"),
    ),
    "place_not_located": (
        Words("该场所没有登记位置", "The place has no location"),
        Words(
            "其政策要求手机核对位置（confirm_here）。请先登记位置：python -m adapters places locate",
            "Its policy has phones compare theirs (confirm_here). Say where it is: python -m adapters places locate",
        ),
    ),
    # households
    "tie_not_found": (
        Words("找不到这条亲情关系", "No such family tie"),
        Words("请刷新亲情码页面", "Reload the page of family codes"),
    ),
    "tie_exists": (
        Words("已有相同的申请或关系", "There is such a request or tie already"),
        Words("请先撤回或解除后再申请", "Withdraw or end it first"),
    ),
    "tie_closed": (
        Words("该关系或申请已结束", "This tie or request is closed already"),
        Words("请刷新亲情码页面", "Reload the page of family codes"),
    ),
    "tie_not_waiting": (
        Words("该申请不在等待处理", "This request does not wait any more"),
        Words("请刷新后再看", "Look at it again"),
    ),
    "tie_not_matched": (
        Words("姓名和身份证号没有对应的人", "Nobody is known by this name and ID number"),
        Words("请核对材料后拒绝该申请", "Compare the documents, then refuse the request"),
    ),
    "too_many_dependants": (
        Words("亲情码人数已达上限", "You show codes for as many people as is allowed"),
        Words("请先解除一个关系", "End one of the ties first"),
    ),
    "too_many_guardians": (
        Words("此人的代办人已达上限", "As many people as is allowed show codes for this person"),
        Words("请先解除一个关系", "One of these ties has to end first"),
    ),
    "dependant_of_age": (
        Words("此人已满十八周岁", "This person is of age"),
        Words("请申请亲友代办，由本人确认", "Ask to be a helper instead; the person confirms it"),
    ),
    "dependant_is_minor": (
        Words("此人未满十八周岁", "This person is a minor"),
        Words("请由父母或监护人申请", "A parent or guardian may ask"),
    ),
    "guardian_is_minor": (
        Words("未成年人不能为他人代办", "A minor cannot act for others"),
        Words("满十八周岁后可申请", "Ask when you are eighteen"),
    ),
    "id_number_not_readable": (
        Words("身份证号格式不对", "This is not an ID number"),
        Words("请核对全部 18 位", "Check all eighteen characters"),
    ),
    "scene_not_allowed": (
        Words("此关系不含该场景", "This tie does not cover that scene"),
        Words("请选择其他场景", "Choose another scene"),
    ),
    "records_not_shared": (
        Words("对方未同意查看记录", "The records are not shared with you"),
        Words("请对方在确认时同意", "The other person may allow it when they confirm"),
    ),
    "paper_not_found": (
        Words("找不到这张纸质码", "No such paper code"),
        Words("请刷新列表", "Reload the list"),
    ),
    "printed_too_often": (
        Words("今天打印次数已达上限", "As many prints as a day allows"),
        Words("请明天再试，或到服务窗口办理", "Try again tomorrow, or visit a service counter"),
    ),
    # pharmacies
    "medicine_not_found": (
        Words("没有这类药品", "No such class of medicines"),
        Words("请刷新收银页面后重选", "Reload the page of the till, then choose again"),
    ),
    "registration_required": (
        Words("须登记购药原因", "The buyer has to be registered"),
        Words("请选择购药原因和症状后再扫", "Choose reason and symptoms, then scan again"),
    ),
    "registration_not_asked": (
        Words("此药品现无需登记", "Nobody is registered for this now"),
        Words("请刷新收银页面；不要登记", "Reload the page of the till; do not register"),
    ),
    "registry_switched_before": (
        Words("登记已是此状态", "The registry is in that state already"),
        Words("请先查看现状", "Look at it first"),
    ),
    "scan_not_found": (
        Words("找不到可用的扫码", "No scan that can be used"),
        Words("请先扫码核验本人", "Scan the holder's code first"),
    ),
    "scan_too_old": (
        Words("扫码已过时", "The scan is too old"),
        Words("请重新扫码核验本人", "Scan the holder's code again"),
    ),
    "sale_not_found": (
        Words("找不到此笔售药", "No such sale"),
        Words("只能由原收银台撤销", "Only the till that sold can take it back"),
    ),
    "reversal_too_late": (
        Words("已过撤销时间", "It is too late to take this back"),
        Words("请按退货规定办理", "Handle it as a return"),
    ),
    "prescription_not_found": (
        Words("找不到此处方", "No such prescription"),
        Words("请重新扫码后再选", "Scan again, then choose"),
    ),
    "prescription_not_open": (
        Words("处方已失效", "The prescription is over"),
        Words("请联系开方医院", "Call the hospital"),
    ),
    "prescription_used_up": (
        Words("处方余量不足", "Less is left of the prescription"),
        Words("请刷新处方后按余量配药", "Reload it, and dispense what is left"),
    ),
    # government halls
    "hall_service_not_found": (
        Words("没有这项业务", "No such service"),
        Words("请刷新取号页面后重选", "Reload the page, then choose again"),
    ),
    "window_not_found": (Words("没有这个窗口", "No such window"), Words("请检查窗口编号", "Check its number")),
    "window_busy": (
        Words("窗口正在办理", "The window is serving"),
        Words("请先办结或转办", "Finish or transfer first"),
    ),
    "queue_empty": (Words("无人等候", "Nobody waits"), Words("请稍后再叫号", "Call again later")),
    "visit_not_found": (Words("找不到此号", "No such visit"), Words("请检查编号", "Check the identifier")),
    "visit_state_not_allowed": (
        Words("此号现在不能这样办", "The visit's state does not allow this"),
        Words("请先查看此号状态和窗口", "Look at its state and its window"),
    ),
    "form_not_found": (Words("没有这张表单", "No such form"), Words("请检查表单编号", "Check its code")),
    "application_not_found": (
        Words("找不到此次申请", "No such application"),
        Words("请刷新申请列表", "Reload the list"),
    ),
    "application_not_open": (
        Words("未获授权或已失效", "There is no consent that counts now"),
        Words("请本人在城市码中重新授权", "The holder may consent again in the wallet"),
    ),
    "application_changed": (
        Words("卡证信息已变化", "The holder's credentials have changed"),
        Words("请重新查看后再授权", "Look at the values again, then consent"),
    ),
    "review_not_possible": (
        Words("此次办事不能评价", "This visit cannot be reviewed"),
        Words("办结后七日内可评价一次", "A finished visit is reviewed once, within days"),
    ),
    "review_tag_unknown": (
        Words("没有这个评价标签", "No such tag"),
        Words("请刷新评价页面", "Reload the page"),
    ),
    "follow_up_not_found": (
        Words("找不到待回访事项", "Nothing to answer"),
        Words("可能已经答复", "It may have been answered"),
    ),
    # records
    "person_not_found": (Words("找不到此人", "No such person"), Words("请检查编号", "Check the identifier")),
    "card_not_found": (Words("找不到此卡", "No such card"), Words("请检查编号", "Check the identifier")),
    "card_state_not_allowed": (
        Words("卡状态不允许此操作", "The card's state does not allow this"),
        Words("请先查看卡的当前状态", "Look at the card's state first"),
    ),
    "credential_type_unknown": (
        Words("没有这种凭证", "There is no such type of credential"),
        Words("请查看接口文档中的类型表", "Look at the table of types in the documents"),
    ),
    "type_of_another_authority": (
        Words("此类凭证由其他部门负责", "Another authority owns this"),
        Words("只能写入本部门负责的凭证", "Write only what your authority owns"),
    ),
    "credential_number_not_readable": (
        Words("凭证号码无法读取", "The credential's number cannot be read"),
        Words("请检查号码的长度和字符", "Look at its length and characters"),
    ),
    "credential_number_taken": (
        Words("号码已被使用", "The number is taken"),
        Words("请使用新的号码", "Use a number that no credential has"),
    ),
    "licence_identifier_wrong": (
        Words("电子证照标识有误", "The licence identifier is wrong"),
        Words("请检查格式和校验位", "Look at its form and its check character"),
    ),
    "name_not_readable": (
        Words("姓名无法读取", "The name cannot be read"),
        Words("请发送 1 至 60 个可见字符", "Send 1 to 60 visible characters"),
    ),
    "claims_not_readable": (
        Words("凭证内容不符合规定", "The claims do not fit their type"),
        Words("请查看该类型的内容项，不要缺项或多项", "Look at the claims of the type; none missing, none more"),
    ),
    "state_not_readable": (
        Words("没有这种状态", "The state is none of this type's"),
        Words("请查看该类型的生命周期", "Look at the life cycle of the type"),
    ),
    "validity_not_readable": (
        Words("有效期无法读取", "The validity cannot be read"),
        Words("请按 2026-01-31 填写，止日不早于起日", "Send days as 2026-01-31, the last not before the first"),
    ),
    "formula_refused": (
        Words("内容以公式字符开头", "A text begins like a formula"),
        Words("不要以 = + - @ 开头", "Do not begin a text with = + - @"),
    ),
    "subject_mismatch": (
        Words("凭证与持有人不符", "The record does not fit its holder"),
        Words(
            "请核对公民身份号码、姓名和凭证号码",
            "Check ID number, name and credential number; they must be of one person",
        ),
    ),
    "card_of_e_card_missing": (
        Words("找不到对应的社会保障卡", "The e-card's own card is missing"),
        Words(
            "请先登记本人的社会保障卡；一张卡只对应一张电子社保卡",
            "Write the holder's card first; a card has one e-card",
        ),
    ),
    "correction_not_found": (
        Words("找不到这条更正申请", "No such correction request"),
        Words("请检查编号；已答复的不能再答", "Check the identifier; an answer is given once"),
    ),
    "copy_not_possible": (
        Words("不能为此卡证制作副本", "No copy can be made of this"),
        Words("只能为有效的电子证照制作副本", "Copies are made of licences that are in force"),
    ),
    "import_running_elsewhere": (
        Words("此文件正在导入", "This file is being imported by another process"),
        Words("请等它结束后再试", "Wait until that has ended"),
    ),
    "text_not_readable": (
        Words("文字无法读取", "The text cannot be read"),
        Words("请检查长度，不要使用控制字符", "Look at its length; no control characters"),
    ),
    # hospitals
    "hospital_required": (
        Words("只有医疗机构可以使用", "Only hospitals may do this"),
        Words("请使用医疗机构的客户端", "Use a client of a hospital's place"),
    ),
    "encounter_not_found": (
        Words("找不到这次就诊", "No such visit"),
        Words("请检查就诊编号", "Check the identifier of the visit"),
    ),
    "encounter_state_not_allowed": (
        Words("就诊状态不能这样变更", "The visit cannot go there from its state"),
        Words("请先读取当前状态", "Read its state first"),
    ),
    "patient_not_found": (
        Words("找不到患者", "No such patient"),
        Words(
            "请使用本机构就诊记录中的患者编号，或核对证件号码",
            "Use the patient's identifier from a visit of your own, or check the document's number",
        ),
    ),
    "insurance_token_refused": (
        Words("医保令牌无效", "The insurance token is not good"),
        Words(
            "令牌只能由同一机构、操作员和业务在有效期内使用一次；请患者重新出示城市码",
            "It is good once, in its time, for its institution, operator and business; scan the patient's code again",
        ),
    ),
    "record_scope_not_allowed": (
        Words("政策不允许查阅这些内容", "The policy does not allow these parts of a record"),
        Words("请减少查阅范围或用途", "Ask for fewer parts, or for another purpose"),
    ),
    "record_consent_not_found": (
        Words("找不到这项授权", "No such consent"),
        Words("请刷新授权列表", "Reload the list of consents"),
    ),
    "record_request_not_found": (
        Words("找不到这项请求", "No such request"),
        Words("请刷新请求列表", "Reload the list of requests"),
    ),
    "record_request_closed": (
        Words("请求已答复或已过期", "The request was answered, or its time is over"),
        Words("如仍需要，请医疗机构重新请求", "The hospital may ask again"),
    ),
    "record_period_not_allowed": (
        Words("授权期限不合规", "This period is not allowed"),
        Words("请选择将来的结束时间，最长 366 天", "Choose an end in the future, 366 days away at most"),
    ),
    "partner_not_found": (
        Words("找不到机构", "No such institution"),
        Words("请从机构列表选择", "Choose one of the list"),
    ),
    "emergency_not_allowed": (
        Words("此处不能急救查看", "There is no emergency access here"),
        Words("请检查政策和理由代码", "Look at the policy and the code of the reason"),
    ),
    "emergency_limit_reached": (
        Words("本处急救查看次数已达上限", "This place has used up its emergency accesses of the hour"),
        Words("请联系值班管理员", "Call the administrator on duty"),
    ),
    "emergency_not_found": (
        Words("找不到这次急救查看", "No such emergency access"),
        Words("请检查编号", "Check the identifier"),
    ),
    "emergency_reviewed": (
        Words("这次急救查看已经复核", "This emergency access was reviewed already"),
        Words("无需再次复核", "It needs no second review"),
    ),
    "second_person_required": (
        Words("须由第二人办理", "A second person is needed"),
        Words("请由其他人复核", "Let somebody else review it"),
    ),
    "resource_not_found": (
        Words("没有这个资源", "No such resource"),
        Words("只能读取本机构就诊的资源", "Only resources of visits of your own can be read"),
    ),
    "search_not_supported": (
        Words("不支持这样的检索", "This search is not supported"),
        Words("请看 /fhir/R4/metadata", "See /fhir/R4/metadata"),
    ),
    "grant_not_found": (Words("找不到此码", "No such grant"), Words("请检查列表号和位置", "Check list and index")),
    "status_change_not_allowed": (
        Words("已作废的码不能恢复", "A revoked grant never comes back"),
        Words("请让持码人重新领取", "The holder's wallet fetches a new one"),
    ),
    "notice_not_found": (Words("找不到这条通知", "No such notice"), Words("请刷新通知列表", "Reload the notices")),
    "verification_not_found": (
        Words("找不到核验记录", "No such verification"),
        Words("请检查编号", "Check the identifier"),
    ),
    # two people, and the health status
    "officer_refused": (
        Words("登录未通过", "The sign-in was refused"),
        Words(
            "请检查证书、动态口令；连续错误会暂时锁定",
            "Check key and one-time password; wrong ones lock the account for a while",
        ),
    ),
    "officer_not_active": (Words("账号不可用", "The account may not act"), Words("请联系管理员", "Call the operator")),
    "officer_exists": (Words("账号已存在", "The account exists"), Words("请换一个账号名", "Choose another identifier")),
    "officer_not_found": (Words("找不到账号", "No such officer"), Words("请检查账号", "Check the identifier")),
    "officer_not_proposed": (
        Words("账号无需准入", "The officer does not wait to be admitted"),
        Words("请查看账号状态", "Look at the officer's state"),
    ),
    "authority_not_found": (Words("找不到机构", "No such authority"), Words("请检查机构编号", "Check its identifier")),
    "duty_required": (
        Words("没有此项职责", "This is not among the officer's duties"),
        Words("请由有职责的人员办理", "Ask an officer who has the duty"),
    ),
    "proposal_not_found": (Words("找不到此申请", "No such proposal"), Words("请刷新列表", "Reload the list")),
    "proposal_not_readable": (
        Words("申请内容有误", "The proposal cannot be read"),
        Words("请按接口文档填写", "Send what the documentation describes"),
    ),
    "proposal_kind_unknown": (Words("没有这类申请", "No such kind of proposal"), Words("请检查类别", "Check its kind")),
    "proposal_decided": (
        Words("申请已处理", "The proposal was decided before"),
        Words("请刷新列表", "Reload the list"),
    ),
    "proposal_expired": (Words("申请已过期", "The proposal is too old"), Words("请重新提出", "Propose it again")),
    "proposal_changed": (
        Words("申请内容已改变", "The proposal was changed"),
        Words("请重新查看后再批准", "Look at it again before you approve"),
    ),
    "health_reason_not_allowed": (
        Words("不是允许的理由", "The reason is not on the list"),
        Words("只能使用列表中的理由", "Use a reason of the list"),
    ),
    "health_order_too_large": (
        Words("人数超过单次上限", "Too many people in one order"),
        Words("请使用规则和证据", "Use a rule with evidence instead"),
    ),
    "health_people_unknown": (
        Words("有人查无记录", "Somebody is not on record"),
        Words("请核对身份证号", "Check the ID numbers"),
    ),
    "health_cap_reached": (
        Words("已达每小时上限", "The cap of this hour is reached"),
        Words("请下一小时再试，并核实原因", "Try again in the next hour, and find out why there are so many"),
    ),
    "no_health_emergency": (
        Words("当前没有生效的规则", "No rule is in force"),
        Words("须先由两人使规则生效", "Two people have to put a rule in force first"),
    ),
    "no_health_sunset": (
        Words("应急状态尚未结束", "The emergency has not ended"),
        Words("须先由两人结束应急状态", "Two people have to end it first"),
    ),
    "purge_not_due": (
        Words("销毁时间未到", "It is too early to destroy"),
        Words("请到期后再办理", "Wait for the day that was set"),
    ),
    "purged_before": (
        Words("已经销毁", "It was destroyed before"),
        Words("请查看销毁证明", "Look at the certificates"),
    ),
    "health_evidence_not_owned": (
        Words("无权报送此类证据", "This authority does not own the kind of evidence"),
        Words("只有生效规则指定的机构可以报送", "Only an authority that a rule in force names may record it"),
    ),
    "health_evidence_not_readable": (
        Words("证据内容有误", "The evidence cannot be read"),
        Words("请检查时间和证件号", "Check times and ID numbers"),
    ),
    "health_evidence_not_found": (
        Words("找不到此证据", "No such evidence"),
        Words("请检查类别和编号", "Check kind and reference"),
    ),
    "health_change_not_found": (Words("找不到此记录", "No such change"), Words("请刷新页面", "Reload the page")),
    "health_appeal_not_found": (Words("找不到此申诉", "No such appeal"), Words("请刷新列表", "Reload the list")),
    "health_appeal_exists": (
        Words("已提出申诉", "There is an appeal already"),
        Words("请等待答复", "Wait for its answer"),
    ),
    # ours
    "too_many_requests": (Words("请求过于频繁", "Too many requests"), Words("请稍后再试", "Wait, then try again")),
    "events_full": (
        Words("连接数已满", "Too many connections are held"),
        Words("请稍后再连接；其间可获取 /snapshot", "Connect again later; /snapshot can be fetched meanwhile"),
    ),
    "messages_unavailable": (
        Words("短信暂时无法发送", "Messages cannot be sent right now"),
        Words("请稍后再试，或到服务窗口办理", "Try again later, or visit a service counter"),
    ),
    "database_unavailable": (
        Words("服务暂时不可用", "The service is not available right now"),
        Words("请稍后用同样的请求重试", "Send the same request again in a few seconds"),
    ),
    "trust_list_not_found": (
        Words("没有这个版本的密钥清单", "There is no trust list of this version"),
        Words("请从 /trust-list 获取最新版本", "Fetch the newest from /trust-list"),
    ),
    "snapshot_not_found": (
        Words("还没有发布快照", "No snapshot has been published yet"),
        Words("请稍后再试", "Try again in a few seconds"),
    ),
    "delta_not_found": (
        Words("没有接续这个版本的更新", "No delta continues this version"),
        Words(
            "若版本较新请稍后再试，否则重新获取 /snapshot",
            "Try again later, or fetch /snapshot if the version is a day old",
        ),
    ),
    "status_list_not_found": (
        Words("没有这个状态列表", "There is no such status list"),
        Words("请从 /status-lists 获取全部地址", "Fetch all addresses from /status-lists"),
    ),
    "keys_unavailable": (
        Words("密钥清单暂时不可用", "The trust list is not available right now"),
        Words("请稍后再试，继续使用手中的版本", "Try again later; go on with the version that you have"),
    ),
    "signing_unavailable": (
        Words("签发暂时不可用", "Issuing is not available right now"),
        Words("现有的码可继续使用，请稍后再试", "Your codes go on working; try again later"),
    ),
    "status_list_full": (
        Words("签发暂时不可用", "Issuing is not available right now"),
        Words("请稍后再试", "Try again later"),
    ),
    "internal_error": (
        Words("服务出错了", "Something went wrong on our side"),
        Words("请稍后再试；如再次出错，请提供追踪号", "Try again; if it happens again tell us the trace"),
    ),
}
"""Every error on the wire: its title, and what to do. Names are added, never renamed."""

_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class Problem(msgspec.Struct, frozen=True):
    """Problem details: `code` is the stable name, `trace` finds the request in the logs."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    trace: str


def problem(code: str, status: int, *, retry_after: int | None = None) -> Response:
    """Write an error in the caller's language."""
    title, detail = PROBLEMS[code]
    language = request.accept_languages.best_match(["zh", "en"]) or "zh"
    body = Problem(_TYPE + code, getattr(title, language), status, getattr(detail, language), code, g.get("trace", ""))
    response = Response(msgspec.json.encode(body), status, mimetype="application/problem+json")
    response.headers["Content-Language"] = language
    if status == UpgradeRequiredError.status:
        response.headers["Upgrade"] = "city-terminal"
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def install(app: Flask) -> None:
    """Answer every error of the application as problem details."""

    @app.errorhandler(ServiceError)
    def ours(error: ServiceError) -> Response:
        return problem(error.code, error.status, retry_after=error.retry_after)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        response = problem(_OF_STATUS.get(status, "bad_request"), status)
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        # The type is enough to find the place with the trace; a message may hold what somebody typed.
        logging.getLogger("codeservice").error("unexpected %s", type(error).__name__, exc_info=error)
        return problem("internal_error", 500)
