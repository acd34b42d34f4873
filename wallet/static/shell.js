/** The frame around every screen: header with language and elder switches, tabs, and the choice of screen. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./language.js";
import { elder, language, setElder, setLanguage } from "./preferences.js";
import { cardsView } from "./views/cards.js";
import { codeView } from "./views/code.js";
import { confirmView } from "./views/confirm.js";
import { digitView } from "./views/digit.js";
import { meView } from "./views/me.js";
import { privacyView } from "./views/privacy.js";
import { realNameView } from "./views/real_name.js";
import { recordsView } from "./views/records.js";
import { signInView } from "./views/sign_in.js";

const TABS = { code: codeView, cards: cardsView, records: recordsView, privacy: privacyView, me: meView };
const FIRST_TAB = "code";

/** Owns the root element. A view is (app, argument) => {element, update?, leave?}. */
export class Shell {
  #app;
  #root = null;
  #view = null;
  #screen = "";

  constructor(app) {
    this.#app = app;
  }

  /** @param {HTMLElement} root */
  attach(root) {
    this.#root = root;
    window.addEventListener("hashchange", () => this.render());
  }

  /** @param {string} place such as "me" or "confirm/freeze" */
  go(place) {
    if (location.hash === `#${place}`) this.render();
    else location.hash = place;
  }

  /** Tells the current screen that something changed; changes the screen if another is due. */
  update() {
    if (this.#root === null) return;
    if (this.#due().screen !== this.#screen) this.render();
    else this.#view.update?.();
  }

  /** Builds the due screen anew. */
  render() {
    const { screen, make } = this.#due();
    const same = screen === this.#screen;
    const focused = this.#root.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
    this.#view?.leave?.();
    this.#screen = screen;
    this.#view = make();
    this.#root.dataset.screen = screen.split("/")[0];
    this.#root.replaceChildren(this.#header(), h("main", { id: "main", tabindex: "-1" }, this.#view.element),
      ...(this.#tabbed() ? [this.#tabs(screen)] : []));
    document.title = t("title");
    this.#view.update?.();
    // Everything was rebuilt; a keyboard user stays where they were.
    if (focused) this.#root.querySelector(`[data-testid="${focused}"]`)?.focus({ preventScroll: true });
    if (!same) window.scrollTo(0, 0);
  }

  /** For browsers or addresses without WebCrypto or IndexedDB. @param {HTMLElement} root */
  static showUnsupported(root) {
    root.dataset.screen = "unsupported";
    root.replaceChildren(h("p", { class: "notice bad", role: "alert" }, t("reason.unsupported")));
  }

  #tabbed() {
    return Boolean(this.#app.account.me?.person);
  }

  #due() {
    const { me } = this.#app.account;
    if (me === null) return { screen: "sign-in", make: () => signInView(this.#app) };
    if (me.person === null) return { screen: "real-name", make: () => realNameView(this.#app) };
    const [place, ...rest] = location.hash.slice(1).split("/");
    if (place === "confirm") return { screen: `confirm/${rest.join("/")}`, make: () => confirmView(this.#app, rest) };
    if (place === "digit") return { screen: "digit", make: () => digitView(this.#app) };
    const tab = Object.hasOwn(TABS, place) ? place : FIRST_TAB;
    return { screen: tab, make: () => TABS[tab](this.#app) };
  }

  #header() {
    const chinese = language() === "zh";
    return h("header", { class: "top" },
      h("h1", { class: "brand" }, t("brand")),
      h("button", { type: "button", class: "switch", testid: "elder-switch", "aria-pressed": String(elder()),
        onclick: () => this.#change(() => setElder(!elder())) }, t(elder() ? "elder.off" : "elder.on")),
      h("button", { type: "button", class: "switch", testid: "language-switch", lang: chinese ? "en" : "zh-CN",
        onclick: () => this.#change(() => setLanguage(chinese ? "en" : "zh")) }, chinese ? "English" : "中文"));
  }

  #change(act) {
    act();
    this.render();
  }

  #tabs(screen) {
    return h("nav", { class: "tabs", "aria-label": t("tabs") }, Object.keys(TABS).map((tab) =>
      h("a", { href: `#${tab}`, class: "tab", testid: `tab-${tab}`, "aria-current": tab === screen ? "page" : null },
        icon(tab), h("span", {}, t(`tab.${tab}`)))));
  }
}
