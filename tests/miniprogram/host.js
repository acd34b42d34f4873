/** Runs a mini-program's unmodified wxml, wxss and js in a page, on WeChat's own component runtime. */

import * as glassEasel from "./runtime/glass_easel.js";
import { TmplGroup } from "./runtime/template_compiler.js";
import { removeBrowser, startWeChat } from "./wechat.js";

const PROGRAM = "./program/";
const read = globalThis.fetch.bind(globalThis);
const text = async (name) => ((answer) => (answer.ok ? answer.text() : ""))(await read(PROGRAM + name));
const space = new glassEasel.ComponentSpace();
const backend = new glassEasel.CurrentWindowBackendContext();
backend.onEvent((target, type, detail, options) => {
  // An input's event brings its text, as WeChat's does.
  const { value } = options.originalEvent.target;
  glassEasel.Event.triggerEvent(target, type, type === "input" ? { value } : detail, options);
});
const stage = document.getElementById("stage");
const pages = [];
const Query = globalThis.URLSearchParams;
let app = null;

async function define(path) {
  const [wxml, wxss, general] = await Promise.all([text(`${path}.wxml`), text(`${path}.wxss`), text("app.wxss")]);
  const group = new TmplGroup();
  group.addTmpl(path, wxml);
  for (const part of group.getDirectDependencies(path)) group.addTmpl(part, await text(`${part}.wxml`));
  const content = new Function(`return ${group.getTmplGenObjectGroups()}`)()[path];
  const style = (general + wxss).replace(/([\d.]+)rpx/g, (_, number) => `calc(${number} * 100vw / 750)`);
  let definition = null;
  globalThis.Page = (given) => { definition = given; };
  await import(`${PROGRAM}${path}.js`);
  const { data, ...methods } = definition;
  return { style, component: space.defineComponent({ is: path, template: { content }, data: () => structuredClone(data), methods,
    options: { writeIdToDOM: true } }) };
}

/** Puts a page on top: it is loaded and shown, the one below is hidden. */
function push(path, query = {}) {
  pages.at(-1)?.instance.onHide?.();
  const { style, component } = definitions.get(path);
  const instance = glassEasel.Component.createWithContext("page", component, backend);
  const [holder, place] = [document.createElement("div"), document.createElement("span")];
  holder.append(place);
  stage.append(holder);
  pages.push({ path, instance, holder, sheet: Object.assign(document.createElement("style"), { textContent: style }) });
  put();
  glassEasel.Element.replaceDocumentElement(instance, holder, place);
  instance.onLoad?.(query);
  instance.onShow?.();
}

function pop() {
  const { instance, holder, sheet } = pages.pop();
  instance.onUnload?.();
  sheet.remove();
  holder.remove();
}

/** Shows the page on top. */
function put() {
  pages.forEach(({ holder, sheet }) => {
    sheet.remove();
    holder.hidden = true;
  });
  const { holder, sheet, path } = pages.at(-1);
  document.head.append(sheet);
  holder.hidden = false;
  document.body.dataset.page = path;
}

const pathOf = (url) => url.split("?")[0].replace(/^\//, "");
const queryOf = (url) => Object.fromEntries([...new Query(url.split("?")[1])]);
const navigation = {
  navigateTo: ({ url }) => push(pathOf(url), queryOf(url)),
  reLaunch({ url }) {
    while (pages.length > 0) pop();
    push(pathOf(url));
  },
  navigateBack() {
    if (pages.length < 2) return;
    pop();
    put();
    pages.at(-1).instance.onShow?.();
  },
};
document.getElementById("back").onclick = navigation.navigateBack;
globalThis.App = (given) => { app = given; };
globalThis.getApp = () => app;
globalThis.getCurrentPages = () => pages.map(({ instance }) => instance);
const program = JSON.parse(await text("app.json"));
startWeChat(navigation, { show: () => app.onShow(), hide: () => { app.onHide(); pages.at(-1).instance.onHide?.(); },
  again: () => { app.onShow(); pages.at(-1).instance.onShow?.(); } }, program);
removeBrowser();
await import(`${PROGRAM}app.js`);
const names = program.pages;
const definitions = new Map();
for (const name of names) definitions.set(name, await define(name));
app.onLaunch?.();
app.onShow?.();
push(names[0]);
