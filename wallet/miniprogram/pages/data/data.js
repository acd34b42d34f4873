/** One's own data: taking it along as one signed file, and erasing it. */

import { eraseData, exportData, listKept, sendErasureMessage } from "../../core/personal_data.js";
import { removeFiles, sendFile } from "../../files.js";
import { screen } from "../../screen.js";
import { dayOf, pick, t } from "../../words.js";

Page(screen({
  title: "menu.data",
  data: { kept: [], made: false, erasing: false },

  async load() {
    const kept = await listKept(this.wallet.call);
    this.setData({ kept: kept.map(({ what, why, until }, key) => ({ key, what: pick(what),
      why: [pick(why), until && t("data.kept_until", { time: dayOf(until) })].filter(Boolean).join(" · ") })) });
  },

  make() {
    return this.attempt(async () => {
      this.file = await exportData(this.wallet.call);
      this.setData({ made: true });
    });
  },

  send() {
    return this.attempt(() => sendFile("city-code-my-data.jsonl", this.file));
  },

  askErasure() {
    this.sure({ title: t("data.erase"), effect: t("data.erase_effect"), yes: t("data.send_password") }, async () => {
      this.typed = {};
      this.challenge = (await sendErasureMessage(this.wallet.call)).challenge;
      this.setData({ erasing: true });
    });
  },

  erase() {
    return this.attempt(async () => {
      await eraseData(this.wallet.call, { challenge: this.challenge, password: this.typed.password ?? "" });
      await getApp().forget();
    });
  },

  leave() {
    this.setData({ erasing: false, problem: "" });
  },

  onUnload() {
    this.file = null;
    removeFiles();
  },
}));
