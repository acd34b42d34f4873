/** A different sound and vibration for each decision, so that staff need not look. */

import { recall } from "./memory.js";

/** Notes as [frequency in Hz, start and length in seconds]; rising for yes, low for no, level for cannot tell. */
const SOUNDS = {
  accepted: { wave: "sine", notes: [[880, 0, 0.12], [1320, 0.13, 0.2]], buzz: [60] },
  refused: { wave: "square", notes: [[196, 0, 0.22], [147, 0.26, 0.34]], buzz: [200, 80, 200] },
  undetermined: { wave: "triangle", notes: [[523, 0, 0.12], [523, 0.2, 0.12], [523, 0.4, 0.12]], buzz: [80, 60, 80, 60, 80] },
};
/** Loudness by choice; one is what the device can give. */
export const VOLUMES = { off: 0, low: 0.05, medium: 0.2, high: 0.7 };
const still = matchMedia("(prefers-reduced-motion: reduce)");
let audio = null;

/** @returns {keyof VOLUMES} the choice of this device */
export function volume() {
  const chosen = recall("volume");
  return Object.hasOwn(VOLUMES, chosen) ? chosen : "medium";
}

/** @returns {boolean} browsers stay silent until someone touched the page */
export function mayMakeNoise() {
  return navigator.userActivation?.hasBeenActive ?? true;
}

/** @param {"accepted"|"refused"|"undetermined"} decision */
export function announce(decision) {
  if (!mayMakeNoise()) return;
  const { wave, notes, buzz } = SOUNDS[decision];
  // Who asked the system for less motion does not want the device to shake either.
  if (!still.matches) navigator.vibrate?.(buzz);
  const loudness = VOLUMES[volume()];
  if (loudness === 0) return;
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
  for (const [frequency, start, length] of notes) play({ wave, frequency, length, loudness }, audio.currentTime + start);
}

function play({ wave, frequency, length, loudness }, at) {
  const tone = audio.createOscillator();
  const gain = audio.createGain();
  tone.type = wave;
  tone.frequency.value = frequency;
  gain.gain.setValueAtTime(loudness, at);
  // A tone cut off at full volume clicks.
  gain.gain.exponentialRampToValueAtTime(0.001, at + length);
  tone.connect(gain).connect(audio.destination);
  tone.start(at);
  tone.stop(at + length);
}
