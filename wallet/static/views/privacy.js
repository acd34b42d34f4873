/** Privacy: one switch per kind of place, and beforehand what such a place will see. */

import { listConsents, setConsent } from "../../core/consents.js";
import { h } from "../dom.js";
import { problemBox } from "../forms.js";
import { icon } from "../icons.js";
import { pick, t } from "../language.js";
import { fetched } from "./fetched.js";
import { page } from "./page.js";

/** @param {object} app */
export function privacyView(app) {
  const list = fetched({ testid: "consent-list" },
    async () => (await listConsents(app.call)).map((consent) => consentElement(app, consent)));
  const to = (place, name) => h("li", {}, h("a", { class: "menu-row", href: `#${place}`, testid: `to-${place}` },
    icon(name), h("span", {}, t(`menu.${place}`))));
  return { element: page(t("menu.privacy"), {}, h("p", {}, t("privacy.why")), list.element,
    h("ul", { class: "plain-list menu" }, to("health-records", "hospital"), to("data", "save"))) };
}

function consentElement(app, consent) {
  const box = problemBox();
  const id = `consent-${consent.scene}`;
  const state = h("span", { class: "switch-word", "aria-hidden": "true" });
  const button = h("button", { type: "button", role: "switch", class: "toggle", testid: id, "aria-labelledby": id,
    onclick: flip },
    h("span", { class: "knob", "aria-hidden": "true" }), state);
  const preview = h("div", { testid: `preview-${consent.scene}` });

  function tell({ given }) {
    consent.given = given;
    button.setAttribute("aria-checked", String(given));
    state.textContent = t(given ? "privacy.on" : "privacy.off");
    preview.replaceChildren(h("p", { class: "hint" }, t(given ? "privacy.sees" : "privacy.would_see")),
      h("ul", { class: "attributes" }, consent.attributes.map(({ title }) => h("li", {}, pick(title)))));
  }

  async function flip() {
    button.disabled = true;
    box.clear();
    try {
      tell(await setConsent(app.call, consent.scene, !consent.given));
      // A consent changes what grants may be used for; the old ones are revoked and new ones wait.
      app.upkeep.now();
    } catch (error) {
      box.show(error);
    } finally {
      button.disabled = false;
      button.focus();
    }
  }

  tell(consent);
  return h("article", { class: "consent" }, h("div", { class: "consent-head" }, h("h3", { id }, pick(consent.title)),
    button), preview, box.element);
}
