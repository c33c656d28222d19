// Asks a server all that graphql-http audits, and prints what each audit found, one JSON line an audit.
// URL says where it is and API_KEY who asks.
import { serverAudits } from 'graphql-http';

const { URL: url, API_KEY: key } = process.env;

const fetchFn = (input, init = {}) => {
  const headers = new Headers(init.headers);
  headers.set('x-api-key', key);
  return fetch(input, { ...init, headers });
};

for (const { id, name, fn } of serverAudits({ url, fetchFn })) {
  // Only what is fatal is thrown: a server that is away, say.
  const { status, reason } = await fn().catch((error) => ({ status: 'error', reason: String(error?.cause ?? error) }));
  console.log(JSON.stringify({ id, name, status, reason }));
}
