/** An exchange with the service by `wx.request`, as the `Request` of core/platform.js. */

import { ApiError, UNREACHABLE } from "./core/api.js";
import { ask, WeChatError } from "./call.js";
import { ORIGIN } from "./city.js";

/** @type {import("./core/platform.js").Request} */
export async function byWeChat(path, { method, headers, body, timeoutMs }) {
  try {
    // As text: WeChat would parse JSON by itself, and hand on half an answer as if it were whole.
    const answer = await ask("request", { url: ORIGIN + path, method, header: headers, data: body, timeout: timeoutMs,
      dataType: "text", responseType: "text" });
    return { status: answer.statusCode, header: (name) => find(answer.header, name), text: answer.data };
  } catch (error) {
    if (error instanceof WeChatError) throw new ApiError({ status: 0, code: UNREACHABLE });
    throw error;
  }
}

/** Names of headers come in the case that the server, or the phone's system, gave them. */
function find(header, wanted) {
  const name = Object.keys(header).find((key) => key.toLowerCase() === wanted.toLowerCase());
  return name === undefined ? null : String(header[name]);
}
