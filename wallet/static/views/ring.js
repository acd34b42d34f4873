/** A countdown in words and in shape: a ring that empties, its seconds, and a sentence beside it. */

import { h, svg, toggle, write } from "../dom.js";

/** Circumference of the ring in its own units, see pathLength. */
const RING = 100;
/** The last part of the time is told by another colour as well. */
const SOON = 1 / 6;

/**
 * @param {string} testid of the sentence
 * @param {...(Node|string)} hint what stands below the sentence
 * @returns {{element: HTMLElement, tell: (left: {seconds: number, share: number, words: string}|null) => void}}
 */
export function ring(testid, ...hint) {
  const arc = svg("circle", { cx: 20, cy: 20, r: 17, class: "arc", pathLength: RING, "stroke-dasharray": RING });
  const seconds = h("span", { class: "seconds", "aria-hidden": "true" });
  const words = h("span", { testid });
  const element = h("div", { class: "left", hidden: true },
    h("div", { class: "ring" }, svg("svg", { viewBox: "0 0 40 40", "aria-hidden": "true" },
      svg("circle", { cx: 20, cy: 20, r: 17, class: "track" }), arc), seconds),
    h("p", {}, words, hint.length > 0 && h("span", { class: "hint" }, ...hint)));
  return { element, tell(left) {
    toggle(element, left !== null);
    write(seconds, left === null ? "" : String(left.seconds));
    write(words, left === null ? "" : left.words);
    arc.setAttribute("stroke-dashoffset", String(RING * (1 - (left?.share ?? 0))));
    element.classList.toggle("soon", left !== null && left.share <= SOON);
  } };
}
