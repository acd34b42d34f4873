/** A different sound and vibration for each decision, so that staff need not look. */

/** Notes as [frequency in Hz, start and length in seconds]; rising for yes, low for no, level for cannot tell. */
const SOUNDS = {
  accepted: { wave: "sine", notes: [[880, 0, 0.12], [1320, 0.13, 0.2]], buzz: [60] },
  refused: { wave: "square", notes: [[196, 0, 0.22], [147, 0.26, 0.34]], buzz: [200, 80, 200] },
  undetermined: { wave: "triangle", notes: [[523, 0, 0.12], [523, 0.2, 0.12], [523, 0.4, 0.12]], buzz: [80, 60, 80, 60, 80] },
};
const VOLUME = 0.2;
let audio = null;

/** @returns {boolean} browsers stay silent until someone touched the page */
export function mayMakeNoise() {
  return navigator.userActivation?.hasBeenActive ?? true;
}

/** @param {"accepted"|"refused"|"undetermined"} decision */
export function announce(decision) {
  if (!mayMakeNoise()) return;
  const { wave, notes, buzz } = SOUNDS[decision];
  navigator.vibrate?.(buzz);
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
  for (const [frequency, start, length] of notes) play(wave, frequency, audio.currentTime + start, length);
}

function play(wave, frequency, at, length) {
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.type = wave;
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(VOLUME, at);
  // A tone cut off at full volume clicks.
  volume.gain.exponentialRampToValueAtTime(0.001, at + length);
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + length);
}
