// Talks to the server through the official SDK, as most clients do: it keeps
// something, comes back to a new process, and finds it. It prints what it saw
// as one JSON object.
//
// usage: node client.mjs PROGRAM, in the environment that PROGRAM is to have

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const [program] = process.argv.slice(2);

async function connect() {
  const client = new Client({ name: "zapomni-sdk-test", version: "1.0.0" });
  await client.connect(
    new StdioClientTransport({ command: program, env: process.env, stderr: "inherit" }),
  );
  return client;
}

const call = (client, name, args) => client.callTool({ name, arguments: args });
const search = (client) => call(client, "search_memory", { query: "Where did Anna move to?" });

const seen = {};

const first = await connect();
seen.server = first.getServerVersion();
seen.instructions = first.getInstructions();
seen.tools = (await first.listTools()).tools;
seen.added = await call(first, "add_memory", {
  text: "Anna moved to Lisbon in March.",
  metadata: { tags: ["people"] },
});
seen.found = await search(first);
seen.refused = await call(first, "search_memory", { query: "Anna", limit: 0 });
seen.unknown = await call(first, "forget_nothing", {}).then(
  () => null,
  (error) => error.code,
);
await first.ping();
await first.close();

const second = await connect();
seen.foundAgain = await search(second);
seen.deleted = await call(second, "delete_memory", {
  memory_id: seen.added.structuredContent.memory_id,
  confirm: true,
});
seen.gone = await search(second);
await second.close();

console.log(JSON.stringify(seen));
