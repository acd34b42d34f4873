/** What every page has in common: words, sizes, the wallet's changes, and the way to the page that is due. */

import { elder, language, size } from "./preferences.js";
import { problemWords, t, table } from "./words.js";

const CODE = "/pages/code/code";
const SIGN_IN = "/pages/sign_in/sign_in";
const REAL_NAME = "/pages/real_name/real_name";

/**
 * @param {object} page a definition for `Page` and, besides: `title`, key of its words; `place`, its own address if it is
 *   one of the three that the wallet's state decides about; `load`, which fetches what the page shows, `data.loading`
 *   until it has; `open`, called when the page comes to the front, `load` by default; `tell`, called then and at every
 *   change. What is typed is in `this.typed`, the address's query in `this.query`
 * @returns {object} the definition; `this.wallet` is the wallet, `this.attempt` runs what may fail, `this.change` what
 *   the page must be loaded anew after, `this.sure` what cannot be undone
 */
export function screen({ title, place = "", open = openByLoading, tell = () => {}, data = {}, ...page }) {
  return {
    data: { ...look(), problem: "", busy: false, loading: Boolean(page.load), asking: null, ...data },

    onLoad(query) {
      this.query = query;
      this.typed = {};
    },

    /** Keeps what is typed: fields are named by `data-field`. Kept beside the data, so that typing redraws nothing. */
    type({ currentTarget, detail }) {
      this.typed[currentTarget.dataset.field] = detail.value.trim();
    },

    onShow() {
      this.wallet = getApp().wallet;
      this.dress();
      this.stop = getApp().listen(() => this.refresh());
      if (this.refresh()) open.call(this);
    },

    /** Words and sizes, after a change of either. */
    dress() {
      this.setData(look());
      wx.setNavigationBarTitle({ title: t(title) });
    },

    /** @returns {boolean} whether this page stays: another may be due */
    refresh() {
      const due = placeDue(this.wallet);
      if (due !== null && due !== place && (place !== "" || due !== CODE)) {
        this.stop?.();
        wx.reLaunch({ url: due });
        return false;
      }
      tell.call(this);
      return true;
    },

    /** Fetches what the page shows, again too. Nobody has to wait for it: a tap meanwhile is heard. */
    reload() {
      this.setData({ problem: "" });
      return this.told(() => this.fill());
    },

    /** Runs `act`, and shows what came of it. @param {() => Promise<any>} act */
    change(act) {
      return this.attempt(async () => {
        await act();
        await this.fill();
      });
    },

    async fill() {
      await signedIn(this.wallet);
      await this.load();
      this.setData({ loading: false });
    },

    /**
     * Asks once more before what cannot be undone: on the page, because pop-ups get lost in elder mode.
     *
     * @param {{title: string, effect: string, yes: string, calm?: boolean}} asking calm: nothing is lost by it
     * @param {() => Promise<any>} act
     */
    sure(asking, act) {
      this.act = act;
      this.setData({ asking, problem: "" });
    },

    confirm() {
      return this.attempt(async () => {
        await this.act();
        this.setData({ asking: null });
      });
    },

    calm() {
      this.setData({ asking: null, problem: "" });
    },

    /** One of a few was chosen, see the template "choices". */
    choose({ currentTarget: { dataset: { field, value } } }) {
      this.setData({ [field]: value });
    },

    /** To another page: `data-page`, with `data-query` if it needs one. */
    visit({ currentTarget: { dataset: { page: name, query = "" } } }) {
      wx.navigateTo({ url: `/pages/${name}/${name}${query && `?${query}`}` });
    },

    /** Runs `act` once at a time: a second tap is none. What fails is told on the page. @param {() => Promise<void>} act */
    async attempt(act) {
      if (this.data.busy) return;
      this.setData({ busy: true, problem: "" });
      try {
        await this.told(act);
      } finally {
        this.setData({ busy: false });
      }
    },

    async told(act) {
      try {
        await act();
      } catch (error) {
        this.setData({ problem: problemWords(error) });
        if (!error.code) throw error;
      }
    },

    ...page,
    onHide() {
      this.stop?.();
      page.onHide?.call(this);
    },

    onUnload() {
      this.stop?.();
      page.onUnload?.call(this);
    },
  };
}

function openByLoading() {
  return this.load ? this.reload() : undefined;
}

/** Waits while the phone signs in by itself: what is asked before is refused. */
function signedIn({ account }) {
  return new Promise((resolve) => {
    const stop = getApp().listen(check);
    function check() {
      if (!account.fresh && !getApp().started) return;
      stop();
      resolve();
    }
    check();
  });
}

/** The one of three that the wallet's state asks for; null while that is not known. */
function placeDue({ account: { me } }) {
  if (me === null) return getApp().started ? SIGN_IN : null;
  return me.person === null ? REAL_NAME : CODE;
}

function look() {
  return { t: table(), language: language(), elder: elder(), size: size() };
}
