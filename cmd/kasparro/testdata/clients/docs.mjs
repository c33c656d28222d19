// The page of the REST routes: a key is typed in, and two routes are tried out with it.
// Prints what it saw, one JSON line each.
import { visit } from './browser.mjs';
import { key, say } from './report.mjs';

async function authorize(page) {
  await page.getByRole('button', { name: 'Authorize' }).click();
  const scheme = page.locator('.auth-container').filter({ hasText: 'x-api-key' });
  await scheme.locator('input').fill(key);
  await scheme.getByRole('button', { name: 'Apply credentials' }).click();
  await page.getByRole('button', { name: 'Close' }).last().click();
}

async function tryOut(page, path) {
  const route = page.locator('.opblock').filter({ has: page.locator(`[data-path="${path}"]`) });
  await route.locator('.opblock-summary-control').click();
  await route.getByRole('button', { name: 'Try it out' }).click();
  await route.getByRole('button', { name: 'Execute' }).click();
  const shown = route.locator('.live-responses-table .response').first();
  const status = await shown.locator('.response-col_status').innerText();
  say({ tried: path, status: parseInt(status), shown: await shown.locator('.microlight').first().innerText() });
}

await visit('/docs', async (page) => {
  await authorize(page);
  await tryOut(page, '/stats');
  await tryOut(page, '/data');
});
