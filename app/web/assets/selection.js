// Rows picked with a checkbox: <table data-rows>, its .bulk bar appears with the first selection.
// Single keys (j k x c r /) work only while their switch is on, and never in a field. A search swaps
// the table for another, so nothing is bound to it: it is looked up when something happens.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const rowsTable = () => document.querySelector('[data-rows]');
const boxesOf = (table) => all('tbody input[type=checkbox]', table);

export function watchSelection() {
  const keys = document.querySelector('[data-keys-toggle]');
  if (keys) {
    try { keys.checked = localStorage.getItem('keys') !== 'off'; } catch { /* no storage */ }
    keys.addEventListener('change', () => {
      try { localStorage.setItem('keys', keys.checked ? 'on' : 'off'); } catch { /* no storage */ }
    });
  }
  document.addEventListener('change', (event) => {
    const table = event.target.closest('[data-rows]');
    if (!table) return;
    if ('all' in event.target.dataset) pick(table, event.target.checked);
    draw();
  });
  document.addEventListener('click', (event) => {
    const table = rowsTable();
    if (!table || !event.target.closest('.bulk [data-none]')) return;
    pick(table, false);
    draw();
    table.querySelector('[data-all]')?.focus();
  });
  keepRow();
  document.addEventListener('keydown', (event) => { if (keys?.checked) press(event); });
  draw();
}

// A claim swaps its row for a new one: that one stays picked and where the reader is.
function keepRow() {
  let kept = null;
  document.addEventListener('htmx:beforeSwap', (event) => {
    const row = event.detail.target;
    if (!row.matches?.('[data-rows] tbody tr')) return;
    kept = { id: row.id, on: row.querySelector('input[type=checkbox]').checked, at: row.classList.contains('at') };
  });
  // Not before it has settled: until then htmx gives the new row the old one's attributes.
  document.addEventListener('htmx:afterSettle', () => {
    const row = kept && document.getElementById(kept.id);
    if (row) {
      row.querySelector('input[type=checkbox]').checked = kept.on;
      row.classList.toggle('at', kept.at);
    }
    kept = null;
    draw();
  });
}

function pick(table, on) {
  boxesOf(table).forEach((box) => { box.checked = on; });
}

function press(event) {
  const table = rowsTable();
  if (!table || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/INPUT|TEXTAREA|SELECT/.test(event.target.tagName) && event.target.type !== 'checkbox') return;
  if (document.querySelector('dialog[open]')) return;
  const rows = all('tbody tr', table);
  const at = rows.findIndex((row) => row.classList.contains('at'));
  const go = (index) => {
    rows[at]?.classList.remove('at');
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    row?.classList.add('at');
    (row?.querySelector('a') ?? row?.querySelector('input'))?.focus();
  };
  const act = {
    j: () => go(at + 1),
    k: () => go(at - 1),
    x: () => { const box = rows[at]?.querySelector('input[type=checkbox]'); if (box) { box.checked = !box.checked; draw(); } },
    c: () => { const button = rows[at]?.querySelector('button[id^=claim-]'); button?.focus(); button?.click(); },
    r: () => { const button = document.getElementById('bulk-review'); if (button?.offsetParent) button.click(); },
    '/': () => document.querySelector('input[type=search]')?.focus(),
  }[event.key];
  if (act) { event.preventDefault(); act(); }
}

function draw() {
  const table = rowsTable();
  if (!table) return;
  const boxes = boxesOf(table);
  const on = boxes.filter((box) => box.checked);
  boxes.forEach((box) => box.closest('tr').setAttribute('aria-selected', box.checked));
  const head = table.querySelector('[data-all]');
  if (head) {
    head.checked = on.length > 0 && on.length === boxes.length;
    head.indeterminate = on.length > 0 && !head.checked;
  }
  const bar = document.querySelector('.bulk');
  if (!bar) return;
  bar.classList.toggle('d-none', on.length === 0);
  bar.querySelector('[data-count]').textContent = on.length;
  // Tonnes may pass 2^53 when summed over a province: added as BigInt.
  const sum = on.reduce((total, box) => total + BigInt(box.dataset.q || 0), 0n);
  bar.querySelector('[data-sum]').textContent = sum.toLocaleString('en-US');
  const skipped = bar.querySelector('[data-skip]');
  const taken = on.filter((box) => 'taken' in box.dataset).length;
  skipped.dataset.words ||= skipped.textContent;
  skipped.hidden = taken === 0;
  skipped.textContent = skipped.dataset.words.replace('{n}', taken);
}
