/** The verdict over the whole screen: shape, colour, word, reason, what to do; gone after a moment, a tap or a key. */

import { announce } from "./sounds.js";
import { detailLines } from "./details.js";
import { both, otherLanguage, pick, t } from "./words.js";

const STAY_MS = 2500;
/** Comparing a face with a photo takes longer. */
const STAY_TO_COMPARE_MS = 6000;
const DECISIONS = new Set(["accepted", "refused", "undetermined"]);

/**
 * A verdict without a server's answer. It never says yes.
 *
 * @param {"refused"|"undetermined"} decision
 * @param {string} reason from the closed list
 * @returns {object} of the shape of the server's
 */
export function localVerdict(decision, reason) {
  return { decision, reason, message: both(`reason.${reason}`), advice: both(`reason.${reason}.advice`), repeat: false,
    holder_check_required: false, details: {} };
}

/** Shows one verdict at a time. */
export class VerdictScreen {
  #element;
  #scene;
  #onGone;
  #timer = 0;

  /** @param {HTMLElement} element @param {string} scene @param {() => void} onGone */
  constructor(element, scene, onGone) {
    this.#element = element;
    this.#scene = scene;
    this.#onGone = onGone;
    element.addEventListener("click", () => this.dismiss());
  }

  get shown() {
    return !this.#element.hidden;
  }

  /** @param {object} verdict the server's answer or a local one */
  show(verdict) {
    // An unknown decision must not look like a yes.
    const decision = DECISIONS.has(verdict.decision) ? verdict.decision : "undetermined";
    this.#element.dataset.decision = decision;
    this.#element.dataset.reason = verdict.reason ?? "";
    this.#element.dataset.repeat = verdict.repeat ? "1" : "0";
    this.#write(decision, verdict);
    this.#element.hidden = false;
    announce(decision);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.dismiss(), mustCompare(decision, verdict) ? STAY_TO_COMPARE_MS : STAY_MS);
  }

  dismiss() {
    if (!this.shown) return;
    clearTimeout(this.#timer);
    this.#element.hidden = true;
    // Nothing about a person stays in the page.
    this.#details([]);
    this.#onGone();
  }

  #write(decision, verdict) {
    const words = wordsOf(decision, verdict);
    const other = otherLanguage();
    text("verdict-word", t(`decision.${decision}`));
    text("verdict-reason", words.message ? pick(words.message) : "");
    text("verdict-advice", pick(words.advice));
    text("verdict-other", [pick(both(`decision.${decision}`), other), words.message && pick(words.message, other), pick(words.advice, other)]
      .filter(Boolean).join(" · "));
    document.getElementById("verdict-other").lang = other === "zh" ? "zh-CN" : "en";
    text("verdict-note", notesOf(verdict).map((note) => `${t(note)} · ${pick(both(note), other)}`).join("  "));
    const compare = mustCompare(decision, verdict);
    text("verdict-compare", compare ? `${t("compare")} · ${pick(both("compare"), other)}` : "");
    document.getElementById("verdict-compare").hidden = !compare;
    text("verdict-onward", verdict.repeat ? t("repeat") : t("onward"));
    this.#details(detailLines(this.#scene, verdict.details ?? {}));
  }

  #details(lines) {
    const list = document.getElementById("verdict-details");
    list.replaceChildren(...lines.map(([label, value]) => {
      const line = document.createElement("div");
      const term = document.createElement("dt");
      const description = document.createElement("dd");
      term.textContent = label;
      description.textContent = value;
      line.append(term, description);
      return line;
    }));
    list.hidden = lines.length === 0;
  }
}

/** Whom a code was refused needs no comparing. */
function mustCompare(decision, verdict) {
  return verdict.holder_check_required && decision !== "refused";
}

/** What people should know of how it was decided. */
function notesOf({ here, let_pass: letPass }) {
  return [...(letPass ? ["let_pass"] : []), ...(here ? ["decided.here"] : [])];
}

/** The server's words win; ours stand in where it sent none. A yes needs no reason. */
function wordsOf(decision, { reason, message, advice }) {
  const given = (words) => Boolean(words?.zh || words?.en);
  const ours = reason ?? (decision === "undetermined" ? "temporarily_unavailable" : null);
  const own = (suffix) => (ours ? both(`reason.${ours}${suffix}`) : null);
  const said = given(message) ? message : own("");
  return { message: decision === "accepted" && said && pick(said) === t("decision.accepted") ? null : said,
    advice: given(advice) ? advice : own(".advice") ?? {} };
}

function text(id, words) {
  document.getElementById(id).textContent = words;
}
