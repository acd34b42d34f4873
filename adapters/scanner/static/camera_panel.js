/** The camera of the page: its picture, which one of several, its lamp, and words for what went wrong. */

import { Camera, listCameras } from "/wallet/static/camera.js";
import { recall, remember } from "./memory.js";
import { t } from "./words.js";

/** A camera that appears mends these by itself; what a person refused stays refused. */
const MENDED_BY_PLUGGING = new Set(["missing", "lost"]);
const part = (id) => document.getElementById(id);

/** One camera at a time, the one chosen the last time. */
export class CameraPanel {
  #camera;
  #state = "off";

  /** @param {(text: string) => void} onCode */
  constructor(onCode) {
    this.#camera = new Camera(part("video"), onCode, () => {
      this.#state = "lost";
      this.write();
    });
    part("camera-start").addEventListener("click", () => (this.#camera.running ? this.#stop() : this.start()));
    part("camera-choice").addEventListener("change", ({ target }) => {
      remember("camera", target.value);
      this.#camera.stop();
      return this.start();
    });
    part("torch").addEventListener("click", () => this.#switchLamp());
    navigator.mediaDevices?.addEventListener("devicechange", () => {
      if (MENDED_BY_PLUGGING.has(this.#state)) return this.start();
      return this.#list();
    });
    this.write();
  }

  /** Starts; a failure is told on the page. */
  async start() {
    this.#state = await this.#camera.start(recall("camera"));
    part("torch").setAttribute("aria-pressed", "false");
    this.write();
    await this.#list();
  }

  /** Writes the words anew, also after a change of language. */
  write() {
    const { running, hasTorch } = this.#camera;
    part("video").hidden = !running;
    part("no-camera").hidden = running;
    part("camera-words").textContent = running ? "" : t(`camera.${this.#state}`);
    part("camera-start").textContent = t(running ? "camera.stop" : "camera.start");
    part("torch").hidden = !hasTorch;
    document.body.dataset.camera = running ? "on" : "off";
  }

  #stop() {
    this.#camera.stop();
    this.#state = "off";
    this.write();
  }

  async #switchLamp() {
    const on = part("torch").getAttribute("aria-pressed") !== "true";
    await this.#camera.light(on);
    part("torch").setAttribute("aria-pressed", String(on));
  }

  async #list() {
    const cameras = await listCameras();
    part("camera-choice").replaceChildren(...cameras.map(({ id, label }, index) =>
      new Option(label || t("camera.number", { number: index + 1 }), id)));
    part("camera-choice").value = this.#camera.id ?? recall("camera") ?? "";
    part("camera-choice-line").hidden = cameras.length < 2;
  }
}
