/** Messages: what the city told the holder by itself, with reasons, and the way to where each is answered. */

import { ApiError } from "../../core/api.js";
import { listNotices, markRead } from "../../core/notices.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { dayAndTime, pick, t } from "../language.js";
import { fetched, listOf } from "./fetched.js";

/** @param {object} app */
export function messagesView(app) {
  const list = fetched({ testid: "message-list" }, async () => {
    const notices = await listNotices(app.call);
    read(notices.filter((notice) => !notice.read));
    return listOf(notices.map(noticeElement), t("messages.none"));
  });

  /** They have been seen now; on this screen they stay marked as new until it is left. */
  async function read(fresh) {
    try {
      for (const { id } of fresh) await markRead(app.call, id);
    } catch (error) {
      // They stay unread and are marked the next time.
      if (!(error instanceof ApiError)) throw error;
    }
    app.inbox.forget();
  }

  return { element: h("section", { class: "page" }, h("h2", {}, t("tab.messages")),
    h("p", { class: "hint" }, t("messages.why")), list.element) };
}

function noticeElement(notice) {
  return h("article", { class: "row", testid: "message", "data-kind": notice.kind,
    "data-read": notice.read ? "1" : "0" },
    !notice.read && h("p", { class: "new" }, icon("dot"), t("messages.new")), h("p", {}, pick(notice.message)),
    h("p", { class: "hint" }, h("time", { datetime: new Date(notice.at * 1000).toISOString() }, dayAndTime(notice.at))),
    notice.place && h("a", { class: "button small", href: `#${notice.place}` }, t(`messages.to.${notice.place}`)));
}
