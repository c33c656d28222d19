// The playground: a key is typed in, and every example of the menu is run; the live one last, until a run shows.
// Prints what it saw, one JSON line each.
import { visit } from './browser.mjs';
import { key, say, url } from './report.mjs';

const live = 'Runs, live';

// open chooses an example, and waits until GraphiQL has read it: then its tab has the operation's name.
async function open(page, title) {
  await page.getByRole('button', { name: 'Examples' }).click();
  await page.getByRole('menuitem', { name: title }).click();
  const tab = page.locator('[role=tab][aria-selected=true]').filter({ hasNotText: 'untitled' });
  return (await tab.first().innerText()).trim();
}

const execute = (page) => page.getByRole('button', { name: 'Execute query' });
const result = (page) => page.locator('.graphiql-response .view-line');

// leaf is the first text in an answer.
function leaf(value) {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? value : undefined;
  return Object.values(value).map(leaf).find(Boolean);
}

async function run(page, title) {
  const operation = await open(page, title);
  const answered = page.waitForResponse((r) => r.url() === url && r.request().postDataJSON()?.operationName === operation);
  await execute(page).click();
  const answer = await (await answered).json();
  const first = leaf(answer.data);
  if (first) await result(page).filter({ hasText: JSON.stringify(first) }).first().waitFor();
  say({ example: title, first, answer });
}

async function listen(page) {
  await open(page, live);
  const opened = page.waitForEvent('websocket');
  await execute(page).click();
  const socket = await opened;
  const closed = socket.waitForEvent('close');
  say({ listens: socket.url() });
  await result(page).filter({ hasText: '"etlRunChanged"' }).first().waitFor(); // what another example showed is gone
  await result(page).filter({ hasText: '"SUCCEEDED"' }).first().waitFor();
  say({ heard: (await result(page).allInnerTexts()).join('\n').replaceAll('\u00a0', ' ') });
  await page.getByRole('button', { name: 'Stop query' }).click();
  await closed;
  await execute(page).waitFor();
}

await visit('/playground', async (page) => {
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Use key' }).click();
  await page.getByRole('button', { name: 'In use' }).waitFor();
  await page.getByRole('button', { name: 'Examples' }).click();
  await page.getByRole('menuitem').first().waitFor();
  const titles = await page.getByRole('menuitem').allInnerTexts();
  await page.keyboard.press('Escape');
  say({ menu: titles });
  for (const title of titles.filter((title) => title !== live)) await run(page, title);
  await listen(page);
});
