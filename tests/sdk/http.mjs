// Talks to the server through the official SDK over HTTP: it keeps something,
// finds it, and goes on after the server has been started anew. It prints what
// it saw as one JSON object.
//
// usage: node http.mjs streamable|sse|sessionless URL
// It prints "restart" when the server is to be started anew, and goes on when it
// reads a line.

import { createInterface } from "node:readline";

const [kind, base] = process.argv.slice(2);
const info = { name: "zapomni-sdk-test", version: "1.0.0" };

// Version 1 of the SDK has sessions, version 2 the revision without.
async function connect() {
  if (kind === "sessionless") {
    const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
    const client = new Client(info, { versionNegotiation: { mode: "auto" } });
    await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", base)));
    return client;
  }
  const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
  const { SSEClientTransport } = await import("@modelcontextprotocol/sdk/client/sse.js");
  const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
  const client = new Client(info);
  await client.connect(
    kind === "sse"
      ? new SSEClientTransport(new URL("/sse", base))
      : new StreamableHTTPClientTransport(new URL("/mcp", base)),
  );
  return client;
}

const add = (client, text) => client.callTool({ name: "add_memory", arguments: { text } });
const search = (client) =>
  client.callTool({ name: "search_memory", arguments: { query: "Where did Anna move to?" } });

const seen = { again: false };
let client = await connect();
seen.server = client.getServerVersion();
seen.revision = client.getNegotiatedProtocolVersion?.() ?? client.transport.protocolVersion;
seen.tools = (await client.listTools()).tools.length;
seen.added = await add(client, "Anna moved to Lisbon in March.");
const many = await Promise.all(Array.from({ length: 50 }, () => search(client)));
seen.found = many.filter((answer) => answer.content[0].text.includes("Lisbon")).length;

console.log("restart");
await new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve));

// As the protocol has it, a client whose session is gone is told 404, and
// begins a new one.
try {
  seen.foundAgain = await search(client);
} catch (error) {
  console.error("after the restart:", error.message);
  seen.told = error.code;
  seen.again = true;
  client = await connect();
  seen.foundAgain = await search(client);
}
await client.transport.terminateSession?.();
await client.close();
console.log(JSON.stringify(seen));
process.exit(0);
