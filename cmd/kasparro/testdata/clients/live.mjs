// What both clients of what is live have in common: they are subscribed to in the same way.
import { say, within } from './report.mjs';

const runs = { query: 'subscription { etlRunChanged { id source status } }' };
const records = `subscription Added($after: String) {
  recordAdded(filter: { source: ["csv"] }, after: $after) { externalId observedAt resumeCursor }
}`;

// follow has one client watch runs until one of CoinGecko has ended, and another watch records of files until the
// last one, which goes by END, has come. After every 500 records the other's connection is cut: it comes back,
// and goes on behind the last record that it has.
export const follow = async (watching, adding, cut) => {
  const variables = { after: null };
  let added = 0;
  await within(
    'what is live',
    Promise.all([
      until(watching, runs, ({ etlRunChanged: run }) => {
        say({ run });
        return run.source === 'coingecko' && run.status !== 'RUNNING';
      }),
      until(adding, { query: records, variables }, ({ recordAdded: { externalId, observedAt, resumeCursor } }) => {
        say({ record: `${externalId} ${observedAt}` });
        variables.after = resumeCursor;
        if (++added % 500 === 0) {
          cut();
        }
        return externalId === 'END';
      }),
    ]),
  );
};

// until subscribes until an event is the one that was waited for.
const until = (client, request, isLast) =>
  new Promise((resolve, reject) => {
    const stop = client.subscribe(request, {
      next: ({ data, errors }) => {
        if (errors) {
          reject(new Error(JSON.stringify(errors)));
        } else if (isLast(data)) {
          resolve();
          stop();
        }
      },
      error: (reason) => reject(new Error('the subscription has failed', { cause: reason })),
      complete: () => reject(new Error('the subscription has ended')),
    });
  });

// fail subscribes to what ends with errors, and tells how: by codes in an answer, or by what the client throws.
export const fail = async (name, client, query) => {
  const codes = [];
  const note = (errors) => codes.push(...errors.map(({ extensions }) => extensions.code));
  const thrown = await within(
    name,
    new Promise((resolve) => {
      client.subscribe({ query }, { next: ({ errors }) => note(errors), error: resolve, complete: () => resolve() });
    }),
  );
  if (Array.isArray(thrown)) {
    note(thrown);
  }
  say({ failed: name, codes, status: thrown?.code ?? thrown?.response?.status ?? 0 });
};

// What fails for whoever has a key.
export const mistakes = {
  source: 'subscription { etlRunChanged(source: "nobody") { id } }',
  cursor: 'subscription { recordAdded(after: "nowhere") { id } }',
  field: 'subscription { recordAdded { nothing } }',
};
