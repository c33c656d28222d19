// Chromium with no network but the service, which tells of everything that goes wrong in a page.
import { chromium } from 'playwright-core';
import { say, url } from './report.mjs';

const base = new URL(url).origin;

// visit opens a page of the service, does something with it, and leaves. What goes wrong meanwhile is said: errors and
// warnings of the console, what the page's policy forbids, and requests that fail or go elsewhere.
export async function visit(path, use) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    chromiumSandbox: false, // root cannot have one, and every page is ours
    args: [
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    page.setDefaultTimeout(120_000);
    await watch(page);
    await page.goto(base + path);
    await use(page);
  } finally {
    await browser.close();
  }
}

async function watch(page) {
  const trouble = (...words) => say({ trouble: words.join(' ') });
  page.on('console', (line) => ['error', 'warning'].includes(line.type()) && trouble('console:', line.text()));
  page.on('pageerror', (error) => trouble('error:', error.stack));
  page.on('requestfailed', (request) => trouble('failed:', request.url(), request.failure()?.errorText));
  page.on('response', (response) => response.status() >= 400 && trouble('answered:', response.url(), response.status()));
  const here = (address) => address.startsWith(base + '/') || address.startsWith('data:');
  page.on('request', (request) => here(request.url()) || trouble('elsewhere:', request.url()));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (forbidden) => {
      console.error('forbidden:', forbidden.effectiveDirective, forbidden.blockedURI, forbidden.sample);
    });
  });
}
