// graphql-ws: follows what is live over WebSockets, one of which is torn now and then.
// Prints what it saw, one JSON line each.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { fail, follow, mistakes } from './live.mjs';
import { key, say, url } from './report.mjs';

// connect makes a client, which comes back at once when its socket is torn.
const connect = (as, more = {}) =>
  createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { 'x-api-key': as },
    retryWait: async () => {},
    ...more,
  });

for (const [name, query] of Object.entries(mistakes)) {
  await fail(name, connect(key), query);
}
await fail('key', connect('a wrong key', { retryAttempts: 0 }), mistakes.source);

const sockets = [];
const adding = connect(key, { on: { opened: (socket) => sockets.push(socket) } });
await follow(connect(key), adding, () => sockets.at(-1).terminate());
say({ connections: sockets.length });
