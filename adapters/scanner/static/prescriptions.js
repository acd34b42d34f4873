/** The open prescriptions of the holder who was scanned last: quantities are chosen, then dispensed in one act. */

import { t } from "./words.js";

/** As long as the service lets a till redeem after a scan, less a little. */
const STAY_MS = 9 * 60_000;

/** Shows and redeems them. */
export class Prescriptions {
  #terminal;
  #form = document.getElementById("prescriptions");
  #said = document.getElementById("prescriptions-said");
  #scan = "";
  #act = { body: "", key: "" };
  #timer = 0;

  /** @param {import("./terminal.js").Terminal} terminal */
  constructor(terminal) {
    this.#terminal = terminal;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#redeem();
    });
    document.getElementById("prescriptions-close").addEventListener("click", () => this.close());
  }

  /** @param {{scan: string}} verdict of an accepted scan */
  async open(verdict) {
    this.close();
    this.#scan = verdict.scan;
    await this.#load();
  }

  /** Nothing of a holder stays in the page. */
  close() {
    clearTimeout(this.#timer);
    this.#scan = "";
    this.#form.hidden = true;
    this.#said.textContent = "";
    document.getElementById("prescriptions-list").replaceChildren();
  }

  async #load() {
    const scan = this.#scan;
    try {
      const { prescriptions } = await this.#terminal.prescriptions(scan);
      // Somebody else may have been scanned meanwhile.
      if (scan === this.#scan) this.#show(prescriptions);
    } catch (error) {
      if (!error.code) throw error;
    }
  }

  #show(prescriptions) {
    const lines = prescriptions.flatMap(({ items, prescriber }) => items.map((item) => line(item, prescriber)));
    document.getElementById("prescriptions-list").replaceChildren(...lines);
    this.#form.hidden = lines.length === 0;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.close(), STAY_MS);
  }

  async #redeem() {
    const boxes = [...this.#form.querySelectorAll("input[type=number]")];
    const items = boxes.map((box) => ({ item: box.dataset.item, quantity: Number(box.value) })).filter(({ quantity }) => quantity > 0);
    if (items.length === 0) return;
    const body = { scan: this.#scan, items };
    // An act without an answer may have happened all the same: the same choice keeps its key.
    const written = JSON.stringify(body);
    if (this.#act.body !== written) this.#act = { body: written, key: crypto.randomUUID() };
    try {
      await this.#terminal.redeem(body, this.#act.key);
      this.#act = { body: "", key: "" };
      await this.#load();
      this.#said.textContent = t("prescriptions.done");
    } catch (error) {
      if (!error.code) throw error;
      this.#said.textContent = [error.title ?? t("reason.temporarily_unavailable"), error.detail].filter(Boolean).join(" ");
    }
  }
}

function line({ item, name, remaining }, prescriber) {
  const label = document.createElement("label");
  const words = document.createElement("span");
  const box = document.createElement("input");
  label.className = "line";
  words.textContent = `${name} · ${t("detail.boxes", { count: remaining })} · ${prescriber}`;
  Object.assign(box, { type: "number", min: "0", max: String(remaining), value: "0", inputMode: "numeric" });
  box.dataset.item = item;
  box.dataset.testid = "prescribed-quantity";
  label.append(words, box);
  return label;
}
