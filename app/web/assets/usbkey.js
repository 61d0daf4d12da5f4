// The agent on the user's own machine, as pages ask it; usbkey/agent/README.md tells its interface.
// No texts here: what went wrong comes from the agent in both languages, or as a code that the page
// has words for. The PIN is never here; it is entered in the agent's own window.
const VERSION = 1;
const STORE = 'usbkey-pairing';
const PAUSE = 200; // ms between two looks at a request

export class Problem extends Error {
  constructor(code, told = {}) {
    super(code);
    this.code = code;
    this.told = told;
  }

  in(language, part) { return this.told[part]?.[language] ?? ''; }
}

const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });
// Where storage is switched off, a pairing lasts as long as the page.
let unstored = '';
const secret = () => { try { return localStorage.getItem(STORE) ?? unstored; } catch { return unstored; } };
const keep = (value) => { unstored = value; try { localStorage.setItem(STORE, value); } catch { /* no storage */ } };

export class Agent {
  constructor(port) { this.base = `http://127.0.0.1:${port}`; }

  // Whether it runs and knows this browser. Rejects with absent, version, or the agent's refusal.
  async find() {
    const hello = await this.#call('GET', '/v1/hello');
    if (hello.version !== VERSION) throw new Problem('version');
    return hello;
  }

  // Asks the user to allow this website; `shown` gets the code that the window shows too.
  async pair(language, popup, shown, stopped = () => false) {
    const wish = await this.#call('POST', '/v1/pair', { language });
    shown(wish.code);
    const path = `/v1/pair/${wish.id}`;
    popup.go(wish.window, async () => (await this.#call('POST', `${path}/window`, {}, wish.secret)).window);
    let state = 'waiting';
    while (state === 'waiting' && !stopped()) {
      await wait(PAUSE);
      ({ state } = await this.#call('GET', path, undefined, wish.secret));
    }
    if (state !== 'done') throw new Problem(state === 'refused' ? 'refused' : 'over');
    keep(wish.secret);
  }

  async certificates() { return (await this.#call('GET', '/v1/certificates')).certificates; }

  // Signs base64 documents, each for itself; resolves to [{cms: base64}] in their order.
  async sign(documents, certificate, language, popup, progress = () => {}) {
    const id = [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, '0')).join('');
    const path = `/v1/requests/${id}`;
    let told = await this.#call('POST', '/v1/requests', { id, documents, certificate, language });
    popup.go(told.window, async () => (await this.#call('POST', `${path}/window`, {})).window);
    this.withdraw = () => this.#call('DELETE', path);
    while (told.state === 'waiting') {
      progress(told.done, told.total);
      await wait(PAUSE);
      told = await this.#call('GET', path);
    }
    if (told.state !== 'done') throw new Problem(told.state === 'refused' ? 'refused' : 'over');
    return told.signatures;
  }

  async #call(method, path, body, own = secret()) {
    const headers = own ? { Authorization: `Bearer ${own}` } : {};
    if (body) headers['Content-Type'] = 'application/json';
    let answer;
    try {
      answer = await fetch(this.base + path, {
        method, headers, body: body && JSON.stringify(body), credentials: 'omit', cache: 'no-store', redirect: 'error',
      });
    } catch { throw new Problem('absent'); }
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Problem(told.error?.code ?? 'fault', told.error);
    return told;
  }
}

// The agent's window. It must be opened while the press of a button is being handled, or browsers
// block it; only then is its address asked for. Once it shows the agent it can no longer be reached
// from here (Cross-Origin-Opener-Policy), so another look needs another window.
export class Popup {
  constructor(words) { this.words = words; this.blocked = false; this.again = null; this.#open(); }

  #open() {
    this.opened = window.open('', '', 'popup,width=640,height=780');
    this.blocked = this.opened === null;
    if (this.opened) {
      this.opened.document.title = this.words;
      this.opened.document.body.textContent = this.words;
    }
  }

  // `address` is null when the agent asks in its terminal.
  go(address, again) {
    this.terminal = address === null;
    this.again = again;
    if (this.terminal) this.close();
    else if (this.opened) { this.opened.location.replace(address); this.opened = null; }
  }

  // Pressed by the user: a new window with a fresh address.
  async reopen() {
    if (!this.again) return;
    this.#open();
    if (this.opened) this.go(await this.again(), this.again);
  }

  close() { this.opened?.close(); this.opened = null; }
}
