// A live diagram: where an application is, where it went, and each visit with who and when.
// <div data-diagram data-src="/…" data-marks="id"> reads the drawing and, beside it, a JSON
// {here: [id], done: [id], taken: [flow id], visits: {id: [{who, when, verdict}]}} in the element
// named by data-marks. The same is on the page as an accessible list; this is the picture of it.
import Viewer from 'bpmn-js/lib/NavigatedViewer';

const TASK = /Task$|SubProcess$|CallActivity$/;

function viewerIn(box) {
  return new Viewer({
    container: box,
    zoomScroll: { enabled: false }, // the wheel scrolls the page, buttons zoom
    textRenderer: {
      // English words are folded into three lines of a task that Chinese fills with one.
      defaultStyle: { fontSize: document.documentElement.lang === 'en' ? 13 : 14, fontFamily: getComputedStyle(document.body).fontFamily },
      externalStyle: { fontSize: 12 },
    },
  });
}

function fit(viewer) {
  const canvas = viewer.get('canvas');
  canvas.resized();
  const { inner, outer } = canvas.viewbox();
  if (!outer.width || !outer.height) return;
  const tall = inner.height + 80; // room below for the bpmn.io mark, which must stay visible
  const width = Math.max(inner.width + 16, (tall * outer.width) / outer.height);
  canvas.viewbox({
    x: inner.x - (width - inner.width) / 2, y: inner.y - 8,
    width, height: (width * outer.height) / outer.width,
  });
}

function badge(words, visits, current) {
  const element = document.createElement('div');
  element.className = current ? 'visit here' : 'visit';
  const count = visits.length;
  element.textContent = (current ? words.here : words.times).replace('{n}', count);
  element.title = visits.map((v) => [v.when, v.who, v.verdict].filter(Boolean).join(' ')).join('\n');
  return element;
}

// A badge hangs on the corner where it hides least: no boundary event, then no end of a flow.
function corner(element, wide) {
  const { x, y, width, height } = element;
  const corners = [
    [width - wide + 12, -10], [-12, -10], [width - wide + 12, height - 8], [-12, height - 8],
  ];
  const ends = [
    ...element.incoming.map((flow) => flow.waypoints[flow.waypoints.length - 1]),
    ...element.outgoing.map((flow) => flow.waypoints[0]),
  ];
  const cost = ([left, top]) => {
    const box = { left: x + left, right: x + left + wide, top: y + top, bottom: y + top + 18 };
    const on = (l, t, r, b) => l < box.right && r > box.left && t < box.bottom && b > box.top;
    return element.attachers.filter((a) => on(a.x, a.y, a.x + a.width, a.y + a.height)).length * 10
      + ends.filter((p) => on(p.x - 6, p.y - 6, p.x + 6, p.y + 6)).length;
  };
  const [left, top] = corners.reduce((best, next) => (cost(next) < cost(best) ? next : best));
  return { left, top };
}

function paint(viewer, box, marks) {
  const canvas = viewer.get('canvas');
  const overlays = viewer.get('overlays');
  const registry = viewer.get('elementRegistry');
  registry.forEach((element) => ['here', 'done', 'taken'].forEach((name) => canvas.removeMarker(element, name)));
  overlays.clear();
  const mark = (ids, name) => (ids || []).forEach((id) => registry.get(id) && canvas.addMarker(id, name));
  mark(marks.taken, 'taken');
  mark((marks.done || []).filter((id) => !(marks.here || []).includes(id)), 'done');
  mark(marks.here, 'here');
  Object.entries(marks.visits || {}).forEach(([id, visits]) => {
    const element = registry.get(id);
    if (!element || !TASK.test(element.type) || !visits.length) return;
    const current = (marks.here || []).includes(id);
    overlays.add(id, {
      position: corner(element, current ? 96 : 40), html: badge(box.dataset, visits, current),
    });
  });
}

// The picture and the list point at each other: pressing a step lights its rows.
function join(viewer) {
  viewer.get('eventBus').on('element.click', ({ element }) => {
    const rows = [...document.querySelectorAll('[data-element]')];
    rows.forEach((row) => row.classList.toggle('at', row.dataset.element === element.id));
    rows.find((row) => row.dataset.element === element.id)?.scrollIntoView({ block: 'nearest' });
  });
}

function tools(viewer, box) {
  const act = {
    fit: () => fit(viewer),
    in: () => viewer.get('canvas').zoom(viewer.get('canvas').zoom() * 1.2, 'auto'),
    out: () => viewer.get('canvas').zoom(viewer.get('canvas').zoom() / 1.2, 'auto'),
    here: () => {
      const current = box.querySelector('.djs-element.here');
      if (current) viewer.get('canvas').scrollToElement(current.dataset.elementId);
    },
  };
  document.querySelectorAll(`[data-diagram-tool][data-for="${box.id}"]`).forEach((button) => {
    button.addEventListener('click', () => act[button.dataset.diagramTool]());
  });
}

async function draw(box) {
  const answer = await fetch(box.dataset.src, { headers: { Accept: 'application/xml' } });
  if (!answer.ok) throw new Error(`diagram ${answer.status}`);
  const viewer = viewerIn(box);
  await viewer.importXML(await answer.text());
  fit(viewer);
  const text = document.getElementById(box.dataset.marks)?.textContent;
  const steps = text ? JSON.parse(text) : {};
  paint(viewer, box, steps);
  tools(viewer, box);
  join(viewer);
  box.dataset.ready = 'yes';
  // A replay steps through the history: it sends the marks of the step it stands on.
  box.addEventListener('diagram:marks', (event) => paint(viewer, box, event.detail));
  new ResizeObserver(() => fit(viewer)).observe(box);
}

document.querySelectorAll('[data-diagram]').forEach((box) => draw(box).catch(() => {
  box.dataset.ready = 'failed';
  box.textContent = box.dataset.failed;
}));
