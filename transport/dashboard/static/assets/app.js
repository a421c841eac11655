// The page: it asks the server, and brings graph, panel and timeline together.
import { Api } from './api.js';
import { askToken, offerHelp, offerThemes, say } from './dialogs.js';
import { byId, count, el, several } from './dom.js';
import { Filter } from './filter.js';
import { Graph } from './graph.js';
import { Panel } from './panel.js';
import { Timeline } from './timeline.js';
import { Web } from './web.js';

const refreshEvery = 10_000; // milliseconds between two looks at the server
const manyTies = 5000; // from which those to sources are left out at first
const large = 2000; // nodes, from which a graph is fetched again no more often than
const largeEvery = 60_000; // milliseconds

offerThemes(() => {
  graph.repaint();
  refilter();
});

const api = new Api(askToken);
const filter = new Filter(() => refilter());
const graph = new Graph(byId('graph'), { select: (i) => select(i), hover: (i) => hover(i) }, () => {
  const card = byId('filters');
  return card.open && !card.hidden ? card.offsetLeft + card.offsetWidth : 0;
});
const timeline = new Timeline(byId('histogram'), (from, to) => filter.between(from, to));
const panel = new Panel(byId('panel'), {
  open: (id) => open(id), openHub, more: (skip) => more(skip), back, title: titleOf, kind: (id) => (web?.index.has(id) ? web.kind(web.index.get(id)) : 'note'),
});

let web = null;
let stats = null;
let loaded = 0; // when web was
let workspace = new URLSearchParams(location.hash.slice(1)).get('workspace') || 'default';
let found = null; // what the last search found: query, answer
let behind = []; // how to go back, the last step last
let current = null; // how to show what the panel shows
let asked = null; // ends the question that the panel waits for

// show shows a page of the panel. What was there before is one step back,
// unless from says otherwise.
async function show(page, { keep = true } = {}) {
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  if (keep && current) behind.push(current);
  current = page;
  try {
    await page(signal);
  } catch (e) {
    if (e.name !== 'AbortError') panel.problem(e.message, () => show(page, { keep: false }));
  }
}

const overview = async (signal) => {
  found = null;
  mark(-1, null);
  const now = await api.get('stats', { workspace }, signal);
  const [latest, health] = await Promise.all([api.get('timeline', { workspace, limit: 40 }, signal), api.health().catch(() => null)]);
  if (signal.aborted) return;
  stats = now;
  panel.overview(now, latest, health);
};

const results = (query) => {
  let answer = null; // kept for the way back
  return async (signal) => {
    answer ??= await ask(query, signal);
    found = { query, answer };
    panel.results(query, answer);
    const hits = hitsOf(answer);
    mark(-1, hits);
    if (hits.size > 0) graph.fit([...hits.keys()]);
    speak(`${several(answer.hits.length, 'memory', 'memories')} found`);
  };
};

function ask(query, signal) {
  const bounds = filter.clock === 'valid' && filter.bounded ? {
    from: filter.from > -Infinity ? new Date(filter.from).toISOString() : '', to: filter.to < Infinity ? new Date(filter.to).toISOString() : '',
  } : {};
  return api.get('search', { workspace, q: query, limit: 20, ...bounds }, signal);
}

const memory = (id) => async (signal) => {
  const answer = await api.get('memory', { workspace, id }, signal);
  const i = web?.index.get(id) ?? -1;
  panel.memory(answer);
  mark(i, found && hitsOf(found.answer));
  if (i >= 0) graph.center(i);
};

// hub is found by its key: its number changes when the graph is loaded anew.
const hub = (key) => async () => {
  const i = web.find(key);
  if (i < 0) throw new Error('No memory that is shown has it any more.');
  const members = web.others(i).map((m) => web.node(m)).sort((a, b) => b.valid - a.valid);
  panel.hub(web.node(i), members);
  mark(i, null);
  graph.fit([i, ...web.others(i)]);
};

function hitsOf({ hits }) {
  return new Map(hits.filter((h) => web?.index.has(h.id)).map((h) => [web.index.get(h.id), h.score]));
}

function mark(selected, hits) {
  graph.update({ selected, hits });
}

function open(id) { return show(memory(id)); }

function openHub(kind, label) {
  const i = web.hubOf(kind, label);
  if (i >= 0) show(hub(web.key(i)));
  else speak(`Only this memory has ${label}`);
}

function select(i) {
  if (i < 0) {
    if (graph.scene.selected >= 0) back();
    return null;
  }
  return web.isHub(i) ? show(hub(web.key(i))) : open(web.node(i).id);
}

function hover(i) {
  if (graph.scene.hovered === i) return;
  byId('graph').style.cursor = i >= 0 ? 'pointer' : '';
  graph.update({ hovered: i });
}

function back() {
  const page = behind.pop();
  if (page === overview) byId('query').value = '';
  show(page || overview, { keep: false });
}

async function more(skip) {
  try {
    panel.later(await api.get('timeline', { workspace, skip, limit: 100 }));
  } catch (e) {
    panel.problem(e.message, () => show(overview, { keep: false }));
  }
}

// titleOf names a memory that a reason points to.
function titleOf(id) {
  if (web?.index.has(id)) return web.title(web.index.get(id));
  return found?.answer.hits.find((h) => h.id === id)?.text.split('\n')[0] || 'another memory';
}

function speak(text) { byId('spoken').textContent = text; }

// load fetches the graph of the workspace, and returns whether that is still the
// one to show.
async function load() {
  const wanted = workspace;
  let answer;
  try {
    answer = await api.get('web', { workspace: wanted });
  } catch (e) {
    if (wanted !== workspace) return false;
    throw e;
  }
  if (wanted !== workspace) return false;
  web = new Web(answer);
  loaded = performance.now();
  if (web.ties.length > manyTies) filter.hiddenTies.add('source'); // the weakest, and the most
  filter.offer(web);
  byId('empty').hidden = web.size > 0;
  byId('time').hidden = web.size === 0;
  for (const part of document.querySelectorAll('.filters, .zoom')) part.hidden = web.size === 0;
  byId('example').textContent = workspace === 'default' ? 'zapomni add "Anna moved to Lisbon in March."'
    : `zapomni add --workspace ${workspace} "Anna moved to Lisbon in March."`;
  const sampled = web.memories.length < web.all;
  byId('notice').hidden = !sampled;
  byId('notice').textContent = sampled ? `A sample of ${count(web.memories.length)} of ${count(web.all)} memories. Search finds all of them.` : '';
  graph.show(web, web.shown(filter));
  refilter();
  return true;
}

function refilter() {
  if (!web) return;
  const shown = web.shown(filter);
  graph.update({ shown, hiddenTies: filter.hiddenTies });
  timeline.select(filter.bounded ? [Math.max(filter.from, timeline.first ?? 0), Math.min(filter.to, timeline.last ?? 0)] : null);
  timeline.show(web.memories.map((m) => m[filter.clock]), shown, graph.scene.palette);
}

// enter goes to a workspace.
async function enter(id) {
  workspace = id;
  history.replaceState(null, '', `#${new URLSearchParams({ workspace })}`);
  behind = [];
  found = null;
  byId('query').value = '';
  filter.clear();
  panel.loading();
  await Promise.all([show(overview, { keep: false }), load().then((shown) => shown && tellClock()).catch(failed)]);
}

// tellClock chooses the clock that tells more: what was brought in on one day
// may speak of many years.
function tellClock() {
  const span = (key) => web.memories.reduce((s, m) => [Math.min(s[0], m[key]), Math.max(s[1], m[key])], [Infinity, -Infinity]);
  const [created, valid] = [span('created'), span('valid')];
  filter.tell(created[1] - created[0] < 0.05 * (valid[1] - valid[0]) ? 'valid' : 'created', true);
  refilter();
}

function failed(e) {
  if (e.name === 'AbortError') return;
  if (e.status === 404 && workspace !== 'default') enter('default').then(listWorkspaces);
  else panel.problem(e.message, () => start());
}

async function listWorkspaces() {
  const { workspaces } = await api.get('workspaces');
  byId('workspace').replaceChildren(...workspaces.map((w) => el('option', { value: w.id, selected: w.id === workspace, title: w.description },
    w.id === 'default' ? 'Default' : w.name || w.id)));
  byId('workspace').value = workspace;
}

// look looks whether the server is well, and whether there is more to show.
async function look() {
  if (document.hidden || byId('login').open) return;
  const wanted = workspace;
  try {
    const health = await api.health().catch(() => null);
    const now = await api.get('stats', { workspace: wanted });
    const bad = health && health.status !== 'healthy';
    say(bad ? 'bad' : 'good', bad ? 'Unwell' : 'Healthy', [health?.version && `Version ${health.version}`, `${count(now.memories)} memories`].filter(Boolean).join(' · '));
    if (now.workspace !== workspace || !stats || (now.memories === stats.memories && now.newest === stats.newest)) return;
    if (web?.size > large && performance.now() - loaded < largeEvery) return;
    stats = now;
    await Promise.all([load(), listWorkspaces()]);
    if (current === overview) await show(overview, { keep: false });
  } catch (e) {
    if (wanted !== workspace) return;
    if (e.status === 404) failed(e);
    else say(e.status ? 'bad' : 'gone', e.status ? 'Unwell' : 'Not reachable', e.message);
  }
}

async function start() {
  await Promise.all([enter(workspace), listWorkspaces().catch(failed)]);
  await look();
}

// keys for the whole page, and those of the graph.
function press(e) {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName);
  if (e.key === 'Escape' && !document.querySelector('dialog[open]')) {
    if (typing) e.target.blur();
    else back();
  }
  if (typing || e.ctrlKey || e.metaKey || e.altKey || document.querySelector('dialog[open]')) return;
  if (e.key === '/') byId('query').focus();
  else if (e.key === 'g') byId('graph').focus();
  else if (e.key === '?') byId('keys').showModal();
  else return;
  e.preventDefault();
}

const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function steer(e) {
  const arrow = arrows[e.key];
  if (arrow && e.shiftKey) graph.pan(-60 * arrow[0], -60 * arrow[1]);
  else if (arrow) {
    const i = graph.next(...arrow);
    if (i >= 0) {
      graph.update({ selected: i });
      graph.center(i);
      speak(`${web.title(i)}. ${several(web.others(i).length, 'tie', 'ties')}`);
    }
  } else if (e.key === 'Enter' && graph.scene.selected >= 0) {
    select(graph.scene.selected).then(() => panel.focus());
  } else if (e.key === '+' || e.key === '=') graph.zoom(1.4);
  else if (e.key === '-') graph.zoom(1 / 1.4);
  else if (e.key === '0') graph.fit();
  else return;
  e.preventDefault();
}

offerHelp();
document.addEventListener('keydown', press);
byId('graph').addEventListener('keydown', steer);
byId('closer').addEventListener('click', () => graph.zoom(1.5));
byId('farther').addEventListener('click', () => graph.zoom(1 / 1.5));
byId('fit').addEventListener('click', () => graph.fit());
byId('workspace').addEventListener('change', (e) => enter(e.target.value));
byId('search').addEventListener('submit', (e) => {
  e.preventDefault();
  const query = byId('query').value.trim();
  if (query) show(results(query));
});
byId('query').addEventListener('search', () => {
  if (byId('query').value === '' && found) {
    behind = [];
    show(overview, { keep: false });
  }
});
if (window.matchMedia('(max-width: 860px)').matches) byId('filters').open = false;
setInterval(look, refreshEvery);
document.addEventListener('visibilitychange', look);
start();
