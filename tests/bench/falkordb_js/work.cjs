// Does reads with the official JavaScript client for as long as each line on
// standard input says, and answers each with a line of JSON. See the benchmark
// beside it.
const { FalkorDB } = require("falkordb");
const readline = require("node:readline");

const digits = () => String(Math.floor(Math.random() * 10000)).padStart(12, "0");

async function turn(graph, { text, param, value, callers, millis }) {
  const began = performance.now();
  const took = [];
  const caller = async () => {
    while (performance.now() - began < millis) {
      const params = param ? { [param]: value.replace("__rand_int__", digits()) } : undefined;
      const sent = performance.now();
      await graph.roQuery(text, { params, TIMEOUT: 29500 });
      took.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const spent = (performance.now() - began) / 1000;
  took.sort((a, b) => a - b);
  const at = (q) => took[Math.floor(q * took.length)];
  return { rate: took.length / spent, p50: at(0.5), p99: at(0.99) };
}

async function main() {
  const [socket, name] = process.argv.slice(2);
  const db = await FalkorDB.connect({ socket: { path: socket } });
  const graph = db.selectGraph(name);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await turn(graph, JSON.parse(line))));
  }
  await db.close();
}

main();
