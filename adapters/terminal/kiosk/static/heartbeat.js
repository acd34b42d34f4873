/** The head of the page and its figures: clock, connection, age of lists, queue, faults; and whether anybody answers. */

import { define, pair, say } from "/words.js";

/** The terminal says how it is every second; without a word for so long it hangs, or was stopped. */
const SILENT_MS = 5000;
const part = (id) => document.getElementById(id);

/** Shows the terminal's state. */
export class Heartbeat {
  #onLink;
  #said = "";
  #timer = 0;

  /** @param {(alive: boolean) => void} onLink */
  constructor(onLink) {
    this.#onLink = onLink;
    this.#wait();
  }

  /** @param {object} beat as the terminal sends it */
  show(beat) {
    document.body.dataset.scene = beat.scene;
    document.body.dataset.link = beat.connected ? "online" : "offline";
    part("clock").textContent = beat.clock;
    this.#slowly(beat);
    this.#wait();
    this.#onLink(true);
  }

  /** What does not change is not written again: a screen reader would read it out every second. */
  #slowly({ title, place, terminal, link, figures, faults }) {
    const said = JSON.stringify([title, place, terminal, link, faults]);
    define(part("figures"), figures);
    if (said === this.#said) return;
    this.#said = said;
    say(part("title"), title);
    part("place").textContent = [place, terminal].filter(Boolean).join(" · ");
    say(part("link-words"), link);
    part("faults").hidden = faults.length === 0;
    part("faults").replaceChildren(...faults.map((fault) => {
      const line = document.createElement("li");
      line.append(...pair(fault));
      return line;
    }));
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onLink(false), SILENT_MS);
  }
}
