/** Privacy: one switch per kind of place, and beforehand what such a place will see. */

import { h } from "../dom.js";
import { problemBox } from "../forms.js";
import { pick, problemWords, t } from "../language.js";

const PATH = "/wallet/api/v1/consents";

/** @param {object} app */
export function privacyView(app) {
  const list = h("div", { testid: "consent-list" }, h("p", { class: "hint" }, t("loading")));

  async function load() {
    try {
      const { consents } = await app.call("GET", PATH);
      list.replaceChildren(...consents.map((consent) => consentElement(app, consent)));
    } catch (error) {
      list.replaceChildren(h("p", { class: "notice warn", role: "alert" }, problemWords(error)));
    }
  }

  load();
  return { element: h("section", { class: "page" }, h("h2", {}, t("tab.privacy")), h("p", {}, t("privacy.why")), list) };
}

function consentElement(app, consent) {
  const box = problemBox();
  const id = `consent-${consent.scene}`;
  const state = h("span", { class: "switch-word", "aria-hidden": "true" });
  const button = h("button", { type: "button", role: "switch", class: "toggle", testid: id, "aria-labelledby": id, onclick: flip },
    h("span", { class: "knob", "aria-hidden": "true" }), state);

  function tell({ given }) {
    consent.given = given;
    button.setAttribute("aria-checked", String(given));
    state.textContent = t(given ? "privacy.on" : "privacy.off");
  }

  async function flip() {
    button.disabled = true;
    box.clear();
    try {
      tell(await app.call("PUT", `${PATH}/${encodeURIComponent(consent.scene)}`, { given: !consent.given }));
      // A consent changes what grants may be used for; the old ones are revoked and new ones wait.
      app.upkeep.now();
    } catch (error) {
      box.show(error);
    } finally {
      button.disabled = false;
    }
  }

  tell(consent);
  return h("article", { class: "consent" },
    h("div", { class: "consent-head" }, h("h3", { id }, pick(consent.title)), button),
    h("p", { class: "hint" }, t("privacy.sees")),
    h("ul", { class: "attributes" }, consent.attributes.map(({ title }) => h("li", {}, pick(title)))), box.element);
}
