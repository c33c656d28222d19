// The editor is imported here, and not only when GraphiQL asks for it, so that its styles are in the page's stylesheet.
import 'monaco-graphql/esm/monaco-editor.js';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './playground.css';
import './workers.js';
import { createRoot } from 'react-dom/client';
import { Playground } from './playground.jsx';

createRoot(document.getElementById('root')).render(<Playground />);
