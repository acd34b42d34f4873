/**
 * What the SM2 library finds around it in the mini-program, in place of `globalThis`: no source of random bytes. Left to
 * itself it would look for one in ways that WeChat does not have; here every random number is given to it.
 */
export const surroundings = {
  crypto: {
    getRandomValues() {
      throw new Error("give the random number");
    },
  },
};
