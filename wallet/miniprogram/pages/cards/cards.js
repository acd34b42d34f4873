/** Cards and licences: what is linked, in the holder's own order, and linking another. Numbers are covered until asked for. */

import { keepOrder, linkCard, listCards, listCardTypes, LONGEST_NUMBER, movedUp, orderIn } from "../../core/cards.js";
import { screen } from "../../screen.js";
import { dayOf, pick, t } from "../../words.js";

Page(screen({
  title: "tab.cards",
  data: { cards: [], types: [], type: "", number: "", longest: LONGEST_NUMBER },

  async load() {
    const { call, store } = this.wallet;
    const [cards, types] = await Promise.all([listCards(call, await orderIn(store)), listCardTypes(call)]);
    const open = new Set(this.data.cards.filter((card) => card.open).map(({ id }) => id));
    this.setData({
      cards: cards.map((card, key) => ({ key, id: card.id, query: `card=${encodeURIComponent(card.id)}`, title: pick(card.title), number: card.number,
        open: open.has(card.id), good: card.good, state: pick(card.stateTitle), up: t("cards.up", { card: pick(card.title) }),
        until: card.until === null ? t("cards.no_end") : t("cards.until", { time: dayOf(card.until) }) })),
      types: types.map(({ type, title }) => ({ value: type, title: pick(title) })),
      type: this.data.type || types[0]?.type || "",
    });
  },

  flip({ currentTarget }) {
    const at = Number(currentTarget.dataset.key);
    this.setData({ [`cards[${at}].open`]: !this.data.cards[at].open });
  },

  moveUp({ currentTarget: { dataset: { id } } }) {
    return this.change(() => keepOrder(this.wallet.store, movedUp(this.data.cards, id)));
  },

  add() {
    return this.change(async () => {
      await linkCard(this.wallet.call, { type: this.data.type, number: this.typed.number ?? "" });
      // The field is emptied by a change: what was typed never was in the data.
      this.setData({ number: this.typed.number });
      this.setData({ number: "" });
      this.typed = {};
      this.wallet.upkeep.now();
    });
  },
}));
