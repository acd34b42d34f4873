/** WeChat's calls with callbacks, as promises. */

/**
 * @param {string} name of a function of `wx`
 * @param {object} [options]
 * @returns {Promise<any>} what `success` is given; rejects with WeChatError
 */
export function ask(name, options = {}) {
  return new Promise((resolve, reject) => {
    wx[name]({ ...options, success: resolve, fail: ({ errMsg = name } = {}) => reject(new WeChatError(errMsg)) });
  });
}

/** WeChat could not do what it was asked; the message is WeChat's own. */
export class WeChatError extends Error {}
