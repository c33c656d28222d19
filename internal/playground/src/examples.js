import assets from './examples/assets.graphql';
import disagreements from './examples/disagreements.graphql';
import live from './examples/live.graphql';
import records from './examples/records.graphql';
import runs from './examples/runs.graphql';
import unusual from './examples/unusual.graphql';

// What the Examples menu offers. The first one is what a new visitor finds in the editor.
export const examples = [
  { title: 'Records of a source, with their assets', query: records },
  { title: 'Assets, their listings and latest prices', query: assets },
  { title: 'Where sources disagree', query: disagreements },
  { title: 'The last runs', query: runs },
  { title: 'What was unusual about them', query: unusual },
  { title: 'Runs, live', query: live },
];
