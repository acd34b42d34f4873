/** The stage: the canvas with the code, the ticking clock, the countdown, the moving mark. Draws what it is told. */

import { countdown } from "../../core/clock.js";
import { clearQr, drawQr } from "../../core/qr.js";
import { h, size, toggle, write } from "../dom.js";
import { icon } from "../icons.js";
import { clockFace, dayName, t } from "../language.js";
import { ring } from "./ring.js";

const MOST_ROOM = 420;

/**
 * @param {() => void} onTap the person wants a new code
 * @param {string} guide text in front of the digits, may be empty
 * @returns {object} the element, the surface for Show, `fit` for another window size, and `tick`
 */
export function stage(onTap, guide) {
  const canvas = h("canvas", { testid: "qr", role: "img", "aria-label": t("code.label"), width: 1, height: 1, class: "qr", hidden: true });
  const left = ring("countdown", icon("redraw"), t("code.tap"));
  const face = h("time", { class: "face", testid: "clock" });
  const day = h("span", { class: "day" });
  const button = h("button", { type: "button", class: "tap", testid: "redraw", "aria-label": t("code.redraw"), onclick: onTap }, canvas);
  const element = h("div", { class: "stage" },
    h("p", { class: "alive" }, day, face),
    h("div", { class: "mark", "aria-hidden": "true" }, h("span", {}), h("span", {}), h("span", {})),
    button, left.element);

  // Kept only while it is on screen, to draw it again at another size.
  let text = null;

  return {
    element,
    draw(code, iat) {
      text = guide + code;
      this.fit();
      canvas.dataset.iat = String(iat);
      shown(true);
    },
    fit() {
      if (text === null) return;
      const room = Math.min(MOST_ROOM, element.clientWidth || document.documentElement.clientWidth - 32);
      size(canvas, drawQr(canvas, text, { room, density: window.devicePixelRatio || 1 }));
    },
    clear() {
      text = null;
      clearQr(canvas);
      delete canvas.dataset.iat;
      shown(false);
    },
    tick(iat, now) {
      write(face, clockFace(now));
      write(day, dayName(now));
      const { left: seconds, share } = countdown(iat, now);
      left.tell(iat === null ? null : { seconds, share, words: t("code.left", { seconds }) });
    },
  };

  function shown(visible) {
    toggle(canvas, visible);
    toggle(button, visible);
    if (!visible) left.tell(null);
  }
}
