/**
 * A browser's serial ports for pages under test, after the Web Serial specification: a port that a person grants is
 * remembered over a reload, opens once, and its stream breaks when it is unplugged. `cable` is the tester's hand.
 */
(() => {
  const GRANTED = "granted-for-the-test";
  const serial = new EventTarget();
  const cable = { plugged: true, taken: false, opened: [], offered: true };

  class Port {
    readable = null;
    #line = null;

    get connected() {
      return cable.plugged;
    }

    async open(options) {
      if (this.readable) throw new DOMException("The port is already open.", "InvalidStateError");
      if (!cable.plugged || cable.taken) throw new DOMException("Failed to open serial port.", "NetworkError");
      cable.opened.push(options);
      this.#renew();
    }

    async close() {
      if (this.readable?.locked) throw new TypeError("Cannot cancel a locked stream");
      this.readable = null;
      this.#line = null;
    }

    async forget() {
      sessionStorage.removeItem(GRANTED);
    }

    /** A fault ends the stream; the next read of `readable` is a new one, but for a lost device. */
    fail(name, lost) {
      const line = this.#line;
      if (!line) return;
      if (lost) this.readable = this.#line = null;
      else this.#renew();
      line.error(new DOMException("The line failed.", name));
    }

    write(bytes) {
      this.#line.enqueue(bytes);
    }

    #renew() {
      this.readable = new ReadableStream({ start: (line) => {
        this.#line = line;
      } });
    }
  }

  const port = new Port();
  serial.getPorts = async () => (sessionStorage.getItem(GRANTED) && cable.plugged ? [port] : []);
  serial.requestPort = async () => {
    if (!cable.offered) throw new DOMException("No port selected by the user.", "NotFoundError");
    sessionStorage.setItem(GRANTED, "yes");
    return port;
  };
  cable.write = (text) => port.write(new TextEncoder().encode(text));
  cable.fault = () => port.fail("FramingError", false);
  cable.unplug = () => {
    cable.plugged = false;
    port.fail("NetworkError", true);
    serial.dispatchEvent(new Event("disconnect"));
  };
  cable.plug = () => {
    cable.plugged = true;
    serial.dispatchEvent(new Event("connect"));
  };
  Object.defineProperty(navigator, "serial", { value: serial, configurable: true });
  globalThis.cable = cable;
})();
