/** The camera: about ten frames a second to the reader, while the page is seen. */

import { readQr } from "./qr_reader.js";

const EVERY_MS = 100;
/** Larger frames cost time and find nothing more. */
const MOST_PIXELS = 1280;
const SIZE = { width: { ideal: 1280 }, height: { ideal: 720 } };
const FAILURES = { NotAllowedError: "denied", SecurityError: "denied", NotReadableError: "busy", AbortError: "busy" };
const GONE = new Set(["OverconstrainedError", "NotFoundError"]);

/** @returns {Promise<{id: string, label: string}[]>} browsers tell the labels once a camera may be used, "" before */
export async function listCameras() {
  const devices = await navigator.mediaDevices?.enumerateDevices() ?? [];
  return devices.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId)
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}

/** One video element and its stream. */
export class Camera {
  #video;
  #onCode;
  #onLost;
  #canvas = document.createElement("canvas");
  #stream = null;

  /**
   * @param {HTMLVideoElement} video
   * @param {(text: string) => void} onCode
   * @param {() => void} [onLost] the camera was unplugged or taken away; it is stopped by then
   */
  constructor(video, onCode, onLost = () => {}) {
    this.#video = video;
    this.#onCode = onCode;
    this.#onLost = onLost;
  }

  get running() {
    return this.#stream !== null;
  }

  /** @returns {boolean} whether the lamp can be switched */
  get hasTorch() {
    return Boolean(this.#track?.getCapabilities?.().torch);
  }

  /** @returns {string|null} the camera that runs, as `listCameras` names it */
  get id() {
    return this.#track?.getSettings().deviceId ?? null;
  }

  /**
   * @param {string|null} [id] the camera wanted; another one stands in where it is not there
   * @returns {Promise<"running"|"denied"|"busy"|"missing">} busy: another program holds it
   */
  async start(id = null) {
    if (!navigator.mediaDevices?.getUserMedia) return "missing";
    const which = id ? { deviceId: { exact: id } } : { facingMode: "environment" };
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { ...which, ...SIZE } });
    } catch (error) {
      // The one chosen is not there today, or the browser has given it another name.
      if (id && GONE.has(error.name)) return this.start();
      if (!(error instanceof DOMException)) throw error;
      return FAILURES[error.name] ?? "missing";
    }
    this.#track.addEventListener("ended", () => {
      this.stop();
      this.#onLost();
    });
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
