// Draws the graph on a canvas.
import { kinds } from './web.js';

const mostLabels = 90;
const closeUp = 1.5; // the zoom from which memories are labelled
const fewNodes = 40; // which are labelled at any zoom
const manyNodes = 1500; // from which they have no outline
const manyTies = 3000; // of which some are left out while all moves

// Palette reads the colors of the style sheet, which follow the theme.
export class Palette {
  constructor() {
    const probe = document.createElement('span');
    probe.hidden = true;
    document.body.append(probe);
    const read = (name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    };
    for (const { id } of kinds) this[id] = read(id);
    for (const name of ['text', 'faint', 'paper', 'accent', 'tie', 'bar']) this[name] = read(name);
    this.font = getComputedStyle(document.body).fontFamily;
    probe.remove();
  }
}

// draw shows what scene holds: web, places, shown, hiddenTies, camera, width,
// height, ratio, palette, selected, hovered, hits, moving.
export function draw(ctx, scene) {
  const { width, height, ratio, camera } = scene;
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  if (!scene.web) return;
  scene.focus = focusOf(scene);
  scene.scale = Math.min(1.9, Math.max(0.28, Math.sqrt(camera.k)));
  ctx.lineCap = 'round';
  drawTies(ctx, scene);
  drawNodes(ctx, scene);
  drawMarks(ctx, scene);
  drawLabels(ctx, scene);
}

// focusOf returns the nodes that stand out, null if all are equal.
function focusOf({ web, selected, hovered, hits }) {
  const middle = hovered >= 0 ? hovered : selected;
  if (middle >= 0) return new Set([middle, ...web.others(middle)]);
  return hits?.size ? new Set(hits.keys()) : null;
}

export function toScreen({ places, camera, width, height }, i) {
  return [(places[2 * i] - camera.x) * camera.k + width / 2, (places[2 * i + 1] - camera.y) * camera.k + height / 2];
}

function drawTies(ctx, scene) {
  const { web, places, shown, hiddenTies, camera, width, height, palette, focus } = scene;
  const middle = scene.hovered >= 0 ? scene.hovered : scene.selected;
  const [dx, dy] = [width / 2 - camera.x * camera.k, height / 2 - camera.y * camera.k];
  const faint = new Path2D(), strong = new Path2D();
  const every = scene.moving && web.ties.length > manyTies ? Math.ceil(web.ties.length / manyTies) : 1;
  for (const [t, { from, to, kind }] of web.ties.entries()) {
    if (!shown[from] || !shown[to] || hiddenTies.has(kind)) continue;
    const near = from === middle || to === middle;
    if (!near && t % every) continue;
    const ax = places[2 * from] * camera.k + dx, ay = places[2 * from + 1] * camera.k + dy;
    const bx = places[2 * to] * camera.k + dx, by = places[2 * to + 1] * camera.k + dy;
    if (Math.max(ax, bx) < 0 || Math.max(ay, by) < 0 || Math.min(ax, bx) > width || Math.min(ay, by) > height) continue;
    const path = near ? strong : faint;
    path.moveTo(ax, ay);
    path.lineTo(bx, by);
  }
  const crowd = Math.min(1, 900 / Math.max(1, web.ties.length));
  ctx.strokeStyle = palette.tie;
  ctx.lineWidth = Math.max(0.6, Math.min(1.4, camera.k));
  ctx.globalAlpha = (focus ? 0.3 : 1) * (0.26 + 0.64 * crowd);
  ctx.stroke(faint);
  ctx.globalAlpha = 1;
  ctx.lineWidth = 1.6;
  ctx.strokeStyle = palette.accent;
  ctx.stroke(strong);
}

// drawNodes draws the memories as discs and the hubs as rings, those that do
// not stand out first. One by one: a path of thousands takes longer.
function drawNodes(ctx, scene) {
  const { web, shown, width, height, focus, scale, palette } = scene;
  const outlined = web.size < manyNodes;
  for (const bright of focus ? [false, true] : [true]) {
    ctx.globalAlpha = bright ? 1 : 0.2;
    for (const [k, { id }] of kinds.entries()) {
      const isHub = id === 'tag' || id === 'source';
      ctx.fillStyle = isHub ? palette.paper : palette[id];
      ctx.strokeStyle = isHub ? palette[id] : palette.paper;
      ctx.lineWidth = isHub ? 2 : 1;
      for (let i = 0; i < web.size; i++) {
        if (web.kindIndex[i] !== k || !shown[i] || (focus && focus.has(i) !== bright)) continue;
        const [x, y] = toScreen(scene, i);
        const r = Math.max(0.75, web.radius[i] * scale);
        if (x < -r || y < -r || x > width + r || y > height + r) continue;
        ctx.beginPath();
        ctx.arc(x, y, r, 0, 2 * Math.PI);
        ctx.fill();
        if (isHub || outlined) ctx.stroke();
      }
    }
  }
  ctx.globalAlpha = 1;
}

// drawMarks puts rings around what was found and what is selected.
function drawMarks(ctx, scene) {
  const { web, shown, palette, hits, selected, hovered, scale } = scene;
  ctx.strokeStyle = palette.accent;
  for (const [i, score] of hits || []) {
    if (!shown[i]) continue;
    const [x, y] = toScreen(scene, i);
    ctx.globalAlpha = 0.35 + 0.65 * score;
    ctx.lineWidth = 2;
    ring(ctx, x, y, web.radius[i] * scale + 4);
  }
  ctx.globalAlpha = 1;
  for (const [i, width] of [[hovered, 1.5], [selected, 2.5]]) {
    if (i < 0 || !shown[i]) continue;
    const [x, y] = toScreen(scene, i);
    ctx.lineWidth = width;
    ring(ctx, x, y, web.radius[i] * scale + 4);
  }
}

function ring(ctx, x, y, r) {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, 2 * Math.PI);
  ctx.stroke();
}

// labelled lists the nodes that have a claim to a label, the strongest first.
function labelled({ web, shown, camera, selected, hovered, hits, focus }) {
  const claims = [];
  const small = web.memories.length <= fewNodes;
  for (let i = 0; i < web.size; i++) {
    if (!shown[i] || (focus && !focus.has(i))) continue;
    const hub = web.isHub(i);
    if (i === selected || i === hovered) claims.push([i, 1e9]);
    else if (hits?.has(i)) claims.push([i, 1e8 * hits.get(i)]);
    else if (hub) claims.push([i, 1e4 + web.node(i).count]);
    else if (focus || small || camera.k > closeUp) claims.push([i, web.beside[i].length]);
  }
  return claims.sort((a, b) => b[1] - a[1]).slice(0, 4 * mostLabels).map(([i]) => i);
}

function drawLabels(ctx, scene) {
  const { web, width, height, palette, scale, selected, hovered } = scene;
  const taken = [];
  ctx.textBaseline = 'middle';
  ctx.lineJoin = 'round';
  for (const i of labelled(scene)) {
    if (taken.length >= mostLabels) break;
    const [x, y] = toScreen(scene, i);
    if (x < -80 || y < -10 || x > width + 80 || y > height + 10) continue;
    const hub = web.isHub(i), marked = i === selected || i === hovered;
    ctx.font = `${hub || marked ? 600 : 400} ${hub ? 12.5 : 12}px ${palette.font}`;
    const text = short(web.title(i), marked ? 60 : 28);
    const r = web.radius[i] * scale, wide = ctx.measureText(text).width;
    const gap = r + (marked || scene.hits?.has(i) ? 10 : 5);
    const left = x + gap + wide > width - 8 ? x - gap - wide : x + gap; // within the view
    const box = [left - 3, y - 9, left + wide + 3, y + 9];
    if (!marked && taken.some((b) => box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1])) continue;
    taken.push(box);
    ctx.strokeStyle = palette.paper;
    ctx.lineWidth = 4;
    ctx.globalAlpha = 0.9;
    ctx.strokeText(text, left, y);
    ctx.globalAlpha = 1;
    ctx.fillStyle = hub || marked ? palette.text : palette.faint;
    ctx.fillText(text, left, y);
  }
}

function short(text, most) {
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
}
