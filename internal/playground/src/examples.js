import assets from './examples/assets.graphql';
import records from './examples/records.graphql';
import runs from './examples/runs.graphql';

// What the Examples menu offers. The first one is what a new visitor finds in the editor.
export const examples = [
  { title: 'Records of a source, with their assets', query: records },
  { title: 'Assets, their listings and latest prices', query: assets },
  { title: 'The last runs', query: runs },
];
