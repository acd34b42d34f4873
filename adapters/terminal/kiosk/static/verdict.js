/** The verdict over the whole screen: shape, colour, word, reason, what to do; gone after a moment, a tap or a key. */

import { announce } from "/sounds.js";
import { define, pair, say } from "/words.js";

const DECISIONS = new Set(["accepted", "refused", "undetermined"]);
const LET_PASS = { zh: "可放行", en: "Let pass" };
const part = (id) => document.getElementById(id);

/** Shows one verdict at a time. */
export class VerdictScreen {
  #onGone;
  #timer = 0;

  /** @param {() => void} onGone */
  constructor(onGone) {
    this.#onGone = onGone;
    part("verdict").addEventListener("click", () => this.dismiss());
  }

  get shown() {
    return !part("verdict").hidden;
  }

  /** @param {object} verdict as the terminal sends it */
  show(verdict) {
    // An unknown decision must not look like a yes.
    const decision = DECISIONS.has(verdict.decision) ? verdict.decision : "undetermined";
    part("verdict").dataset.decision = decision;
    say(part("verdict-word"), verdict.word);
    say(part("verdict-let-pass"), verdict.let_pass ? LET_PASS : null);
    say(part("verdict-reason"), verdict.reason);
    say(part("verdict-advice"), verdict.advice);
    say(part("verdict-compare"), verdict.compare);
    define(part("verdict-details"), verdict.details);
    part("verdict-notes").replaceChildren(...verdict.notes.flatMap((note, place) => [...(place ? [" · "] : []), ...pair(note)]));
    part("verdict").hidden = false;
    announce(decision);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.dismiss(), verdict.stay * 1000);
  }

  dismiss() {
    if (!this.shown) return;
    clearTimeout(this.#timer);
    part("verdict").hidden = true;
    // Nothing about a person stays in the page.
    define(part("verdict-details"), []);
    this.#onGone();
  }
}
