// Compares the repulsion that the layout goes by with the exact sum, and prints
// how far off it is on average.
import { pathToFileURL } from "node:url";

const { Quadtree } = await import(pathToFileURL(process.argv[2]));

const n = 2000, xy = new Float32Array(2 * n), weight = new Float32Array(n).fill(1), speed = new Float64Array(2 * n);
let seed = 1;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
for (let i = 0; i < 2 * n; i++) xy[i] = 60_000 * (random() - 0.5); // too far apart to touch
const tree = new Quadtree(n);
tree.build(xy, weight, n);
let off = 0, all = 0;
for (let i = 0; i < n; i++) {
  tree.push(i, xy, weight, speed, 1);
  let fx = 0, fy = 0;
  for (let j = 0; j < n; j++) {
    const dx = xy[2 * i] - xy[2 * j], dy = xy[2 * i + 1] - xy[2 * j + 1];
    if (j === i) continue;
    fx += dx / (dx * dx + dy * dy);
    fy += dy / (dx * dx + dy * dy);
  }
  off += Math.hypot(speed[2 * i] - fx, speed[2 * i + 1] - fy);
  all += Math.hypot(fx, fy);
}

// Nodes at one place must come apart, and must not make numbers that are none.
const same = new Float32Array(200), pushed = new Float64Array(200);
const crowd = new Quadtree(100);
crowd.build(same, weight, 100);
for (let i = 0; i < 100; i++) crowd.push(i, same, weight, pushed, 1);
console.log(JSON.stringify({ off: off / all, finite: pushed.every(Number.isFinite) }));
