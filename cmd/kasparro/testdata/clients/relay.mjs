// Relay: compiles the queries in relay/ against the schema beside them, and pages with what that makes.
// Prints what the store held after each page, one JSON line each.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import relay from 'relay-runtime';
import { key, say, url, within } from './report.mjs';

const { Environment, Network, RecordSource, Store } = relay;
const { createOperationDescriptor, fetchQuery, getRequest, getSingularSelector } = relay;

const require = createRequire(import.meta.url);
mkdirSync('relay/__generated__', { recursive: true });
const compiler = [require.resolve('relay-compiler/cli.js'), '--noWatchman', '--output', 'quiet-with-errors'];
execFileSync(process.execPath, compiler, { cwd: 'relay', stdio: 'inherit', timeout: 120_000 });
const compiled = (name) => require(`./relay/__generated__/${name}.graphql.js`);

const environment = new Environment({
  network: Network.create(async ({ text: query }, variables) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', 'x-api-key': key },
      body: JSON.stringify({ query, variables }),
    });
    return answer.json();
  }),
  store: new Store(new RecordSource()),
});

// page asks with a query, then with the one that the compiler made to fetch more of its fragment, and tells what
// the fragment holds after each.
const page = async (name, { query, fragment, variables, of, more }) => {
  const operation = createOperationDescriptor(getRequest(compiled(query)), variables);
  const release = environment.retain(operation);
  const held = () => {
    const selector = getSingularSelector(compiled(fragment), of(environment.lookup(operation.fragment).data));
    return environment.lookup(selector).data;
  };
  await within(name, fetchQuery(environment, compiled(query), variables).toPromise());
  for (let pages = 1; ; pages++) {
    const { records, id } = held();
    say({ fragment: name, page: pages, ids: records.edges.map(({ node }) => node.id), more: records.pageInfo.hasNextPage });
    if (!records.pageInfo.hasNextPage) {
      break;
    }
    const next = { count: variables.count, cursor: records.pageInfo.endCursor, ...(id && { id }) };
    await within(name, fetchQuery(environment, compiled(more), next).toPromise());
  }
  release.dispose();
};

await page('history', {
  query: 'historyAssetQuery', fragment: 'history_asset', more: 'historyPageQuery',
  variables: { slug: 'bitcoin', count: 100 }, of: ({ asset }) => asset,
});
await page('newest', {
  query: 'historyNewestQuery', fragment: 'history_newest', more: 'historyNewestPageQuery',
  variables: { count: 25 }, of: (root) => root,
});
