import { readFile } from 'node:fs/promises';
import { fileURLToPath, URL } from 'node:url';

/** What the inspector serves. */
export interface Page {
  readonly script: string;
  readonly style: string;
}

/**
 * The page, bundled from `page/`. This file serves the sources; the build replaces it by one
 * that has the bundle (`scripts/finish-build.mjs`).
 */
export function inspectorPage(): Promise<Page> {
  bundled ??= bundle();
  return bundled;
}

let bundled: Promise<Page> | undefined;

async function bundle(): Promise<Page> {
  const builder = fileURLToPath(new URL('../../scripts/bundle-inspector.mjs', import.meta.url));
  const { bundleInspector } = (await import(builder)) as {
    readonly bundleInspector: () => Promise<Pick<Page, 'script'>>;
  };
  const { script } = await bundleInspector();
  const style = new URL('./page/style.css', import.meta.url);
  return { script, style: await readFile(style, 'utf8') };
}
