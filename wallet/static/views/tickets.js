/** Today's tickets at scenic spots: what is booked, what can be. */

import { h, toggle } from "../dom.js";
import { actionButton } from "../forms.js";
import { icon } from "../icons.js";
import { pick, problemWords, t } from "../language.js";

const PATH = "/wallet/api/v1";

/** @param {object} app @returns {{element: HTMLElement, tell: (shown: boolean) => void}} */
export function ticketsPanel(app) {
  const element = h("section", { class: "tickets", testid: "tickets", "aria-live": "polite", hidden: true });
  let loaded = false;

  async function load() {
    loaded = true;
    try {
      const { offers } = await app.call("GET", `${PATH}/ticket-offers`);
      fill(ofToday(offers));
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
    const price = offer.price === null ? null : h("span", { class: "hint", testid: "ticket-price" }, priceWords(offer.price));
    const flow = h("span", { class: "hint", testid: "ticket-flow" });
    tellFlow(flow, offer.place);
    const name = h("span", {}, h("strong", {}, offer.name), " ", h("span", { class: "hint" }, left), " ", price, " ", flow);
    if (offer.mine) return h("li", { class: "offer", testid: "ticket-mine" }, name, h("span", { class: "good" }, icon("done"), t("tickets.mine")));
    const open = offer.slots.filter((slot) => slot.left > 0 && !slot.ended);
    const slot = offer.slots.length === 0 ? null : h("select", { testid: "ticket-slot", "aria-label": t("tickets.slot") },
      open.map((entry) => h("option", { value: entry.slot }, t("tickets.slot_left", entry))));
    const bookable = offer.slots.length === 0 ? offer.left === null || offer.left > 0 : open.length > 0;
    return h("li", { class: "offer", testid: "ticket-offer" }, name, bookable ? slot : null,
      bookable ? actionButton(t("tickets.book"), { class: "small", testid: "book-ticket" }, async () => {
        await app.call("POST", `${PATH}/tickets`, { place: offer.place, day: offer.day, slot: slot?.value ?? "" });
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

function priceWords({ title, cents, explained }) {
  const price = cents === 0 ? t("tickets.free") : t("tickets.price", { yuan: (cents / 100).toFixed(2) });
  return `${pick(title)} ${price}${explained ? ` · ${pick(explained)}` : ""}`;
}

/** How full it is, from the public feed; without it nothing is said. */
async function tellFlow(element, place) {
  try {
    const answer = await fetch(`/api/v1/places/${encodeURIComponent(place)}/flow`);
    if (!answer.ok) return;
    const { title, advice } = await answer.json();
    if (title) element.textContent = `${pick(title)}${advice ? ` · ${pick(advice)}` : ""}`;
  } catch {
    // Offline, or the service is away: a warning that nobody can give is left out.
  }
}

function ofToday(offers) {
  // The day is the server's; the earliest offered one is its today, whatever zone this phone is in.
  const first = offers.map(({ day }) => day).sort()[0];
  return offers.filter(({ day }) => day === first);
}
