// Bundles src/ into dist/: the page, and assets with a hash in their name, already compressed.
// Everything comes from node_modules, so the page needs no other host than the one that serves it.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { notices } from './notices.mjs';

const assets = 'dist/assets';
const url = (file) => '/playground/assets/' + basename(file);

const common = {
  bundle: true,
  minify: true,
  metafile: true,
  logLevel: 'warning',
  legalComments: 'none', // notices.mjs collects the licences instead
  target: 'es2022',
  outdir: assets,
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  assetNames: '[name]-[hash]',
  define: { 'process.env.NODE_ENV': '"production"' },
};

// outputOf finds the file that an entry point became.
function outputOf(metafile, entryPoint) {
  const found = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint === entryPoint);
  if (!found) throw new Error(`the bundle has no output for ${entryPoint}`);
  return { file: found[0], styles: found[1].cssBundle };
}

async function buildWorkers() {
  const source = (name) => `src/workers/${name}.js`;
  const names = ['editor', 'json', 'graphql'];
  const { metafile } = await build({ ...common, format: 'iife', entryPoints: names.map(source) });
  const scripts = Object.fromEntries(names.map((name) => [name, url(outputOf(metafile, source(name)).file)]));
  return { metafile, scripts };
}

function buildPage(workerScripts) {
  return build({
    ...common,
    format: 'esm',
    splitting: true,
    jsx: 'automatic',
    entryPoints: ['src/main.jsx', 'src/favicon.svg'],
    loader: { '.svg': 'copy', '.ttf': 'file', '.graphql': 'text' },
    // GraphiQL takes these two by their old names, which lead to files without named exports.
    alias: { 'prettier/parser-graphql': 'prettier/plugins/graphql', 'prettier/parser-babel': 'prettier/plugins/babel' },
    define: { ...common.define, WORKER_SCRIPTS: JSON.stringify(workerScripts) },
  });
}

async function writeNotices(inputs) {
  const text = await notices(inputs);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const file = join(assets, `third-party-notices-${hash}.txt`);
  await writeFile(file, text);
  return file;
}

async function writePage(metafile, license) {
  const { file, styles } = outputOf(metafile, 'src/main.jsx');
  const icon = outputOf(metafile, 'src/favicon.svg').file;
  const places = { script: url(file), styles: url(styles), icon: url(icon), license: url(license) };
  const template = await readFile('src/index.html', 'utf8');
  await writeFile('dist/index.html', template.replace(/{{(\w+)}}/g, (_, name) => places[name]));
}

async function compressAssets() {
  for (const name of await readdir(assets)) {
    const file = join(assets, name);
    await writeFile(file + '.gz', gzipSync(await readFile(file), { level: 9 }));
    await rm(file);
  }
}

await rm('dist/index.html', { force: true });
await rm(assets, { recursive: true, force: true });
await mkdir(assets, { recursive: true });
const workers = await buildWorkers();
const page = await buildPage(workers.scripts);
const inputs = [...Object.keys(workers.metafile.inputs), ...Object.keys(page.metafile.inputs)];
const license = await writeNotices(inputs);
await compressAssets();
await writePage(page.metafile, license); // last: a page is there only if everything it needs is
