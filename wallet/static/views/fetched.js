/** A part of a page that comes from the service: says that it is loading, what went wrong, or what was found. */

import { ApiError } from "../../core/api.js";
import { h } from "../dom.js";
import { problemWords, t } from "../language.js";

/**
 * @param {Record<string, any>} properties of the part
 * @param {() => Promise<Node|(Node|string|null|false)[]>} make fetches and builds
 * @returns {{element: HTMLElement, load: () => Promise<void>}} `load` fetches again
 */
export function fetched(properties, make) {
  const element = h("div", properties, h("p", { class: "hint", role: "status" }, t("loading")));

  async function load() {
    element.setAttribute("aria-busy", "true");
    try {
      element.replaceChildren(...[await make()].flat().filter(Boolean));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      element.replaceChildren(h("p", { class: "notice warn", role: "alert" }, problemWords(error)),
        h("button", { type: "button", class: "plain", testid: "load-again", onclick: load }, t("retry")));
    } finally {
      element.removeAttribute("aria-busy");
    }
  }

  load();
  return { element, load };
}

/**
 * @param {Node[]} rows
 * @param {string} none words for no rows
 * @param {Record<string, any>} [properties]
 * @returns {HTMLElement}
 */
export function listOf(rows, none, properties = {}) {
  return rows.length === 0 ? h("p", properties, none)
    : h("ul", { class: "plain-list", ...properties }, rows.map((row) => h("li", {}, row)));
}
