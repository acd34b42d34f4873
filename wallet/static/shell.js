/** The frame around every screen: header with language and elder switches, tabs, and the choice of screen. */

import { h, toggle } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./language.js";
import { elder, language, setElder, setLanguage } from "./preferences.js";
import { ELDER_TABS, OPEN_SCREENS, SCREENS, TABS } from "./screens.js";
import { realNameView } from "./views/real_name.js";
import { signInView } from "./views/sign_in.js";

/** Owns the root element and shows one screen at a time, see screens.js. */
export class Shell {
  #app;
  #root = null;
  #view = null;
  #screen = "";
  #unread = h("span", { class: "count", testid: "unread", hidden: true });

  constructor(app) {
    this.#app = app;
  }

  /** @param {HTMLElement} root */
  attach(root) {
    this.#root = root;
    window.addEventListener("hashchange", () => this.render());
  }

  /** @param {string} place such as "me" or "paper/4f…" */
  go(place) {
    if (location.hash === `#${place}`) this.render();
    else location.hash = place;
  }

  /** Tells the current screen that something changed; changes the screen if another is due. */
  update() {
    if (this.#root === null) return;
    if (this.#due().screen !== this.#screen) this.render();
    else this.#view.update?.();
    this.#tellUnread();
  }

  /** Builds the due screen anew. */
  render() {
    const { screen, make } = this.#due();
    const same = screen === this.#screen;
    const inside = this.#root.contains(document.activeElement);
    const focused = inside ? document.activeElement.dataset.testid : null;
    this.#view?.leave?.();
    this.#screen = screen;
    this.#view = make();
    this.#root.dataset.screen = screen.split("/")[0];
    this.#root.replaceChildren(this.#header(), h("main", { id: "main", tabindex: "-1" }, this.#view.element),
      ...(this.#tabbed() ? [this.#tabs(screen)] : []));
    document.title = t("title");
    this.#view.update?.();
    this.#tellUnread();
    // Everything was rebuilt; a keyboard user stays where they were, or begins at the new screen.
    const kept = focused && this.#root.querySelector(`[data-testid="${focused}"]`);
    if (kept) kept.focus({ preventScroll: true });
    else if (inside && !same) this.#root.querySelector("main").focus({ preventScroll: true });
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
    const [place, ...rest] = location.hash.slice(1).split("/").map(decoded);
    const screen = [place, ...rest].join("/");
    if (Object.hasOwn(OPEN_SCREENS, place)) return { screen, make: () => OPEN_SCREENS[place](this.#app, rest) };
    if (me === null) return { screen: "sign-in", make: () => signInView(this.#app) };
    if (me.person === null) return { screen: "real-name", make: () => realNameView(this.#app) };
    if (Object.hasOwn(SCREENS, place)) return { screen, make: () => SCREENS[place](this.#app, rest) };
    const first = elder() ? "home" : "code";
    return { screen: first, make: () => SCREENS[first](this.#app, []) };
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
    const tabs = elder() ? ELDER_TABS : TABS;
    return h("nav", { class: "tabs", "aria-label": t("tabs") }, tabs.map((tab) =>
      h("a", { href: `#${tab}`, class: "tab", testid: `tab-${tab}`, "aria-current": tab === screen ? "page" : null },
        icon(tab), h("span", {}, t(`tab.${tab}`)), tab === "messages" && this.#unread)));
  }

  #tellUnread() {
    const { count } = this.#app.inbox;
    toggle(this.#unread, count > 0);
    this.#unread.replaceChildren(h("span", { "aria-hidden": "true" }, String(count)),
      h("span", { class: "unseen" }, t("tab.unread", { count })));
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    // An address that somebody typed; no place has such a name.
    return "";
  }
}
