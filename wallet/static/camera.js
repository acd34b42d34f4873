/** The camera: about ten frames a second to the reader, while the page is seen. */

import { readQr } from "./qr_reader.js";

const EVERY_MS = 100;
/** Larger frames cost time and find nothing more. */
const MOST_PIXELS = 1280;
const WANTED = { audio: false, video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } } };

/** One video element and its stream. */
export class Camera {
  #video;
  #onCode;
  #canvas = document.createElement("canvas");
  #stream = null;

  /** @param {HTMLVideoElement} video @param {(text: string) => void} onCode */
  constructor(video, onCode) {
    this.#video = video;
    this.#onCode = onCode;
  }

  get running() {
    return this.#stream !== null;
  }

  /** @returns {boolean} whether the lamp can be switched */
  get hasTorch() {
    return Boolean(this.#track?.getCapabilities?.().torch);
  }

  /** @returns {Promise<"running"|"denied"|"missing">} */
  async start() {
    if (!navigator.mediaDevices?.getUserMedia) return "missing";
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia(WANTED);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return error.name === "NotAllowedError" ? "denied" : "missing";
    }
    this.#video.srcObject = this.#stream;
    await this.#video.play();
    this.#look(this.#stream);
    return "running";
  }

  stop() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#video.srcObject = null;
  }

  /** @param {boolean} on */
  async light(on) {
    await this.#track.applyConstraints({ advanced: [{ torch: on }] });
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0];
  }

  async #look(stream) {
    while (this.#stream === stream) {
      const frame = document.visibilityState === "visible" ? this.#frame() : null;
      const text = frame && await readQr(frame);
      if (text && this.#stream === stream) this.#onCode(text);
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  #frame() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (width === 0) return null;
    const scale = Math.min(1, MOST_PIXELS / Math.max(width, height));
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    const context = this.#canvas.getContext("2d", { willReadFrequently: true, alpha: false });
    context.drawImage(this.#video, 0, 0, this.#canvas.width, this.#canvas.height);
    return context.getImageData(0, 0, this.#canvas.width, this.#canvas.height);
  }
}
