/** Words of the mini-program alone, Chinese; the rest are the wallet's, in core/translations. */
export default {
  "wechat.why": "用微信绑定的手机号登录，不用输入验证码。",
  "wechat.phone": "微信手机号登录",
  "wechat.declined": "您没有允许使用微信手机号，可以改用短信验证码。",
  "wechat.sms": "用短信验证码登录",
  "wechat.paper_once": "请现在打开 PDF 打印或保存。离开本页后不能再看到，只能重新打印。",
  "wechat.paper_pdf": "打开 PDF（打印、保存）",
  "wechat.send": "发送到微信聊天",
  "wechat.send_why": "小程序里的文件只能经微信聊天带走，会经过微信的服务器，请只发给自己。网页版钱包可直接保存。",
  "wechat.enter": "登录",
  "problem.algorithm_unknown": "本市的码使用小程序尚不支持的签名算法，请更新小程序，或改用网页版钱包。",
  "settings.sample": "文字会是这么大。",
  "help.show": "怎样亮码",
  "help.show.answer": "打开小程序就是您的码，把屏幕对着扫码设备即可。码半分钟一换，不用刷新。",
  "help.kept": "本机保存了什么",
  "help.kept.answer": "只保存能用一天的码和语言、字号等设置，姓名、身份证号和手机号不写入手机。",
};
