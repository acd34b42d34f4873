/** Files that the person takes along. Each lies in the program's own folder only while WeChat shows or sends it. */

import { ask, WeChatError } from "./call.js";

/** @param {string} name @param {Uint8Array} bytes PDF; WeChat's viewer can print it, keep it and send it @throws {WeChatError} */
export async function openPdf(name, bytes) {
  await ask("openDocument", { filePath: written(name, bytes), fileType: "pdf", showMenu: true });
}

/**
 * Sends a file into a chat that the person chooses. To be called in the tap itself, else WeChat refuses.
 *
 * @param {string} name
 * @param {Uint8Array|string} content
 * @returns {Promise<boolean>} false when the person turned back
 */
export async function sendFile(name, content) {
  try {
    await ask("shareFileMessage", { filePath: written(name, content), fileName: name });
    return true;
  } catch (error) {
    if (error instanceof WeChatError) return false;
    throw error;
  } finally {
    removeFiles();
  }
}

/** Leaves none of them; also when the program is opened anew, for it may have been ended while one was shown. */
export function removeFiles() {
  const files = wx.getFileSystemManager();
  for (const name of files.readdirSync(folder())) {
    if (name.startsWith(PREFIX)) files.unlinkSync(`${folder()}/${name}`);
  }
}

const PREFIX = "city-code-";

function folder() {
  return wx.env.USER_DATA_PATH;
}

function written(name, content) {
  const path = `${folder()}/${name}`;
  const data = typeof content === "string" ? content : content.slice().buffer;
  wx.getFileSystemManager().writeFileSync(path, data, "utf8");
  return path;
}
