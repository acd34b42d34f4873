/** Builds elements. Text is always set as text, so nothing from a server can become markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties] attributes; `testid` is data-testid; a function under `onclick` etc. listens;
 *   null and false are left out
 * @param {...(Node|string|null|false)} children
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** As `h`, for SVG. @returns {SVGElement} */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

/** @param {Element} element @param {boolean} shown */
export function toggle(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

/** Sets text only when it changed, so that live regions are not read twice. @param {Element} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Lays a canvas out in CSS pixels. @param {HTMLCanvasElement} canvas @param {{width: number, height: number}} size */
export function size(canvas, { width, height }) {
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}

/** @param {HTMLFormElement} form @returns {Record<string, string>} trimmed values by name */
export function formValues(form) {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]));
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name === "testid" ? "data-testid" : name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}
