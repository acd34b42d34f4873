/** The stage: the canvas with the code, the ticking clock, the countdown, the moving mark. Draws what it is told. */

import { countdown, REDRAW_AFTER } from "/wallet/core/clock.js";
import { clearQr, drawQr } from "/wallet/core/qr.js";
import { h, svg, toggle, write } from "../dom.js";
import { icon } from "../icons.js";
import { clockFace, dayName, t } from "../language.js";

/** Circumference of the ring in its own units, see pathLength. */
const RING = 100;
const MOST_ROOM = 420;

/**
 * @param {() => void} onTap the person wants a new code
 * @param {string} guide text in front of the digits, may be empty
 * @returns {object} the element, the surface for Show, `fit` for another window size, and `tick`
 */
export function stage(onTap, guide) {
  const canvas = h("canvas", { testid: "qr", role: "img", "aria-label": t("code.label"), width: 1, height: 1, class: "qr", hidden: true });
  const arc = svg("circle", { cx: 20, cy: 20, r: 17, class: "arc", pathLength: RING, "stroke-dasharray": RING });
  const seconds = h("span", { class: "seconds", "aria-hidden": "true" });
  const words = h("span", { testid: "countdown" });
  const face = h("time", { class: "face", testid: "clock" });
  const day = h("span", { class: "day" });
  const button = h("button", { type: "button", class: "tap", testid: "redraw", "aria-label": t("code.redraw"), onclick: onTap }, canvas);
  const ring = h("div", { class: "ring" }, svg("svg", { viewBox: "0 0 40 40", "aria-hidden": "true" },
    svg("circle", { cx: 20, cy: 20, r: 17, class: "track" }), arc), seconds);
  const left = h("div", { class: "left" }, ring, h("p", {}, words, h("span", { class: "hint" }, icon("redraw"), t("code.tap"))));
  const element = h("div", { class: "stage" },
    h("p", { class: "alive" }, day, face),
    h("div", { class: "mark", "aria-hidden": "true" }, h("span", {}), h("span", {}), h("span", {})),
    button, left);

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
      drawQr(canvas, text, { room, density: window.devicePixelRatio || 1 });
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
      const { left: rest, share } = countdown(iat, now);
      write(seconds, iat === null ? "" : String(rest));
      write(words, iat === null ? "" : t("code.left", { seconds: rest }));
      arc.setAttribute("stroke-dashoffset", String(RING * (1 - share)));
      left.classList.toggle("soon", rest <= REDRAW_AFTER / 6);
    },
  };

  function shown(visible) {
    toggle(canvas, visible);
    toggle(button, visible);
    toggle(left, visible);
  }
}
