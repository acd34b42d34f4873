/** The canvas of a page as the surface for core/show.js: draws the code where the page has its `#qr`. */

import { clearQr, drawQr } from "./core/qr.js";

/** Margins of the page, on both sides together. */
const MARGIN = 32;
const MOST_ROOM = 420;

/** @param {object} page @param {string} selector @returns {Promise<object>} the canvas, which must be in the page's template */
export function canvasOf(page, selector) {
  return new Promise((resolve) => {
    wx.createSelectorQuery().in(page).select(selector).fields({ node: true }, ({ node }) => resolve(node)).exec();
  });
}

/** Draws what it is told; finds its canvas at the first drawing. */
export class Surface {
  #page;
  #guide;
  #canvas = null;
  #wanted = null;

  /** @param {object} page @param {string} guide text in front of the digits, may be empty */
  constructor(page, guide) {
    this.#page = page;
    this.#guide = guide;
  }

  /** @param {string} code */
  draw(code) {
    this.#wanted = this.#guide + code;
    if (this.#canvas) this.#paint();
    else this.#find();
  }

  clear() {
    this.#wanted = null;
    if (this.#canvas) clearQr(this.#canvas);
    this.#page.setData({ drawn: false });
  }

  async #find() {
    this.#canvas = await canvasOf(this.#page, "#qr");
    this.#paint();
  }

  #paint() {
    // Hidden again before the canvas was found.
    if (this.#wanted === null) return;
    const { pixelRatio, windowWidth } = wx.getWindowInfo();
    const room = Math.min(MOST_ROOM, windowWidth - MARGIN);
    const { width } = drawQr(this.#canvas, this.#wanted, { room, density: pixelRatio });
    this.#page.setData({ drawn: true, side: width });
  }
}
