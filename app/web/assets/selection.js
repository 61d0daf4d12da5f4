// Rows picked with a checkbox: <table data-rows>, its .bulk bar appears with the first selection.
// Single keys (j k x /) work only while their switch is on, and never in a field.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

export function watchSelection() {
  const table = document.querySelector('[data-rows]');
  const keys = document.querySelector('[data-keys-toggle]');
  if (keys) {
    try { keys.checked = localStorage.getItem('keys') !== 'off'; } catch { /* no storage */ }
    keys.addEventListener('change', () => {
      try { localStorage.setItem('keys', keys.checked ? 'on' : 'off'); } catch { /* no storage */ }
    });
  }
  if (!table) return;
  table.addEventListener('change', (event) => {
    if ('all' in event.target.dataset) {
      all('tbody input[type=checkbox]', table).forEach((box) => { box.checked = event.target.checked; });
    }
    draw(table);
  });
  document.addEventListener('keydown', (event) => {
    if (!keys?.checked || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/INPUT|TEXTAREA|SELECT/.test(event.target.tagName) && event.target.type !== 'checkbox') return;
    if (document.querySelector('dialog[open]')) return;
    const rows = all('tbody tr', table);
    const at = rows.findIndex((row) => row.classList.contains('at'));
    const go = (index) => {
      rows[at]?.classList.remove('at');
      const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
      row?.classList.add('at');
      row?.querySelector('a, input')?.focus();
    };
    const act = {
      j: () => go(at + 1),
      k: () => go(at - 1),
      x: () => { const box = rows[at]?.querySelector('input[type=checkbox]'); if (box) { box.checked = !box.checked; draw(table); } },
      '/': () => document.querySelector('input[type=search]')?.focus(),
    }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  draw(table);
}

function draw(table) {
  const boxes = all('tbody input[type=checkbox]', table);
  const on = boxes.filter((box) => box.checked);
  boxes.forEach((box) => box.closest('tr').setAttribute('aria-selected', box.checked));
  const head = table.querySelector('[data-all]');
  if (head) {
    head.checked = on.length > 0 && on.length === boxes.length;
    head.indeterminate = on.length > 0 && !head.checked;
  }
  const bar = document.querySelector('.bulk');
  bar?.classList.toggle('d-none', on.length === 0);
  bar?.querySelectorAll('[data-count]').forEach((place) => { place.textContent = on.length; });
  bar?.querySelectorAll('[data-sum]').forEach((place) => {
    // Tonnes may pass 2^53 when summed over a province: added as BigInt.
    place.textContent = on.reduce((sum, box) => sum + BigInt(box.dataset.q || 0), 0n).toLocaleString('en-US');
  });
}
