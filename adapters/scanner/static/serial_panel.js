/** The settings of the serial scanner, and what it does now in words. */

import { recall, remember } from "./memory.js";
import { SerialScanner } from "./serial_scanner.js";
import { t } from "./words.js";

/** What scanners are delivered with, and what old cables still carry. */
const SPEEDS = ["115200", "9600"];
const part = (id) => document.getElementById(id);

/** Joins page and scanner, where the browser knows serial ports. */
export class SerialPanel {
  #scanner = null;
  #state = "absent";

  /** @param {(text: string) => void} onReading */
  constructor(onReading) {
    part("baud").replaceChildren(...SPEEDS.map((speed) => new Option(`${speed} 8N1`, speed)));
    part("baud").value = speed();
    if (!navigator.serial) return;
    this.#scanner = new SerialScanner(navigator.serial, { onReading, baudRate: () => Number(speed()), onState: (state) => {
      this.#state = state;
      this.write();
    } });
    part("serial-choose").addEventListener("click", async () => {
      if (await this.#scanner.choose()) remember("serial", "chosen");
      this.write();
    });
    part("baud").addEventListener("change", ({ target }) => {
      remember("baud", target.value);
      return this.#scanner.start();
    });
  }

  async start() {
    await this.#scanner?.start();
    this.write();
  }

  /** Writes the words anew, also after a change of language. */
  write() {
    const chosen = recall("serial") !== null;
    // A browser does not tell a port that is unplugged from one that was never chosen.
    const absent = chosen ? "unplugged" : "none";
    const state = this.#state === "absent" ? absent : this.#state;
    const words = t(`serial.${this.#scanner ? state : "unsupported"}`);
    part("serial-said").textContent = words;
    part("serial-controls").hidden = this.#scanner === null;
    // On the ready screen, too: a till that waits for an unplugged scanner must say so.
    part("serial-state").textContent = this.#scanner && chosen ? words : "";
    document.body.dataset.serial = this.#scanner ? state : "unsupported";
  }
}

function speed() {
  return SPEEDS.includes(recall("baud")) ? recall("baud") : SPEEDS[0];
}
