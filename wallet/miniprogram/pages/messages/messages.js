/** Messages: what the city told the holder by itself, with reasons, and the way to where each is answered. */

import { listNotices, markRead } from "../../core/notices.js";
import { screen } from "../../screen.js";
import { dayAndTime, pick, t } from "../../words.js";

Page(screen({
  title: "tab.messages",
  data: { messages: [] },

  async load() {
    const { call, inbox } = this.wallet;
    const notices = await listNotices(call);
    this.setData({ messages: notices.map(({ id, kind, message, at, read, place }) => ({ id, kind, text: pick(message), at: dayAndTime(at),
      fresh: !read, page: place?.replace("-", "_") ?? "", to: place ? t(`messages.to.${place}`) : "" })) });
    for (const { id, read } of notices) if (!read) await markRead(call, id);
    inbox.forget();
  },
}));
