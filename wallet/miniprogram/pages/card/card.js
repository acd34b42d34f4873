/** One card: copies for one purpose, what is wrong in it, and its loss. */

import { listCards } from "../../core/cards.js";
import { COPY_DAYS, listCopies, LONGEST_TEXT, makeCopy, USUAL_DAYS } from "../../core/copies.js";
import { askForCorrection, listCorrections, LONGEST_CORRECTION } from "../../core/corrections.js";
import { removeFiles, sendFile } from "../../files.js";
import { screen } from "../../screen.js";
import { dayAndTime, dayOf, pick, t } from "../../words.js";

Page(screen({
  title: "cards.one",
  data: { card: null, open: false, copies: [], corrections: [], doing: "", made: "", lengths: [], days: USUAL_DAYS, longestText: LONGEST_TEXT,
    longestCorrection: LONGEST_CORRECTION },

  async load() {
    const { call } = this.wallet;
    const card = (await listCards(call)).find(({ id }) => id === this.query.card);
    if (card === undefined) return this.setData({ card: null });
    const copies = card.copyable ? await listCopies(call, card.id) : [];
    const corrections = (await listCorrections(call)).get(card.id) ?? [];
    return this.setData({
      card: { id: card.id, title: pick(card.title), number: card.number, good: card.good, state: pick(card.stateTitle), copyable: card.copyable,
        until: card.until === null ? t("cards.no_end") : t("cards.until", { time: dayOf(card.until) }) },
      copies: copies.map(({ requester, purpose, expires }, key) => ({ key, title: `${requester} · ${purpose}`,
        until: t("copies.until", { time: dayAndTime(expires) }) })),
      corrections: corrections.map(correctionOf),
      lengths: COPY_DAYS.map((days) => ({ value: days, title: t("days", { days }) })),
    });
  },

  flip() {
    this.setData({ open: !this.data.open });
  },

  begin({ currentTarget: { dataset: { doing } } }) {
    this.typed = {};
    this.setData({ doing, problem: "" });
    wx.pageScrollTo({ scrollTop: 0, duration: 0 });
  },

  copy() {
    return this.attempt(async () => {
      const { requester = "", purpose = "" } = this.typed;
      this.made = await makeCopy(this.wallet.call, this.data.card.id, { requester, purpose, days: Number(this.data.days) });
      await this.load();
      this.setData({ doing: "", made: t("copies.made", { time: dayAndTime(this.made.expires) }) });
    });
  },

  sendCopy() {
    return this.attempt(() => sendFile(`city-code-copy-${this.made.id.slice(0, 8)}.cose`, this.made.bytes));
  },

  correct() {
    return this.change(async () => {
      await askForCorrection(this.wallet.call, this.data.card.id, this.typed.text ?? "");
      this.leave();
    });
  },

  askLoss() {
    this.sure({ title: t("cards.lost"), effect: t("cards.lost_effect"), yes: t("cards.lost_yes") }, async () => {
      await askForCorrection(this.wallet.call, this.data.card.id, t("cards.lost_text"));
      await this.load();
    });
  },

  leave() {
    this.setData({ doing: "", problem: "" });
  },

  onUnload() {
    removeFiles();
  },
}));

function correctionOf({ text, at, due, state, reply }, key) {
  return { key, text, state: [t(`corrections.state.${state}`), dayAndTime(at), state === "open" && t("corrections.due", { time: dayOf(due) })]
    .filter(Boolean).join(" · "), reply: reply ? t("corrections.reply") + t("colon") + reply : "" };
}
