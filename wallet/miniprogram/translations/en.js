/** Words of the mini-program alone, English; the rest are the wallet's, in core/translations. */
export default {
  "wechat.why": "Sign in with the phone number that WeChat knows; no message is needed.",
  "wechat.phone": "Sign in with WeChat's number",
  "wechat.declined": "You did not share WeChat's number. A text message works too.",
  "wechat.sms": "Sign in by text message",
  "wechat.paper_once": "Open the PDF now to print or keep it. After this page it cannot be seen again, only printed anew.",
  "wechat.paper_pdf": "Open the PDF (print, keep)",
  "wechat.send": "Send to a chat",
  "wechat.send_why": "From a mini-program a file leaves by a chat only, through WeChat's servers: send it to yourself. The web wallet saves it directly.",
  "wechat.enter": "Sign in",
  "problem.algorithm_unknown": "This city signs in a way that this mini-program does not know. Please update it, or use the web wallet.",
  "settings.sample": "Text will be this large.",
  "help.show": "How do I show the code?",
  "help.show.answer": "It is on the first page. Hold the screen before the scanner. The code changes by itself every half minute.",
  "help.kept": "What is kept on this phone?",
  "help.kept.answer": "Only codes for a day, and your settings. Name, ID number and phone number are not written down.",
};
