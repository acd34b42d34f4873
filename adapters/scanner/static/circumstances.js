/**
 * What staff set before a scan: a document checked, a medicine. A change by hand makes the same code another act;
 * what goes off by itself does not, or a code still before the lens would be scanned again without it.
 */

/** One box and, at a pharmacy, one form. */
export class Circumstances {
  #document;
  #medicine;
  #clinic;

  /** Counts changes by hand. */
  version = 0;

  /**
   * @param {HTMLInputElement} documentChecked
   * @param {{value: () => object|undefined, reset: () => void}|null} medicine
   * @param {EventTarget[]} touched where a hand changes something
   * @param {{value: () => object, reset: () => void}|null} [clinic] at a hospital's desk
   */
  constructor(documentChecked, medicine, touched, clinic = null) {
    this.#clinic = clinic;
    this.#document = documentChecked;
    this.#medicine = medicine;
    for (const target of touched) {
      for (const kind of ["change", "click"]) target.addEventListener(kind, () => {
        this.version += 1;
      });
    }
  }

  /** @returns {object} what the call carries beside the code; the box goes off, it was ticked for one person */
  take() {
    const medicine = this.#medicine?.value();
    const checked = this.#document.checked;
    this.#document.checked = false;
    return { ...this.#clinic?.value(), ...(medicine && { medicine }), ...(checked && { document_checked: true }) };
  }

  /** The scan was accepted: the next customer buys something else. */
  accepted() {
    this.#medicine?.reset();
    this.#clinic?.reset();
  }
}
