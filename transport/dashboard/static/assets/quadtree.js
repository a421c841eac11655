// Repulsion between many nodes, by the way of Barnes and Hut: what is far away
// counts as one body.

const farEnough = 0.81; // square of a cell's width over its distance
const touching = 300; // square of the distance within which nodes would overlap,
const crowded = 7; // and how much more they push each other there
const deepest = 48; // cells within cells, for nodes at the same place

export class Quadtree {
  // most is how many nodes there may be.
  constructor(most) {
    const cells = Math.max(64, most * 6);
    this.child = new Int32Array(cells * 4); // 0: none, > 0: a cell, < 0: the node -n-1
    this.mass = new Float64Array(cells);
    this.x = new Float64Array(cells);
    this.y = new Float64Array(cells);
    this.stack = new Int32Array(256);
    this.widths = new Float64Array(256);
  }

  // build puts n nodes at xy (x and y in turn), of weight each, in the tree.
  build(xy, weight, n) {
    let left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity;
    for (let i = 0; i < 2 * n; i += 2) {
      left = Math.min(left, xy[i]); right = Math.max(right, xy[i]);
      top = Math.min(top, xy[i + 1]); bottom = Math.max(bottom, xy[i + 1]);
    }
    this.left = left;
    this.top = top;
    this.width = Math.max(right - left, bottom - top, 1) * 1.001;
    this.used = 1;
    this.#clear(0);
    for (let i = 0; i < n; i++) this.#insert(i, xy, weight);
  }

  #clear(cell) {
    this.child.fill(0, 4 * cell, 4 * cell + 4);
    this.mass[cell] = this.x[cell] = this.y[cell] = 0;
  }

  #insert(node, xy, weight) {
    const x = xy[2 * node], y = xy[2 * node + 1], w = weight[node];
    let cell = 0, left = this.left, top = this.top, half = this.width / 2;
    for (let depth = 0; ; depth++) {
      this.mass[cell] += w;
      this.x[cell] += w * x;
      this.y[cell] += w * y;
      const east = x >= left + half ? 1 : 0, south = y >= top + half ? 1 : 0;
      const slot = 4 * cell + 2 * south + east;
      left += east * half;
      top += south * half;
      half /= 2;
      const there = this.child[slot];
      if (there === 0) {
        this.child[slot] = -node - 1;
        return;
      }
      if (there > 0) {
        cell = there;
        continue;
      }
      if (depth > deepest || 4 * (this.used + 1) > this.child.length) return; // felt as a part of the cell
      const other = -there - 1, next = this.used++;
      this.#clear(next);
      this.child[slot] = next;
      const ox = xy[2 * other], oy = xy[2 * other + 1], ow = weight[other];
      this.mass[next] = ow;
      this.x[next] = ow * ox;
      this.y[next] = ow * oy;
      this.child[4 * next + 2 * (oy >= top + half ? 1 : 0) + (ox >= left + half ? 1 : 0)] = there;
      cell = next;
    }
  }

  // push adds to speed what all others push node i away with.
  push(i, xy, weight, speed, strength) {
    const x = xy[2 * i], y = xy[2 * i + 1];
    let fx = 0, fy = 0, at = 0;
    const { stack, widths, child } = this;
    stack[0] = 0;
    widths[0] = this.width;
    while (at >= 0) {
      const cell = stack[at], width = widths[at--];
      const mass = this.mass[cell];
      const dx = x - this.x[cell] / mass, dy = y - this.y[cell] / mass;
      const apart = dx * dx + dy * dy;
      if (width * width < farEnough * apart) {
        const f = mass / apart;
        fx += dx * f;
        fy += dy * f;
        continue;
      }
      for (let slot = 4 * cell; slot < 4 * cell + 4; slot++) {
        const there = child[slot];
        if (there > 0) {
          stack[++at] = there;
          widths[at] = width / 2;
        } else if (there < 0 && there !== -i - 1) {
          const j = -there - 1;
          // Nodes at one place are pushed apart in a direction of their own.
          const nx = x - xy[2 * j] || (i - j) * 1e-3, ny = y - xy[2 * j + 1] || (i + j + 1) * 1e-3;
          const near = nx * nx + ny * ny;
          const f = (near < touching ? crowded : 1) * weight[j] / Math.max(near, 4);
          fx += nx * f;
          fy += ny * f;
        }
      }
    }
    speed[2 * i] += fx * strength;
    speed[2 * i + 1] += fy * strength;
  }
}
