import { GraphiQL } from 'graphiql';
import { useMemo, useState } from 'react';
import { newFetcher, storedKey, storeKey } from './api.js';
import { CopyLink, ExamplesMenu, KeyForm, KeyNotice } from './controls.jsx';
import { examples } from './examples.js';
import { linkedQuery } from './links.js';

const linked = linkedQuery();

export function Playground() {
  const [key, setKey] = useState(storedKey);
  const [refused, setRefused] = useState(false);
  const fetcher = useMemo(() => newFetcher(key, (status) => setRefused(status === 401)), [key]);
  const applyKey = (newKey) => {
    storeKey(newKey);
    setRefused(false);
    setKey(newKey);
  };
  return (
    <>
      <KeyNotice missing={!key} refused={refused} />
      {/* Without a key there is no schema to ask for: null says so to GraphiQL, undefined lets it ask. */}
      <GraphiQL
        fetcher={fetcher}
        schema={key ? undefined : null}
        initialQuery={linked.query}
        initialVariables={linked.variables}
        defaultQuery={examples[0].query}
      >
        <GraphiQL.Logo>
          <div className="controls">
            <strong className="brand">Kasparro</strong>
            <ExamplesMenu />
            <KeyForm current={key} refused={refused} onUse={applyKey} />
          </div>
        </GraphiQL.Logo>
        <GraphiQL.Toolbar>
          {({ prettify, merge, copy }) => <>{prettify}{merge}{copy}<CopyLink /></>}
        </GraphiQL.Toolbar>
      </GraphiQL>
    </>
  );
}
