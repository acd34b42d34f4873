/** Cards and licences: what is linked, in what state and in the holder's own order, and linking another. */

import { keepOrder, linkCard, listCards, listCardTypes, LONGEST_NUMBER, movedUp,
  orderIn } from "../../core/cards.js";
import { h } from "../dom.js";
import { choice, field, form } from "../forms.js";
import { icon } from "../icons.js";
import { dayOf, pick, t } from "../language.js";
import { fetched } from "./fetched.js";

/** What stands in place of a number until the person asks to see it. */
export const HIDDEN = "•••• ••••";

/** @param {object} app */
export function cardsView(app) {
  let seen = false;
  let cards = [];
  const list = fetched({ testid: "card-list" }, async () => {
    cards = await listCards(app.call, await orderIn(app.store));
    return cards.length === 0 ? h("p", {}, t("cards.none")) : h("ul", { class: "plain-list card-list" },
      cards.map((card, at) => cardElement(card, at)));
  });
  const eye = h("button", { type: "button", class: "small", testid: "cards-eye", "aria-pressed": "false",
    onclick: () => {
      seen = !seen;
      eye.setAttribute("aria-pressed", String(seen));
      eye.replaceChildren(icon(seen ? "hide" : "eye"), t(seen ? "cards.hide" : "cards.show"));
      list.load();
    } }, icon("eye"), t("cards.show"));
  const adding = fetched({}, async () => addForm(await listCardTypes(app.call)));

  function cardElement(card, at) {
    return h("li", { class: `card ${card.good ? "" : "card-bad"}`, testid: "card", "data-type": card.type,
      "data-state": card.state },
      h("h3", {}, pick(card.title)), h("p", { class: "number" }, seen ? card.number : HIDDEN), cardFoot(card),
      h("p", { class: "card-acts" }, h("a", { class: "button small", href: `#card/${encodeURIComponent(card.id)}`,
        testid: "card-open" }, t("cards.open")),
        at > 0 && h("button", { type: "button", class: "small", testid: "card-up",
          "aria-label": t("cards.up", { card: pick(card.title) }),
          onclick: () => moveUp(card) }, icon("up"))));
  }

  async function moveUp({ id }) {
    await keepOrder(app.store, movedUp(cards, id));
    await list.load();
    list.element.querySelectorAll("[data-testid=card-open]")[cards.findIndex((card) => card.id === id)].focus();
  }

  function addForm(types) {
    return h("details", { class: "fold" }, h("summary", { testid: "add-card-open" }, t("cards.add")),
      form({ testid: "add-card-form", autocomplete: "off" }, async (card) => {
        await linkCard(app.call, card);
        await list.load();
        app.upkeep.now();
      }, choice(t("cards.type"), { id: "card-type", name: "type", testid: "card-type" },
        types.map(({ type, title }) => [type, pick(title)])),
      field(t("cards.number"), { name: "number", autocomplete: "off", maxlength: LONGEST_NUMBER, testid: "card-number" },
        t("cards.hint")),
      h("button", { class: "primary", testid: "add-card" }, t("cards.submit"))));
  }

  return { element: h("section", { class: "page" }, h("div", { class: "page-head" }, h("h2", {}, t("tab.cards")), eye),
    list.element, adding.element) };
}

/** @param {object} card @returns {HTMLElement} its state and validity in words */
export function cardFoot(card) {
  return h("p", { class: "card-foot" }, h("span", { class: "state" }, icon(card.good ? "done" : "warning"),
    pick(card.stateTitle)),
    h("span", {}, card.until === null ? t("cards.no_end") : t("cards.until", { time: dayOf(card.until) })));
}
