// A review: the text to be confirmed follows the form, the button names what it will do, and each
// conclusion keeps an opinion text of its own.
export function watchVerdict() {
  const form = document.querySelector('[data-verdict]');
  if (!form) return;
  const opinion = form.elements.namedItem('opinion');
  const kept = {};
  let before = null;

  const chosen = () => form.querySelector('input[type=radio]:checked');
  const word = (radio) => radio?.closest('label').querySelector('b').textContent.trim();

  function draw() {
    form.querySelectorAll('[data-echo]').forEach((place) => {
      const field = form.elements.namedItem(place.dataset.echo);
      const text = field instanceof RadioNodeList ? word(chosen()) : field?.value.trim();
      place.textContent = text || place.dataset.none;
    });
    const button = form.querySelector('[data-word-with]');
    const named = word(chosen());
    form.querySelector('[data-go]').textContent = named
      ? button.dataset.wordWith.replace('{word}', named) : button.dataset.word;
  }

  form.addEventListener('change', (event) => {
    if (event.target.type === 'radio' && opinion) {
      if (before !== null) kept[before] = opinion.value;
      if (before !== null) opinion.value = kept[event.target.value] ?? '';
      before = event.target.value;
    }
    draw();
  });
  form.addEventListener('input', draw);
  draw();
}
