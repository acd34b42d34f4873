/** Codes of the people whom the holder acts for, ready without network like the holder's own. */

import { ApiError } from "./api.js";
import { ALL_SCENES } from "./grants.js";

const RECORD = "family";
/** What says that a tie gives no codes any more. */
const OVER = new Set(["tie_not_found", "scene_not_allowed"]);

/** Remembers under which ties codes can be shown, and keeps their grants fresh. */
export class FamilyCodes {
  #store;
  #device;
  #isBarred;

  /** @type {{id: string, name: string, scenes: string[]}[]} names are masked; scenes: where the tie holds */
  ties = [];

  /**
   * @param {object} parts
   * @param {import("./platform.js").Store} parts.store
   * @param {import("./device.js").Device} parts.device
   * @param {(scene: string) => boolean} parts.isBarred this phone gets no codes for a scene, nor for those acted for
   */
  constructor({ store, device, isBarred }) {
    this.#store = store;
    this.#device = device;
    this.#isBarred = isBarred;
  }

  async recall() {
    this.ties = (await this.#store.get("settings", RECORD))?.value ?? [];
  }

  /** @param {object[]} dependants rows of `listTies` */
  async remember(dependants) {
    const shown = dependants.filter(({ canShow }) => canShow);
    const over = this.ties.filter((tie) => !shown.some(({ id }) => id === tie.id));
    this.ties = shown.map(({ id, name, scenes }) => ({ id, name, scenes: scenes ?? [ALL_SCENES] }));
    await this.#store.put("settings", { name: RECORD, value: this.ties });
    for (const { id } of over) await this.#device.dropGrantsOf(id);
  }

  /** @param {string} tie @returns {object|null} */
  find(tie) {
    return this.ties.find(({ id }) => id === tie) ?? null;
  }

  /** Fetches what is missing; a tie that has ended is forgotten. @throws {ApiError} */
  async refill() {
    for (const { id, scenes } of [...this.ties]) {
      try {
        for (const scene of scenes.filter((name) => !this.#isBarred(name))) await this.#device.refill(scene, id);
      } catch (error) {
        if (!(error instanceof ApiError && OVER.has(error.code))) throw error;
        await this.forget(id);
      }
    }
  }

  /** @param {string} tie that has ended */
  async forget(tie) {
    this.ties = this.ties.filter(({ id }) => id !== tie);
    await this.#store.put("settings", { name: RECORD, value: this.ties });
    await this.#device.dropGrantsOf(tie);
  }
}
