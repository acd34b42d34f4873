/** The code on screen: which grant, drawn when, hidden when. Knows a canvas only through `draw` and `clear`. */

import { countdown } from "./clock.js";
import { writeDeviceCode } from "./code.js";
import { ALL_SCENES, chooseGrant, isUsable } from "./grants.js";

/** One code at a time; `iat` is null while none is on screen. */
export class Show {
  #device;
  #platform;
  #trueNow;
  #isBarred;
  #drawing = null;

  scene = ALL_SCENES;
  iat = null;
  grant = null;
  /** Set by the screen that owns the canvas; without it nothing is drawn. @type {{draw: Function, clear: Function}|null} */
  surface = null;

  /**
   * @param {object} parts
   * @param {import("./device.js").Device} parts.device
   * @param {import("./platform.js").Platform} parts.platform codes carry the phone's own time
   * @param {() => number} parts.trueNow seconds, corrected; grants are chosen by it
   * @param {(scene: string) => boolean} [parts.isBarred] this phone gets no codes for a scene: one for everywhere is none there
   */
  constructor({ device, platform, trueNow, isBarred = () => false }) {
    this.#isBarred = isBarred;
    this.#device = device;
    this.#platform = platform;
    this.#trueNow = trueNow;
  }

  /** After a reload: the hour of the grant last shown goes on, instead of using up another. */
  resume() {
    const last = this.#device.lastShown;
    if (last?.scene === this.scene) this.grant = last;
  }

  /** @param {string} scene */
  async setScene(scene) {
    if (scene === this.scene) return;
    this.scene = scene;
    this.hide();
    this.grant = null;
    await this.redraw();
  }

  /** Draws again only if the grant on screen is gone, none is on screen, or there must be none. */
  async refresh() {
    const standing = this.grant && this.#device.grants.some(({ id }) => id === this.grant.id);
    if (!standing || this.iat === null || this.#isBarred(this.scene)) await this.redraw();
  }

  /** Puts a new code on screen, or hides the old one if none can be made. */
  redraw() {
    this.#drawing ??= this.#draw().finally(() => {
      this.#drawing = null;
    });
    return this.#drawing;
  }

  /** To be called several times a second: redraws in time, hides what must not be seen. */
  async tick() {
    const { due, over } = countdown(this.iat, this.#platform.now());
    const ended = this.grant !== null && !isUsable(this.grant, this.#trueNow());
    if (this.iat !== null && (over || ended)) this.hide();
    if (this.surface && this.#platform.visible() && (due || ended)) await this.redraw();
  }

  hide() {
    this.iat = null;
    this.surface?.clear();
  }

  async #draw() {
    if (!this.surface || !this.#platform.visible()) return;
    const now = this.#trueNow();
    const grant = this.#isBarred(this.scene) ? null : chooseGrant(this.#device.grants, this.scene, now, this.grant?.id ?? null);
    if (grant === null) {
      this.grant = null;
      this.hide();
      return;
    }
    const iat = Math.floor(this.#platform.now());
    // The same grant twice in one second would be the same code, which a verifier takes only once.
    if (grant.id === this.grant?.id && iat === this.iat) return;
    const scene = this.scene;
    const code = await writeDeviceCode({ iat, grant: grant.grant, ...this.#platform.keys.holderOf(grant.privateKey) });
    if (scene !== this.scene || !this.surface) return;
    const begins = grant.id !== this.grant?.id;
    this.surface.draw(code, iat);
    this.grant = grant;
    this.iat = iat;
    await this.#device.markShown(grant, { at: now, begins });
  }
}
