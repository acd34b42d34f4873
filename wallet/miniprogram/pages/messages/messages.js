/** Messages: what the city told the holder by itself, with reasons. Opening the page reads them. */

import { listNotices, markRead } from "../../core/notices.js";
import { screen } from "../../screen.js";
import { dayAndTime, pick } from "../../words.js";

Page(screen({
  title: "tab.messages",
  data: { loading: true, messages: [] },

  open() {
    return this.attempt(async () => {
      const { call, inbox } = this.wallet;
      const notices = await listNotices(call);
      this.setData({
        loading: false,
        messages: notices.map(({ id, message, at, read }) => ({ id, text: pick(message), at: dayAndTime(at), fresh: !read })),
      });
      for (const { id, read } of notices) if (!read) await markRead(call, id);
      inbox.forget();
    });
  },
}));
