/** Today's tickets at scenic spots: what is booked, what can be. */

import { h, toggle } from "../dom.js";
import { actionButton, problemWords } from "../forms.js";
import { icon } from "../icons.js";
import { t } from "../language.js";

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
    const name = h("span", {}, h("strong", {}, offer.name), " ", h("span", { class: "hint" }, t("tickets.left", { left: offer.left, day: offer.day })));
    if (offer.mine) return h("li", { class: "offer", testid: "ticket-mine" }, name, h("span", { class: "good" }, icon("done"), t("tickets.mine")));
    return h("li", { class: "offer", testid: "ticket-offer" }, name,
      offer.left > 0 ? actionButton(t("tickets.book"), { class: "small", testid: "book-ticket" }, async () => {
        await app.call("POST", `${PATH}/tickets`, { place: offer.place, day: offer.day });
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

function ofToday(offers) {
  // The day is the server's; the earliest offered one is its today, whatever zone this phone is in.
  const first = offers.map(({ day }) => day).sort()[0];
  return offers.filter(({ day }) => day === first);
}
