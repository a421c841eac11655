// Lays the graph out, in a worker: ties pull, nodes push each other away, and
// a weak pull to the middle holds all together. The page asks for each step, so
// that it is never given more than it can show.
import { Quadtree } from './quadtree.js';

const cooling = 0.985; // of the heat, each step
const cold = 0.004;
const friction = 0.62;
const repulsion = 34;
const middle = 0.02;
const length = 30; // of a tie, more where a hub has many

let graph = null;

self.onmessage = ({ data }) => {
  switch (data.do) {
    case 'start': graph = new Layout(data); break;
    case 'step': if (graph) answer(graph, data); break;
    case 'drag': graph?.drag(data.node, data.x, data.y); break;
    case 'drop': graph?.drop(); break;
  }
};

// answer goes on for some milliseconds, one step at least, and sends the places.
function answer(graph, { run, budget, steps }) {
  if (run !== graph.run) return;
  const until = performance.now() + budget;
  do graph.step(); while (--steps > 0 && graph.heat > cold && performance.now() < until);
  const places = graph.xy.slice();
  self.postMessage({ run, places, settled: graph.heat <= cold && graph.held < 0 }, [places.buffer]);
}

class Layout {
  constructor({ run, places, ties, pulls, weight, aspect, heat }) {
    this.run = run;
    this.n = places.length / 2;
    this.xy = places;
    this.ties = ties;
    this.heat = heat;
    this.weight = weight;
    this.speed = new Float64Array(2 * this.n);
    this.tree = new Quadtree(this.n);
    this.held = -1;
    const degree = new Uint32Array(this.n);
    for (const node of ties) degree[node]++;
    this.pull = new Float64Array(ties.length / 2);
    this.share = new Float64Array(ties.length / 2);
    this.length = new Float64Array(ties.length / 2);
    this.middleX = middle / aspect;
    this.middleY = middle * aspect;
    for (let t = 0; t < ties.length; t += 2) {
      const a = degree[ties[t]], b = degree[ties[t + 1]];
      this.pull[t / 2] = (0.8 * pulls[t / 2]) / Math.min(a, b);
      this.length[t / 2] = length + 2 * Math.sqrt(Math.max(a, b));
      this.share[t / 2] = a / (a + b); // the one with more ties moves less
    }
  }

  drag(node, x, y) {
    this.held = node;
    this.heldX = x;
    this.heldY = y;
    this.heat = Math.max(this.heat, 0.25);
  }

  drop() {
    this.held = -1;
  }

  step() {
    const { xy, speed, n, heat } = this;
    if (n === 0) {
      this.heat = 0;
      return;
    }
    this.#spring();
    this.tree.build(xy, this.weight, n);
    const strength = repulsion * heat;
    for (let i = 0; i < n; i++) this.tree.push(i, xy, this.weight, speed, strength);
    for (let i = 0; i < 2 * n; i++) {
      speed[i] = (speed[i] - xy[i] * (i & 1 ? this.middleY : this.middleX) * heat) * friction;
      xy[i] += Math.max(-60, Math.min(60, speed[i]));
    }
    if (this.held >= 0) {
      xy[2 * this.held] = this.heldX;
      xy[2 * this.held + 1] = this.heldY;
      speed[2 * this.held] = speed[2 * this.held + 1] = 0;
    }
    this.heat *= cooling;
  }

  #spring() {
    const { xy, speed, ties, heat } = this;
    for (let t = 0; t < ties.length; t += 2) {
      const a = 2 * ties[t], b = 2 * ties[t + 1];
      const dx = xy[b] + speed[b] - xy[a] - speed[a] || 1e-3;
      const dy = xy[b + 1] + speed[b + 1] - xy[a + 1] - speed[a + 1] || 1e-3;
      const apart = Math.sqrt(dx * dx + dy * dy);
      const f = ((apart - this.length[t / 2]) / apart) * heat * this.pull[t / 2];
      const share = this.share[t / 2];
      speed[b] -= dx * f * share;
      speed[b + 1] -= dy * f * share;
      speed[a] += dx * f * (1 - share);
      speed[a + 1] += dy * f * (1 - share);
    }
  }
}
