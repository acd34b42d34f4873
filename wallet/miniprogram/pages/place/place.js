/** Scanning the poster of a place, by WeChat's scanner or by typing its digits. Only an entry in one's own records follows. */

import { ask, WeChatError } from "../../call.js";
import { listPassages, outcomeWords, recordPassage, WAYS } from "../../core/passages.js";
import { posterText } from "../../core/poster.js";
import { screen } from "../../screen.js";
import { dayAndTime, t } from "../../words.js";

Page(screen({
  title: "menu.place",
  data: { passages: [], ways: [], way: WAYS[0], said: "", outcome: "" },

  async load() {
    const passages = await listPassages(this.wallet.call);
    this.setData({ ways: WAYS.map((value) => ({ value, title: t(`place.way.${value}`) })),
      passages: passages.map(({ name, passage, at }, key) => ({ key, name, way: t(`place.way.${passage}`), at: dayAndTime(at) })) });
  },

  async scan() {
    const text = await scanned();
    if (text !== null) await this.pass(text);
  },

  send() {
    return this.pass(this.typed.poster ?? "");
  },

  pass(text) {
    return this.attempt(async () => {
      const poster = posterText(text);
      this.say("", poster === null ? t("place.no_poster") : "");
      if (poster === null) return;
      const outcome = await recordPassage(this.wallet, { poster, passage: this.data.way }, () => this.say("asking", t("place.here.asking")))
        .finally(() => this.say("", ""));
      this.say(outcome.state, outcomeWords({ t, dayAndTime }, outcome));
      if (outcome.state === "recorded") await this.load();
    });
  },

  /** What was typed stands below: large text puts a screen between. */
  say(outcome, said) {
    this.setData({ outcome, said });
    if (said) wx.pageScrollTo({ scrollTop: 0, duration: 0 });
  },
}));

/** @returns {Promise<string|null>} null when the person turned back, or let no camera be used */
async function scanned() {
  try {
    return (await ask("scanCode", { onlyFromCamera: true, scanType: ["qrCode"] })).result;
  } catch (error) {
    if (error instanceof WeChatError) return null;
    throw error;
  }
}
