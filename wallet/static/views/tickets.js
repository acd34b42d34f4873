/** Today's tickets at scenic spots: what is booked, what can be. */

import { bookTicket, listOffers, priceWords, readFlow } from "../../core/tickets.js";
import { h, toggle } from "../dom.js";
import { actionButton } from "../forms.js";
import { icon } from "../icons.js";
import { pick, problemWords, t } from "../language.js";

/** @param {object} app @returns {{element: HTMLElement, tell: (shown: boolean) => void}} */
export function ticketsPanel(app) {
  const element = h("section", { class: "tickets", testid: "tickets", "aria-live": "polite", hidden: true });
  let loaded = false;

  async function load() {
    loaded = true;
    try {
      fill(await listOffers(app.call));
    } catch (error) {
      loaded = false;
      element.replaceChildren(h("p", { class: "hint" }, problemWords(error)));
    }
  }

  function fill(offers) {
    element.dataset.state = offers.some(({ mine }) => mine) ? "booked" : "none";
    element.replaceChildren(h("h3", {}, t("tickets.title")),
      offers.length === 0 ? h("p", {}, t("tickets.none")) : h("ul", { class: "plain-list" }, offers.map(row)));
  }

  function row(offer) {
    const left = t(offer.left === null ? "tickets.day" : "tickets.left", { left: offer.left, day: offer.day });
    const price = offer.price === null ? null : h("span", { class: "hint", testid: "ticket-price" }, priceWords({ t, pick }, offer.price));
    const flow = h("span", { class: "hint", testid: "ticket-flow" });
    readFlow(app.call, offer.place).then((said) => flow.append(said.map(pick).join(" · ")));
    const name = h("span", {}, h("strong", {}, offer.name), " ", h("span", { class: "hint" }, left), " ", price, " ", flow);
    if (offer.mine) return h("li", { class: "offer", testid: "ticket-mine" }, name, h("span", { class: "good" }, icon("done"), t("tickets.mine")));
    const slot = offer.slots.length === 0 ? null : h("select", { testid: "ticket-slot", "aria-label": t("tickets.slot") },
      offer.open.map((entry) => h("option", { value: entry.slot }, t("tickets.slot_left", entry))));
    return h("li", { class: "offer", testid: "ticket-offer" }, name, offer.bookable ? slot : null,
      offer.bookable ? actionButton(t("tickets.book"), { class: "small", testid: "book-ticket" }, async () => {
        await bookTicket(app.call, offer, slot?.value ?? "");
        await load();
        // A ticket changes what the grants say; the old ones are revoked and new ones wait.
        app.upkeep.now();
      }) : h("span", {}, t("tickets.sold_out")));
  }

  return { element, tell(shown) {
    toggle(element, shown);
    if (shown && !loaded && app.online) load();
  } };
}
