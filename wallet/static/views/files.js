/** Bytes that the person takes along: shown as a picture, or saved as a file. Nothing of them is kept by the wallet. */

import { h } from "../dom.js";
import { icon } from "../icons.js";

/**
 * @param {Uint8Array} bytes PNG
 * @param {string} words what it shows
 * @param {Record<string, any>} properties
 * @returns {HTMLElement}
 */
export function pictureOf(bytes, words, properties) {
  const address = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  return h("img", { ...properties, src: address, alt: words, onload: () => URL.revokeObjectURL(address) });
}

/**
 * @param {string} label
 * @param {{name: string, type: string, bytes: Uint8Array|string, testid: string}} file
 * @returns {HTMLElement}
 */
export function saveButton(label, { name, type, bytes, testid }) {
  return h("button", { type: "button", class: "plain", testid, onclick: () => {
    const address = URL.createObjectURL(new Blob([bytes], { type }));
    h("a", { href: address, download: name }).click();
    // The browser has taken the address over once the click is done.
    setTimeout(() => URL.revokeObjectURL(address), 0);
  } }, icon("save"), label);
}
