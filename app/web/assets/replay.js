// Replays an application's history on its drawing: one frame a recorded step, the last is now.
export function watchReplay() {
  const bar = document.querySelector('[data-replay]');
  const box = document.getElementById('diagram');
  if (!bar || !box) return;
  const frames = JSON.parse(bar.querySelector('script').textContent);
  const range = bar.querySelector('input');
  const [back, on] = [bar.querySelector('[data-back]'), bar.querySelector('[data-on]')];
  const place = bar.querySelector('[data-place]');

  function show() {
    const number = Number(range.value);
    const frame = frames[number - 1];
    place.textContent = place.dataset.place.replace('{n}', number).replace('{all}', frames.length);
    bar.querySelector('[data-words]').textContent = frame.words;
    range.setAttribute('aria-valuetext', frame.words);
    back.disabled = number === 1;
    on.disabled = number === frames.length;
    box.dispatchEvent(new CustomEvent('diagram:marks', { detail: frame.marks }));
  }

  const go = (by) => { range.value = Number(range.value) + by; show(); };
  back.addEventListener('click', () => go(-1));
  on.addEventListener('click', () => go(1));
  range.addEventListener('input', show);
  bar.hidden = false;
  show();
}
