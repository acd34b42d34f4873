/** Cards and licences: what is linked, what state it is in, and linking another. */

import { h } from "../dom.js";
import { field, form } from "../forms.js";
import { icon } from "../icons.js";
import { dayOf, pick, problemWords, t } from "../language.js";

const PATH = "/wallet/api/v1";

/** @param {object} app */
export function cardsView(app) {
  const list = h("div", { class: "card-list", testid: "card-list", "aria-live": "polite" }, h("p", { class: "hint" }, t("loading")));
  const adding = h("div", {});
  const element = h("section", { class: "page" }, h("h2", {}, t("tab.cards")), list, adding);

  async function load() {
    try {
      const [{ cards }, { types }] = await Promise.all([app.call("GET", `${PATH}/cards`), app.call("GET", `${PATH}/card-types`)]);
      list.replaceChildren(...(cards.length ? cards.map(cardElement) : [h("p", {}, t("cards.none"))]));
      adding.replaceChildren(addForm(types));
    } catch (error) {
      list.replaceChildren(h("p", { class: "notice warn", role: "alert" }, problemWords(error)));
    }
  }

  function addForm(types) {
    return h("details", { class: "fold" }, h("summary", { testid: "add-card-open" }, t("cards.add")),
      form({ testid: "add-card-form", autocomplete: "off" }, async ({ type, number }) => {
        await app.call("POST", `${PATH}/cards`, { type, number });
        await load();
        app.upkeep.now();
      }, h("p", { class: "field" }, h("label", { for: "card-type" }, t("cards.type")),
        h("select", { id: "card-type", name: "type", testid: "card-type" },
          types.map(({ type, title }) => h("option", { value: type }, pick(title))))),
      field(t("cards.number"), { name: "number", autocomplete: "off", maxlength: 40, testid: "card-number" }, t("cards.hint")),
      h("button", { class: "primary", testid: "add-card" }, t("cards.submit"))));
  }

  load();
  return { element };
}

function cardElement(card) {
  const good = card.state === "normal";
  return h("article", { class: `card ${good ? "" : "card-bad"}`, testid: "card", "data-type": card.type, "data-state": card.state },
    h("h3", {}, pick(card.title)), h("p", { class: "number" }, card.number),
    h("p", { class: "card-foot" }, h("span", { class: "state" }, icon(good ? "done" : "warning"), pick(card.state_title)),
      h("span", {}, card.valid_until === null ? t("cards.no_end") : t("cards.until", { time: dayOf(card.valid_until) }))));
}
