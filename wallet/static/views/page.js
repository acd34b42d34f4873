/** The frame of a page below a tab: a way back, a heading, and what it holds. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { elder } from "../preferences.js";
import { t } from "../language.js";

/** Where "back" leads from the pages of the menu; in elder mode the first screen is the menu. */
const MENU = "me";
const FIRST = "home";

/**
 * @param {string} title
 * @param {{back?: string, testid?: string, narrow?: boolean}} options back: a place
 * @param {...(Node|string|null|false)} children
 * @returns {HTMLElement}
 */
export function page(title, { back = MENU, testid = null, narrow = false }, ...children) {
  const place = back === MENU && elder() ? FIRST : back;
  return h("section", { class: narrow ? "page narrow" : "page", testid },
    h("a", { class: "back", href: `#${place}`, testid: "back" }, icon("back"), t("back")), h("h2", {}, title),
      ...children);
}

/** @returns {HTMLElement} the way to the help, where no menu has it */
export function helpLink() {
  return h("a", { class: "button plain", href: "#help", testid: "help-open" }, icon("help"), t("menu.help"));
}

/**
 * @param {string} title
 * @param {...(Node|string|null|false)} children
 * @returns {HTMLElement} a part with a heading of its own
 */
export function part(title, ...children) {
  return h("section", { class: "part" }, h("h3", {}, title), ...children);
}
