/** Form fields, and how a call that failed is told to the person. */

import { ApiError } from "../core/api.js";
import { formValues, h, toggle } from "./dom.js";
import { problemWords } from "./language.js";

/**
 * @param {string} label
 * @param {Record<string, any>} input attributes of the input; name is needed
 * @param {string} [hint]
 * @returns {HTMLElement}
 */
export function field(label, input, hint) {
  return labelled(label, input, hint, (properties) => h("input", { required: true, ...properties }));
}

/** As `field`, for more than one line. */
export function area(label, input, hint) {
  return labelled(label, input, hint, (properties) => h("textarea", { required: true, rows: 4, ...properties }));
}

/**
 * @param {string} label
 * @param {Record<string, any>} select its attributes; name is needed
 * @param {[string|number, string][]} options value and words
 * @param {string|number} [chosen] the first by default
 * @returns {HTMLElement}
 */
export function choice(label, select, options, chosen = options[0]?.[0]) {
  return labelled(label, select, null, (properties) => h("select", properties,
    options.map(([value, words]) => h("option", { value, selected: value === chosen }, words))));
}

/** @param {string} label @param {Record<string, any>} input its attributes; name is needed @returns {HTMLElement} */
export function checkbox(label, input) {
  return h("label", { class: "choice" }, h("input", { type: "checkbox", ...input }), h("span", {}, label));
}

/** @returns {{element: HTMLElement, show: (error: Error) => void, clear: () => void}} a place for what went wrong */
export function problemBox() {
  const element = h("p", { class: "notice bad", role: "alert", hidden: true });
  return {
    element,
    show(error) {
      element.textContent = problemWords(error);
      element.dataset.testid = "problem";
      element.dataset.code = error.code ?? "";
      toggle(element, true);
    },
    clear() {
      // Several boxes can be on one page; the name marks the one that speaks.
      delete element.dataset.testid;
      toggle(element, false);
    },
  };
}

/**
 * @param {Record<string, any>} properties
 * @param {(values: Record<string, string>) => Promise<void>} act
 * @param {...Node} children the last button is the one that submits
 * @returns {HTMLFormElement} shows failures of `act` above its buttons, and cannot be sent twice at once
 */
export function form(properties, act, ...children) {
  const box = problemBox();
  const element = h("form", { ...properties, novalidate: true }, ...children);
  element.insertBefore(box.element, element.lastElementChild);
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    guarded(element, box, () => act(formValues(element)));
  });
  return element;
}

/**
 * @param {string} label
 * @param {Record<string, any>} properties
 * @param {() => Promise<void>} act
 * @returns {HTMLElement} a button with its own place for what went wrong
 */
export function actionButton(label, properties, act) {
  const box = problemBox();
  const element = h("div", { class: "action" }, box.element,
    h("button", { type: "button", ...properties, onclick: () => guarded(element, box, act) }, label));
  return element;
}

function labelled(label, properties, hint, make) {
  const id = properties.id ?? `field-${properties.name}`;
  return h("p", { class: "field" }, h("label", { for: id }, label),
    make({ ...properties, id, "aria-describedby": hint ? `${id}-hint` : null }),
    hint && h("span", { class: "hint", id: `${id}-hint` }, hint));
}

async function guarded(element, box, act) {
  if (element.getAttribute("aria-busy") === "true") return;
  element.setAttribute("aria-busy", "true");
  box.clear();
  try {
    await act();
  } catch (error) {
    box.show(error);
    if (!(error instanceof ApiError)) throw error;
  } finally {
    element.removeAttribute("aria-busy");
  }
}
