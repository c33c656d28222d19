// Apollo Client: pages lists to their end with relayStylePagination, sends queries by their hashes, and meets errors.
// Prints what it saw, one JSON line each.
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, ServerError, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';
import { key, say, url, within } from './report.mjs';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

// connect makes a client, which passes each request that it sends to see.
const connect = ({ see = () => {}, as = key, links = [] } = {}) =>
  new ApolloClient({
    link: ApolloLink.from([
      ...links,
      new HttpLink({
        uri: url,
        headers: { 'x-api-key': as },
        fetch: async (target, init) => {
          const answer = await fetch(target, init);
          see(target, init, await answer.clone().json());
          return answer;
        },
      }),
    ]),
    cache: new InMemoryCache({
      typePolicies: {
        Query: {
          fields: {
            records: relayStylePagination(['filter', 'orderBy']),
            assets: relayStylePagination(['filter', 'orderBy']),
          },
        },
      },
    }),
  });

const lists = {
  records: gql`
    query Records($first: Int, $after: String) {
      records(first: $first, after: $after, orderBy: OBSERVED_AT_ASC) {
        edges { cursor node { id observedAt priceUsd asset { id slug } } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  assets: gql`
    query Assets($first: Int, $after: String) {
      assets(first: $first, after: $after, orderBy: NAME) {
        edges { cursor node { id name } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
};

// page fetches a list to its end, and says what the cache holds of it then.
const page = async (name, first) => {
  let requests = 0;
  const client = connect({ see: () => requests++ });
  await within(name, client.query({ query: lists[name], variables: { first } }));
  const list = client.watchQuery({ query: lists[name], variables: { first } });
  const watched = list.subscribe(() => {});
  for (let at; ({ pageInfo: at } = held(client, name, first)), at.hasNextPage; ) {
    await within(name, list.fetchMore({ variables: { after: at.endCursor } }));
  }
  watched.unsubscribe();
  const { edges, totalCount } = held(client, name, first);
  say({ list: name, requests, totalCount, ids: edges.map(({ node }) => node.id) });
  client.stop();
};

const held = (client, name, first) => client.readQuery({ query: lists[name], variables: { first } })[name];

// persist asks twice for a query that the server does not know, and says what went over the wire.
const persist = async (name, useGETForHashedQueries) => {
  const sent = [];
  const see = (target, { method, body }, { data, errors }) => {
    const asked = method === 'GET' ? new URLSearchParams(new URL(target).search) : new URLSearchParams(Object.entries(JSON.parse(body)));
    sent.push({ method, query: asked.has('query'), code: errors?.[0].extensions.code ?? '', data: data !== undefined });
  };
  const client = connect({ see, links: [new PersistedQueryLink({ sha256, useGETForHashedQueries })] });
  const query = gql(`query ${name} { sources { name } }`);
  for (let i = 0; i < 2; i++) {
    const { data } = await within(name, client.query({ query, fetchPolicy: 'no-cache' }));
    say({ persisted: name, sources: data.sources.map((source) => source.name) });
  }
  say({ persisted: name, sent });
  client.stop();
};

// fail asks for what ends with an error, and says which.
const fail = async (name, ask, as) => {
  const client = connect({ as });
  const error = await within(name, ask(client).then(() => undefined, (reason) => reason));
  say({
    error: name,
    codes: CombinedGraphQLErrors.is(error) ? error.errors.map(({ extensions }) => extensions.code) : [],
    status: ServerError.is(error) ? error.statusCode : 0,
  });
  client.stop();
};

await page('records', 500);
await page('assets', 7);
await persist('ByPost', false);
await persist('ByGet', true);
const ask = (query) => (client) => client.query({ query });
await fail('first', ask(gql`{ records(first: 501) { totalCount } }`));
await fail('cursor', ask(gql`{ records(after: "nowhere") { totalCount } }`));
await fail('field', ask(gql`{ records { nothing } }`));
await fail('scope', (client) => client.mutate({ mutation: gql`mutation { startEtlRun(source: "csv") { id } }` }));
await fail('key', ask(gql`{ sources { name } }`), 'a wrong key');
