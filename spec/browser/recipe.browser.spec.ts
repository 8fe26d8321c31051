/** The recipe for a page in the browser: its server as a process, its page in two tabs. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import type { Browser, Page as Tab } from 'playwright-core';
import { PagePrograms } from '../docs/page-programs.ts';
import { bundled, launch } from './chromium.ts';

let recipe: PagePrograms;
let browser: Browser;

beforeAll(async () => {
  recipe = await PagePrograms.of('docs/recipes/browser.md');
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await recipe.end();
});

it('two tabs chat through the server', async () => {
  writeFileSync(recipe.file('page.js'), await bundled(recipe.file('page.ts')));
  const server = recipe.run('server.ts', recipe.file('node_key.json'));
  const url = /open (\S+)/.exec(await server.prints(/open \S+/))?.[1] ?? '';
  const [ann, bob] = [await browser.newPage(), await browser.newPage()];
  const errors: string[] = [];
  for (const tab of [ann, bob]) {
    tab.on('pageerror', ({ message }) => errors.push(message));
    await tab.goto(url);
  }
  await server.prints(/is up[\s\S]*is up/);
  await say(ann, 'hello');
  await bob.waitForFunction(() => document.body.innerText.includes('hello'));
  await say(bob, 'hello, Ann');
  await ann.waitForFunction(() => document.body.innerText.includes('hello, Ann'));
  expect((await ann.innerText('#lines')).trim()).toBe('me: hello\nhello, Ann');
  expect(errors).toEqual([]);
});

async function say(tab: Tab, text: string): Promise<void> {
  await tab.fill('#line', text);
  await tab.press('#line', 'Enter');
}
