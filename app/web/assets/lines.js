// The surrender form: picks rows, adds up what is typed, and says at once what the server would
// refuse. Only a help: 提交 always asks the server, which runs the numbered checks.
import { say } from './live.js';

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
export const shown = (number) => number.toLocaleString('en-US');
export const fill = (text, values) => Object.entries(values).reduce((t, [k, v]) => t.replace(`{${k}}`, v), text);

// Tonnes are whole and may pass 2^53 when summed: BigInt. Nothing typed is 0n, nonsense is null.
export function read(input) {
  const text = input.value.normalize('NFKC').replace(/[,\s]/g, '');
  if (!text) return 0n;
  return /^[0-9]{1,15}$/.test(text) ? BigInt(text) : null;
}

function percent(part, whole) {
  return whole > 0n ? Math.min(100, Number((part * 10000n) / whole) / 100) : 0;
}

export function watchLines() {
  const form = document.querySelector('[data-surrender]');
  const table = form?.querySelector('[data-lines]');
  if (!table) return;
  const say_ = form.dataset;
  const limit = 'cap' in say_ ? BigInt(say_.cap) : null;
  const rows = () => all('[data-line]', table);
  const live = () => rows().filter((row) => !row.hidden);
  let dirty = false;

  function show(row, on) {
    row.hidden = !on;
    all('input', row).forEach((input) => { input.disabled = !on; });
    if (!on) row.querySelector('[data-qty]').value = '';
  }

  function problems(row, quantity, ccerSum) {
    const found = [];
    const input = row.querySelector('[data-qty]');
    if (quantity === null) found.push(say_.sayWhole);
    else if (quantity > BigInt(input.dataset.max)) {
      found.push(fill(say_.sayOver, { n: shown(BigInt(input.dataset.max)) }));
    }
    if (row.dataset.type === 'ccer' && quantity && 'ccerLeft' in say_ && ccerSum > BigInt(say_.ccerLeft)) {
      found.push(fill(say_.sayCcer, { n: shown(BigInt(say_.ccerLeft)) }));
    }
    return found;
  }

  function draw(touched) {
    const current = live();
    const typed = current.map((row) => read(row.querySelector('[data-qty]')));
    const sum = typed.reduce((total, quantity) => total + (quantity ?? 0n), 0n);
    const ccer = typed.reduce((total, quantity, i) => total + (current[i].dataset.type === 'ccer' ? quantity ?? 0n : 0n), 0n);
    let wrong = 0;
    current.forEach((row, i) => {
      const found = problems(row, typed[i], ccer);
      const input = row.querySelector('[data-qty]');
      const place = document.getElementById(`${input.id}-error`);
      if (found.length) wrong += 1;
      if (touched || found.length) {
        place.textContent = found.join('；');
        place.hidden = !found.length;
        input.toggleAttribute('aria-invalid', found.length > 0);
        if (found.length) input.setAttribute('aria-invalid', 'true');
      }
    });
    table.querySelector('[data-empty]').hidden = current.length > 0;
    all('[data-total]', form).forEach((place) => { place.textContent = shown(sum); });
    if (limit !== null) drawSum(sum, ccer, wrong, current.length);
  }

  function drawSum(sum, ccer, wrong, count) {
    const over = sum > limit;
    const left = form.querySelector('[data-left]');
    left.textContent = shown(over ? sum - limit : limit - sum);
    left.classList.toggle('t-bad', over);
    form.querySelector('[data-left-name]').textContent = over ? say_.sayExcess : say_.sayLeft;
    form.querySelector('[data-bar]').setAttribute('width', `${percent(sum, limit)}%`);
    const bar = form.querySelector('[data-ccer-bar]');
    if (bar) {
      const [top, used, rest] = [say_.ccerLimit, say_.ccerUsed, say_.ccerLeft].map(BigInt);
      bar.setAttribute('width', `${Math.min(percent(ccer, top), 100 - percent(used, top))}%`);
      form.querySelector('[data-ccer-now]').textContent = shown(ccer);
      form.querySelector('[data-ccer-word]').textContent = ccer > rest
        ? fill(say_.sayBeyond, { n: shown(ccer - rest) }) : fill(say_.sayRest, { n: shown(rest - ccer) });
    }
    const total = wrong + (over ? 1 : 0);
    const place = form.querySelector('[data-state]');
    const good = total === 0 && sum > 0n;
    const words = total ? fill(say_.sayBad, { n: total }) : count ? (good ? say_.sayOk : '') : say_.sayNone;
    if (place.textContent.trim() === words) return;
    place.className = words ? `tag ${total ? 'bad' : good ? 'ok' : ''}` : '';
    place.textContent = words;
  }

  form.addEventListener('input', (event) => { dirty = true; if ('qty' in event.target.dataset) draw(true); });
  form.addEventListener('change', (event) => {
    if (!('qty' in event.target.dataset)) return;
    const quantity = read(event.target);
    if (quantity) event.target.value = shown(quantity);
  });
  table.addEventListener('click', (event) => {
    const row = event.target.closest('[data-line]');
    const button = event.target.closest('button');
    if (!row || !button) return;
    if ('allOf' in button.dataset) {
      const input = row.querySelector('[data-qty]');
      input.value = shown(BigInt(input.dataset.max));
      input.focus();
    }
    if ('remove' in button.dataset) {
      show(row, false);
      say(fill(say_.sayRemoved, { code: row.dataset.line }));
      document.querySelector('[data-open="pick"]')?.focus();
    }
    dirty = true;
    draw(true);
  });
  form.addEventListener('submit', () => { dirty = false; });
  window.addEventListener('beforeunload', (event) => { if (dirty) event.preventDefault(); });

  const picker = document.querySelector('[data-picker]');
  if (picker) watchPicker(picker, rows, show, () => { dirty = true; draw(true); }, say_);
  draw(false);
}

function watchPicker(picker, rows, show, changed, words) {
  const boxes = all('tbody input[type=checkbox]', picker);
  const place = picker.querySelector('[data-pick-words]');
  const count = () => {
    const on = boxes.filter((box) => box.checked);
    boxes.forEach((box) => box.closest('tr').setAttribute('aria-selected', box.checked));
    const sum = on.reduce((total, box) => total + BigInt(box.dataset.q), 0n);
    place.textContent = fill(place.dataset.pickWords, { n: on.length, sum: shown(sum) });
  };
  const narrow = () => {
    const text = picker.querySelector('[data-pick-search]').value.trim().toLowerCase();
    const type = picker.querySelector('[data-pick-type]').value;
    all('[data-pick-row]', picker).forEach((row) => {
      row.hidden = (type && row.dataset.type !== type) || !row.dataset.text.toLowerCase().includes(text);
    });
  };
  document.querySelectorAll('[data-open="pick"]').forEach((button) => button.addEventListener('click', () => {
    const open = new Set(rows().filter((row) => !row.hidden).map((row) => row.dataset.line));
    boxes.forEach((box) => { box.checked = open.has(box.value); });
    count();
  }));
  picker.addEventListener('change', count);
  picker.addEventListener('input', narrow);
  picker.addEventListener('change', narrow);
  picker.querySelector('[data-pick-done]').addEventListener('click', () => {
    const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let added = 0;
    let first = null;
    rows().forEach((row) => {
      const on = wanted.has(row.dataset.line);
      if (on === !row.hidden) return;
      show(row, on);
      if (on) { added += 1; first ||= row; }
    });
    changed();
    say(fill(words.sayAdded, { n: added }));
    // The dialog gives the focus back to its button; the next thing to do is a quantity.
    if (first) setTimeout(() => first.querySelector('[data-qty]').focus(), 0);
  });
}
