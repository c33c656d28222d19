// graphql-sse: follows what is live as server-sent events, one connection each, some of which are torn now and then.
// Prints what it saw, one JSON line each.
import { createClient } from 'graphql-sse';
import { fail, follow, mistakes } from './live.mjs';
import { key, say, url } from './report.mjs';

const connect = (as, more = {}) => createClient({ url, headers: { 'x-api-key': as }, retryAttempts: 0, ...more });

for (const [name, query] of Object.entries(mistakes)) {
  await fail(name, connect(key), query);
}
await fail('key', connect('a wrong key'), mistakes.source);

// A signal of our own ends the connection; the client's would end the subscription.
let line;
let connections = 0;
const adding = connect(key, {
  fetchFn: (target, init) => {
    connections++;
    line = new AbortController();
    init.signal.addEventListener('abort', () => line.abort());
    return fetch(target, { ...init, signal: line.signal });
  },
});

// The client tries again only where nothing waits to be taken while the connection ends, so that we do it for it. What
// has come over a line that is cut is lost with it, as it is on a network.
const returning = {
  subscribe(request, sink) {
    let stop;
    const begin = () => {
      stop = adding.subscribe(request, {
        ...sink,
        next: (event) => line.signal.aborted || sink.next(event),
        error: (reason) => (line.signal.aborted ? begin() : sink.error(reason)),
      });
    };
    begin();
    return () => stop();
  },
};
await follow(connect(key), returning, () => line.abort());
say({ connections });
