/** Cuts what a serial line brings into readings, each ended by CR, LF or Tab. */

const END = /[\r\n\t]/;
/** No code of any kind is longer, with its guide in front. */
const MOST_CHARACTERS = 900;

/** Collects one reading at a time. */
export class Frames {
  #text = "";

  /** @param {string} text as it came @returns {string[]} the readings that it completes, none of them empty */
  push(text) {
    const [first, ...rest] = text.split(END);
    const pieces = [this.#text + first, ...rest];
    // Noise without an end must not fill the memory; what is kept is too long for a code and is refused as one.
    this.#text = pieces.pop().slice(0, MOST_CHARACTERS);
    return pieces.map((piece) => piece.slice(0, MOST_CHARACTERS).trim()).filter(Boolean);
  }
}
