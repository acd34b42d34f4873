/** Today's tickets at scenic spots: what is booked, what can be, how full it is. */

import { bookTicket, listOffers, priceWords, readFlow } from "../../core/tickets.js";
import { screen } from "../../screen.js";
import { pick, t } from "../../words.js";

Page(screen({
  title: "tickets.title",
  data: { offers: [], chosen: null, slots: [], slot: "" },

  async load() {
    const { call } = this.wallet;
    const offers = await listOffers(call);
    const flows = await Promise.all(offers.map(({ place }) => readFlow(call, place)));
    this.offers = offers;
    this.setData({ offers: offers.map((offer, key) => rowOf(offer, flows[key], key)) });
  },

  pickOffer({ currentTarget: { dataset: { key } } }) {
    const offer = this.offers[Number(key)];
    if (offer.slots.length === 0) return this.book(offer, "");
    const slots = offer.open.map((entry) => ({ value: entry.slot, title: t("tickets.slot_left", entry) }));
    this.chosen = offer;
    return this.setData({ chosen: this.data.offers[Number(key)], slots, slot: slots[0].value, problem: "" });
  },

  take() {
    return this.book(this.chosen, this.data.slot);
  },

  book(offer, slot) {
    return this.change(async () => {
      await bookTicket(this.wallet.call, offer, slot);
      this.leave();
      this.wallet.upkeep.now();
    });
  },

  leave() {
    this.setData({ chosen: null, problem: "" });
  },
}));

function rowOf({ name, day, left, price, mine, bookable }, flow, key) {
  return { key, name, mine, bookable, flow: flow.map(pick).join(" · "), left: t(left === null ? "tickets.day" : "tickets.left", { left, day }),
    price: price === null ? "" : priceWords({ t, pick }, price) };
}
