import { DropdownMenu, ToolbarButton, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useState } from 'react';
import { examples } from './examples.js';
import { linkTo } from './links.js';

export function KeyForm({ current, refused, onUse }) {
  const [typed, setTyped] = useState(current);
  const unchanged = typed.trim() === current;
  const state = refused ? 'Refused' : 'In use';
  const submit = (event) => {
    event.preventDefault();
    onUse(typed.trim());
  };
  return (
    <form className="key" onSubmit={submit}>
      <input
        type="password"
        aria-label="API key"
        placeholder="API key"
        title="Sent as x-api-key, forgotten when this browser tab closes"
        autoComplete="off"
        spellCheck="false"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <button type="submit" disabled={unchanged}>{current && unchanged ? state : 'Use key'}</button>
    </form>
  );
}

export function KeyNotice({ missing, refused }) {
  if (!missing && !refused) return null;
  return (
    <p className="notice" role="status">
      {missing ? <b>The API asks for a key: paste yours at the top right.</b> : <b>The server refused this key (401).</b>}{' '}
      <code>make demo</code> prints one when it starts; <code>make run</code> and <code>make up</code> write one into <code>.env</code>.
    </p>
  );
}

export function ExamplesMenu() {
  const { addTab } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const open = (query) => {
    addTab();
    queryEditor.setValue(query);
  };
  return (
    <DropdownMenu>
      <DropdownMenu.Button className="examples" disabled={!queryEditor}>Examples ▾</DropdownMenu.Button>
      <DropdownMenu.Content>
        {examples.map(({ title, query }) => (
          <DropdownMenu.Item key={title} onSelect={() => open(query)}>{title}</DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu>
  );
}

export function CopyLink() {
  const [copied, setCopied] = useState(false);
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const copy = async () => {
    const link = linkTo(queryEditor.getValue(), variableEditor?.getValue());
    history.replaceState(null, '', link);
    await navigator.clipboard?.writeText(link); // browsers have no clipboard over plain http from another machine
    setCopied(true);
  };
  const done = navigator.clipboard ? 'Link copied' : 'The link is in the address bar';
  return (
    <ToolbarButton label={copied ? done : 'Copy a link to this query'} onClick={copy} onMouseLeave={() => setCopied(false)}>
      <svg className="graphiql-toolbar-icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" aria-hidden="true">
        <path d="M10 14a4.5 4.5 0 0 0 6.4 0l3.2-3.2a4.5 4.5 0 0 0-6.4-6.4L12 5.6M14 10a4.5 4.5 0 0 0-6.4 0l-3.2 3.2a4.5 4.5 0 0 0 6.4 6.4l1.2-1.2" />
      </svg>
    </ToolbarButton>
  );
}
