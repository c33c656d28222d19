// Collects the licences of the packages that went into the bundle, for those licences ask to be passed on.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const packageOf = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

// notices returns the licence texts of all packages that the input files belong to, in one text.
export async function notices(inputs) {
  const folders = new Set(inputs.map((file) => packageOf.exec(file)?.[1]).filter(Boolean));
  const texts = await Promise.all([...folders].sort().map(notice));
  return texts.join('\n' + '-'.repeat(80) + '\n\n');
}

async function notice(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|thirdpartynotices)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return [`${name} ${version} (${license})`, ...texts].join('\n\n') + '\n';
}
