/** A hand scanner on a serial line (USB-COM), by Web Serial: chosen once, found again by itself. */

import { Frames } from "./frames.js";

/** Another program may let go of the port, and one just plugged in is not ready at once. */
const AGAIN_MS = 1000;

/** One port at a time. */
export class SerialScanner {
  #serial;
  #parts;
  #turns = Promise.resolve();
  #timer = 0;
  #reader = null;
  #listening = null;

  /**
   * @param {Serial} serial the browser's
   * @param {object} parts
   * @param {() => number} parts.baudRate
   * @param {(text: string) => void} parts.onReading
   * @param {(state: "listening"|"absent"|"busy") => void} parts.onState busy: the port is there and cannot be opened
   */
  constructor(serial, parts) {
    this.#serial = serial;
    this.#parts = parts;
    serial.addEventListener("connect", () => this.start());
  }

  /** Opens the port that the browser remembers; once more after another speed was chosen. @returns {Promise<void>} */
  start() {
    this.#turns = this.#turns.then(() => this.#open());
    return this.#turns;
  }

  /** Asks the person for a port; the one before is forgotten. @returns {Promise<boolean>} false: they chose none */
  async choose() {
    let chosen;
    try {
      chosen = await this.#serial.requestPort();
    } catch (error) {
      if (error.name !== "NotFoundError") throw error;
      return false;
    }
    this.#turns = this.#turns.then(() => this.#close()).then(() => this.#forgetAllBut(chosen));
    await this.start();
    return true;
  }

  async #forgetAllBut(chosen) {
    for (const port of await this.#serial.getPorts()) if (port !== chosen) await port.forget?.();
  }

  async #open() {
    clearTimeout(this.#timer);
    await this.#close();
    const port = (await this.#serial.getPorts()).find(({ connected }) => connected !== false);
    if (!port) {
      this.#parts.onState("absent");
      return;
    }
    try {
      await port.open({ baudRate: this.#parts.baudRate(), dataBits: 8, stopBits: 1, parity: "none" });
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      this.#parts.onState("busy");
      this.#timer = setTimeout(() => this.start(), AGAIN_MS);
      return;
    }
    this.#parts.onState("listening");
    this.#listening = this.#listen(port);
  }

  async #close() {
    await this.#reader?.cancel();
    await this.#listening;
  }

  async #listen(port) {
    const frames = new Frames();
    const decoder = new TextDecoder();
    // A fault on the line ends the stream and opens another; only an unplugged port has none.
    let cancelled = false;
    while (port.readable && !cancelled) {
      this.#reader = port.readable.getReader();
      try {
        for (let read = await this.#reader.read(); !read.done; read = await this.#reader.read()) {
          for (const text of frames.push(decoder.decode(read.value, { stream: true }))) this.#parts.onReading(text);
        }
        cancelled = true;
      } catch (error) {
        if (!(error instanceof DOMException)) throw error;
        console.warn("serial line:", error.name);
      } finally {
        this.#reader.releaseLock();
        this.#reader = null;
      }
    }
    await port.close().catch((error) => console.warn("serial line:", error.name));
    if (!cancelled) this.#parts.onState("absent");
  }
}
