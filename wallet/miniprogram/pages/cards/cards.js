/** Cards and licences: what is linked, what state it is in, and linking another. Numbers are covered until asked for. */

import { linkCard, listCards, listCardTypes } from "../../core/cards.js";
import { screen } from "../../screen.js";
import { dayOf, pick, t } from "../../words.js";

Page(screen({
  title: "tab.cards",
  data: { loading: true, cards: [], types: [], type: "", number: "" },

  open() {
    return this.attempt(() => this.load());
  },

  async load() {
    const { call } = this.wallet;
    const [cards, types] = await Promise.all([listCards(call), listCardTypes(call)]);
    this.setData({
      loading: false,
      cards: cards.map((card, key) => ({ key, title: pick(card.title), number: card.number, open: false, good: card.good,
        state: pick(card.stateTitle), until: card.until === null ? t("cards.no_end") : t("cards.until", { time: dayOf(card.until) }) })),
      types: types.map(({ type, title }) => ({ type, title: pick(title) })),
      type: this.data.type || types[0]?.type || "",
    });
  },

  flip({ currentTarget }) {
    const at = Number(currentTarget.dataset.key);
    this.setData({ [`cards[${at}].open`]: !this.data.cards[at].open });
  },

  choose({ currentTarget }) {
    this.setData({ type: currentTarget.dataset.type });
  },

  add() {
    return this.attempt(async () => {
      await linkCard(this.wallet.call, { type: this.data.type, number: this.typed.number ?? "" });
      // The field is emptied by a change: what was typed never was in the data.
      this.setData({ number: this.typed.number });
      this.setData({ number: "" });
      this.typed = {};
      await this.load();
      this.wallet.upkeep.now();
    });
  },
}));
