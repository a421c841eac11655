// The graph on its canvas: the camera, the mouse, fingers and keys.
import { Palette, draw, toScreen } from './draw.js';

const closest = 6, farthest = 0.02;
const touching = 9; // pixels around a node that count as it
const pull = { tag: 0.3, source: 0.1 }; // of a tie; that of names and time is 1
const still = window.matchMedia('(prefers-reduced-motion: reduce)');

export class Graph {
  #layout = new Worker('/assets/layout.js', { type: 'module' });
  #run = 0;
  #settled = true;
  #waiting = false; // for a step of the layout
  #frame = 0;
  #following = true; // the camera keeps all in view until someone moves it
  #goal = null;
  #pointers = new Map();
  #grip = null;

  // on has select(i) and hover(i), called with -1 for nothing; aside() tells
  // how many pixels on the left are covered.
  constructor(canvas, on, aside) {
    this.aside = aside;
    this.canvas = canvas;
    this.on = on;
    this.scene = {
      web: null, places: new Float32Array(0), shown: new Uint8Array(0), hiddenTies: new Set(), camera: { x: 0, y: 0, k: 1 },
      width: 0, height: 0, ratio: 1, palette: new Palette(), selected: -1, hovered: -1, hits: null, moving: false,
    };
    this.#layout.onmessage = ({ data }) => this.#take(data);
    new ResizeObserver(() => this.#measure()).observe(canvas);
    this.#listen();
    this.#measure();
  }

  get settled() { return this.#settled; }

  // show puts a web in the place of the last. What was there stays where it is.
  show(web, shown) {
    const { scene } = this;
    const old = scene.web, were = new Map();
    if (old?.workspace === web.workspace) for (let i = 0; i < old.size; i++) were.set(old.key(i), i);
    const places = new Float32Array(2 * web.size);
    for (let i = 0; i < web.size; i++) {
      const was = were.get(web.key(i));
      const turn = i * 2.399963, far = 9 * Math.sqrt(i + 0.5);
      places[2 * i] = was === undefined ? far * Math.cos(turn) : scene.places[2 * was];
      places[2 * i + 1] = was === undefined ? far * Math.sin(turn) : scene.places[2 * was + 1];
    }
    const now = (i) => (were.size && i >= 0 ? web.find(old.key(i)) : -1);
    const hits = scene.hits && new Map([...scene.hits].map(([i, score]) => [now(i), score]).filter(([i]) => i >= 0));
    Object.assign(scene, { web, places, shown, hovered: -1, selected: now(scene.selected), hits: hits?.size ? hits : null });
    const ties = Int32Array.from(web.ties.flatMap(({ from, to }) => [from, to]));
    const pulls = Float32Array.from(web.ties, ({ kind }) => pull[kind] ?? 1);
    const weight = Float32Array.from({ length: web.size }, (_, i) => (web.isHub(i) ? 2.5 : 1));
    this.#run++;
    this.#grip = null; // the node that was held has another number now
    this.#waiting = false;
    this.#settled = web.size === 0;
    if (were.size === 0) this.#following = true;
    this.#layout.postMessage({ do: 'start', run: this.#run, places: places.slice(), ties, pulls, weight, aspect: this.#aspect(), heat: were.size ? 0.3 : 1 });
    // The first look is a good one: what is small is laid out before it is shown.
    this.#askFor(web.size < 600 || still.matches ? { budget: still.matches ? 4000 : 350, steps: 320 } : { budget: 60, steps: 12 });
    this.redraw();
  }

  update(changes) {
    Object.assign(this.scene, changes);
    this.redraw();
  }

  repaint() {
    this.scene.palette = new Palette();
    this.redraw();
  }

  redraw() {
    this.#frame ||= requestAnimationFrame(() => this.#paint());
  }

  // fit moves the camera so that nodes are in view, all that are shown unless
  // some are named.
  fit(nodes) {
    this.#following = !nodes;
    this.#goal = this.#around(nodes);
    this.redraw();
  }

  // center moves the camera to a node, closer if it is far away.
  center(i) {
    const { places, camera } = this.scene;
    this.#following = false;
    this.#goal = { x: places[2 * i], y: places[2 * i + 1], k: Math.max(camera.k, 1.1) };
    this.redraw();
  }

  zoom(by, x = this.scene.width / 2, y = this.scene.height / 2) {
    const { camera, width, height } = this.scene;
    const k = Math.min(closest, Math.max(farthest, camera.k * by));
    camera.x += (x - width / 2) * (1 / camera.k - 1 / k);
    camera.y += (y - height / 2) * (1 / camera.k - 1 / k);
    camera.k = k;
    this.#byHand();
  }

  pan(dx, dy) {
    const { camera } = this.scene;
    camera.x -= dx / camera.k;
    camera.y -= dy / camera.k;
    this.#byHand();
  }

  #byHand() {
    this.#following = false;
    this.#goal = null;
    this.redraw();
  }

  #measure() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    Object.assign(this.scene, { width, height, ratio });
    this.redraw();
  }

  // aspect is how much wider than high the graph should be.
  #aspect() {
    const { width, height } = this.scene;
    return Math.sqrt(Math.min(2, Math.max(0.5, width / Math.max(1, height))));
  }

  #askFor({ budget, steps }) {
    if (this.#waiting || this.#settled) return;
    this.#waiting = true;
    this.#layout.postMessage({ do: 'step', run: this.#run, budget, steps });
  }

  #take({ run, places, settled }) {
    if (run !== this.#run) return;
    this.#waiting = false;
    const first = this.scene.camera.k === 1 && this.#following;
    this.scene.places = places;
    this.#settled = settled;
    if (this.#following) this.#goal = this.#around();
    if (first && this.#goal) this.scene.camera = { ...this.#goal };
    this.redraw();
  }

  #paint() {
    this.#frame = 0;
    const moving = this.#approach();
    this.scene.moving = moving || !this.#settled || this.#grip !== null;
    draw(this.canvas.getContext('2d'), this.scene);
    this.#askFor({ budget: 14, steps: 3 });
    if (moving) this.redraw();
    else if (this.scene.moving && this.#settled && !this.#grip) setTimeout(() => this.redraw(), 120);
  }

  // approach moves the camera a part of its way, and says whether it is still
  // on it.
  #approach() {
    const { camera } = this.scene, goal = this.#goal;
    if (!goal) return false;
    const part = still.matches ? 1 : 0.16;
    for (const key of ['x', 'y']) camera[key] += (goal[key] - camera[key]) * part;
    camera.k *= (goal.k / camera.k) ** part;
    if (Math.abs(goal.x - camera.x) * camera.k + Math.abs(goal.y - camera.y) * camera.k > 0.5 || Math.abs(goal.k / camera.k - 1) > 0.002) return true;
    this.#goal = null;
    return false;
  }

  #around(nodes) {
    const { web, places, shown, width, height } = this.scene;
    if (!web) return null;
    let left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity;
    const see = (i) => {
      left = Math.min(left, places[2 * i]); right = Math.max(right, places[2 * i]);
      top = Math.min(top, places[2 * i + 1]); bottom = Math.max(bottom, places[2 * i + 1]);
    };
    if (nodes) nodes.forEach(see);
    else for (let i = 0; i < web.size; i++) if (shown[i]) see(i);
    if (left > right) return null;
    // Labels stand to the right of their nodes, and the filter on the left.
    const aside = this.aside(), room = Math.max(width / 3, width - aside - (width > 600 ? 120 : 60));
    const k = Math.max(farthest, Math.min(room / (right - left + 30), (height - 90) / (bottom - top + 30), nodes ? 1.4 : 2.2));
    const middle = aside + (width > 600 ? 10 : 15) + room / 2;
    return { x: (left + right) / 2 + (width / 2 - middle) / k, y: (top + bottom) / 2, k };
  }

  // at finds the node at a place of the canvas; -1 if there is none.
  at(x, y) {
    const { web, shown, scale } = this.scene;
    let found = -1, best = Infinity;
    for (let i = 0; i < (web?.size || 0); i++) {
      if (!shown[i]) continue;
      const [nx, ny] = toScreen(this.scene, i);
      const off = Math.hypot(nx - x, ny - y) - web.radius[i] * scale;
      if (off < touching && off < best) [found, best] = [i, off];
    }
    return found;
  }

  // next finds the nearest node in a direction from the selected one, or the
  // one next to the middle if none is.
  next(dx, dy) {
    const { web, shown, selected, places, camera } = this.scene;
    const [x, y] = selected >= 0 ? [places[2 * selected], places[2 * selected + 1]] : [camera.x, camera.y];
    let found = -1, best = Infinity;
    for (let i = 0; i < (web?.size || 0); i++) {
      if (!shown[i] || i === selected) continue;
      const ox = places[2 * i] - x, oy = places[2 * i + 1] - y;
      const along = ox * dx + oy * dy, aside = Math.abs(ox * dy - oy * dx);
      const far = selected < 0 ? Math.hypot(ox, oy) : along > 0 && aside <= 1.2 * along ? along + 2 * aside : Infinity;
      if (far < best) [found, best] = [i, far];
    }
    return found;
  }

  #listen() {
    const c = this.canvas;
    const place = (e) => {
      const box = c.getBoundingClientRect();
      return [e.clientX - box.left, e.clientY - box.top];
    };
    c.addEventListener('wheel', (e) => {
      e.preventDefault();
      this.zoom(Math.exp(-e.deltaY * (e.deltaMode ? 0.05 : e.ctrlKey ? 0.01 : 0.0018)), ...place(e));
    }, { passive: false });
    c.addEventListener('pointerdown', (e) => {
      c.setPointerCapture(e.pointerId);
      const [x, y] = place(e);
      this.#pointers.set(e.pointerId, [x, y]);
      const node = this.#pointers.size === 1 ? this.at(x, y) : -1;
      this.#grip = { node, x, y, moved: this.#pointers.size > 1 };
    });
    c.addEventListener('pointermove', (e) => this.#move(e, ...place(e)));
    for (const end of ['pointerup', 'pointercancel']) c.addEventListener(end, (e) => this.#release(e));
    c.addEventListener('pointerleave', () => this.on.hover(-1));
    c.addEventListener('dblclick', (e) => this.zoom(1.8, ...place(e)));
  }

  #move(e, x, y) {
    const was = this.#pointers.get(e.pointerId);
    if (!was) {
      this.on.hover(this.at(x, y));
      return;
    }
    this.#pointers.set(e.pointerId, [x, y]);
    const grip = this.#grip;
    if (!grip) return;
    if (this.#pointers.size === 2) {
      const [other] = [...this.#pointers].filter(([id]) => id !== e.pointerId).map(([, at]) => at);
      const apart = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
      this.zoom(apart([x, y]) / Math.max(1, apart(was)), (x + other[0]) / 2, (y + other[1]) / 2);
      return;
    }
    if (!grip.moved && Math.hypot(x - grip.x, y - grip.y) < 4) return;
    grip.moved = true;
    if (grip.node < 0) {
      this.pan(x - was[0], y - was[1]);
      return;
    }
    const { camera, width, height, places } = this.scene;
    const [wx, wy] = [(x - width / 2) / camera.k + camera.x, (y - height / 2) / camera.k + camera.y];
    places[2 * grip.node] = wx;
    places[2 * grip.node + 1] = wy;
    this.#layout.postMessage({ do: 'drag', node: grip.node, x: wx, y: wy });
    this.#settled = false;
    this.#byHand();
  }

  #release(e) {
    this.#pointers.delete(e.pointerId);
    const grip = this.#grip;
    if (this.#pointers.size > 0 || !grip) return;
    this.#grip = null;
    if (grip.node >= 0 && grip.moved) this.#layout.postMessage({ do: 'drop' });
    if (!grip.moved && e.type === 'pointerup') this.on.select(grip.node);
    this.redraw();
  }
}
