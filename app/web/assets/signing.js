// Forms that are signed with the USBKey. <form data-usbkey="decision" data-prepare="…"> asks the
// server for the documents of what the form says, <form data-usbkey="sign-in" data-document="…">
// brings its own; the signatures go into hidden fields, then the form is sent as ever. A press of a
// button with data-unsigned (a draft is saved) is not signed. All texts stand in the page, in
// macros/usbkey.html.
import { Agent, Popup, Problem } from './usbkey.js';

const language = () => (document.documentElement.lang.startsWith('zh') ? 'zh' : 'en');
const regionOf = (form) => document.getElementById(form.dataset.usbkeyStatus ?? 'usbkey');

export function watchSigning() {
  const region = document.querySelector('[data-usbkey-region]');
  if (!region) return;
  const status = new Status(region);
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.dataset.usbkey || regionOf(form) !== region) return;
    if (form.dataset.signed) { delete form.dataset.signed; return; }
    if (event.submitter && 'unsigned' in event.submitter.dataset) return;
    event.preventDefault();
    if (!status.busy) status.sign(form, event.submitter);
  }, true);
  window.addEventListener('pageshow', (event) => { if (event.persisted) status.look(); });
  status.look();
}

class Status {
  constructor(region) {
    this.region = region;
    this.agent = new Agent(region.dataset.port);
    this.busy = false;
    region.addEventListener('click', (event) => this.#press(event.target.closest('[data-do]')?.dataset.do));
  }

  // What stands here before anything is pressed: is there an agent, is it paired, which certificate.
  async look() {
    this.#show('looking');
    await this.#guard(async () => { if (await this.#ready()) this.#show('ready'); });
  }

  async sign(form, submitter) {
    const popup = this.popup = new Popup(this.region.dataset.opening);
    this.busy = true;
    form.setAttribute('aria-busy', 'true');
    const sent = await this.#guard(() => this.#signed(form, submitter, popup));
    this.busy = false;
    form.removeAttribute('aria-busy');
    if (!sent) popup.close();
  }

  async #signed(form, submitter, popup) {
    if (!await this.#ready()) return false;
    const before = said(form, submitter);
    this.#show('preparing');
    const documents = await documentsOf(form, submitter);
    if (!documents) { popup.close(); return send(form, submitter); }
    const certificate = this.chosen;
    this.#fill('progress', '');
    this.#show(popup.blocked ? 'blocked' : 'waiting');
    const signatures = await this.agent.sign(documents, certificate.fingerprint, language(), popup, (done, total) => {
      if (popup.terminal) this.#show('terminal');
      if (done) this.#fill('progress', `${done} / ${total}`);
    });
    if (said(form, submitter) !== before) throw new Problem('changed');
    this.#show('sending');
    fill(form, 'certificate', [certificate.certificate]);
    fill(form, 'signed_document', documents);
    fill(form, 'cms', signatures.map((one) => one.cms));
    return send(form, submitter);
  }

  // Whether one certificate is chosen; says what is missing otherwise.
  async #ready() {
    const hello = await this.agent.find();
    if (!hello.paired) { this.#show('unpaired'); return false; }
    const { member, fingerprint } = this.region.dataset;
    const all = await this.agent.certificates();
    const usable = all.filter((one) => one.state === 'valid'
      && (!member || one.member_no === member) && (!fingerprint || one.fingerprint === fingerprint));
    const picked = this.region.querySelector('[data-certificates] select').value;
    this.chosen = usable.length === 1 ? usable[0] : usable.find((one) => one.fingerprint === picked);
    if (usable.length > 1) this.#offer(usable);
    if (this.chosen) this.#fill('certificate', `${this.chosen.member_no} ${this.chosen.holder} (${this.chosen.serial})`);
    if (!usable.length) this.#show(all.length ? 'no-certificate' : 'no-token');
    else if (!this.chosen) this.#show('choose');
    return Boolean(this.chosen);
  }

  // A list to choose from; one that is chosen already stays so.
  #offer(usable) {
    const box = this.region.querySelector('[data-certificates]');
    const list = box.querySelector('select');
    [...list.options].slice(1).forEach((old) => old.remove());
    usable.forEach((one) => list.add(new Option(this.#told(one), one.fingerprint)));
    list.value = this.chosen?.fingerprint ?? '';
    box.hidden = false;
    list.onchange = () => { if (!this.busy) this.look(); };
  }

  #told(certificate) {
    const words = this.region.querySelector('[data-certificates] template').content.cloneNode(true);
    words.querySelectorAll('[data-part]').forEach((place) => {
      place.textContent = certificate[place.dataset.part].replace(/T.*Z$/, '');
    });
    return words.textContent.replace(/\s+/g, ' ').trim();
  }

  async #pair() {
    const popup = this.popup = new Popup(this.region.dataset.opening);
    this.busy = true;
    const done = await this.#guard(async () => {
      await this.agent.find();
      await this.agent.pair(language(), popup, (code) => {
        this.#fill('code', `${code.slice(0, 3)} ${code.slice(3)}`);
        this.#show(popup.blocked ? 'pairing-blocked' : 'pairing');
      });
      return true;
    });
    this.busy = false;
    if (done) await this.look(); else popup.close();
  }

  async #press(what) {
    if (what === 'look' && !this.busy) await this.look();
    if (what === 'pair' && !this.busy) await this.#pair();
    if (what === 'reopen') {
      await this.#guard(() => this.popup?.reopen());
      if (this.state.endsWith('blocked') && !this.popup.blocked) this.#show(this.state === 'blocked' ? 'waiting' : 'pairing');
    }
    if (what === 'cancel') await this.#guard(() => this.agent.withdraw?.());
  }

  async #guard(work) {
    try { return await work(); } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#tell(error);
      return false;
    }
  }

  #tell(problem) {
    const own = this.region.querySelector(`[data-usbkey-state="${problem.code}"]`);
    this.#fill('message', problem.in(language(), 'message'));
    this.#fill('detail', problem.in(language(), 'detail'));
    this.#fill('next', problem.in(language(), 'next_step'));
    this.#show(own ? problem.code : 'problem');
  }

  #show(state) {
    if (this.state === state) return;
    this.state = state;
    this.region.dataset.at = state;
    this.region.querySelectorAll('[data-usbkey-state]').forEach((one) => { one.hidden = one.dataset.usbkeyState !== state; });
  }

  #fill(part, text) {
    this.region.querySelectorAll(`[data-fill="${part}"]`).forEach((place) => { place.textContent = text; });
  }
}

// The documents to be signed, or nothing where the form is sent without a signature: none is needed,
// or the server has something to say about the form, which it says on the page that it answers with.
async function documentsOf(form, submitter) {
  if (form.dataset.document) return [form.dataset.document];
  let answer;
  try {
    answer = await fetch(form.dataset.prepare, {
      method: 'POST', body: fields(form, submitter), headers: { Accept: 'application/json' }, redirect: 'error',
    });
  } catch { throw new Problem('unprepared'); }
  if (answer.status === 429) throw new Problem('often');
  const json = (answer.headers.get('Content-Type') ?? '').startsWith('application/json');
  if (!answer.ok || !json) return null;
  const told = await answer.json();
  // A new application is a draft from now on: the form is sent, and prepared again, as that one.
  if (told.action) form.setAttribute('action', told.action); // its buttons are called action, too
  if (told.prepare) form.dataset.prepare = told.prepare;
  return told.needed === false ? null : told.documents;
}

function fields(form, submitter) {
  const found = new FormData(form);
  if (submitter?.name) found.append(submitter.name, submitter.value);
  return found;
}

function said(form, submitter) {
  const ours = ['certificate', 'signed_document', 'cms'];
  return JSON.stringify([...fields(form, submitter)]
    .filter(([name]) => !ours.includes(name))
    .map(([name, value]) => [name, typeof value === 'string' ? value : `${value.name} ${value.size} ${value.lastModified}`]));
}

function fill(form, name, values) {
  form.querySelectorAll(`input[type=hidden][name="${name}"]`).forEach((old) => old.remove());
  values.forEach((value) => {
    const made = document.createElement('input');
    Object.assign(made, { type: 'hidden', name, value });
    form.append(made);
  });
}

function send(form, submitter) {
  form.dataset.signed = 'yes';
  form.requestSubmit(submitter ?? undefined);
  return true;
}
