import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Break } from './breaks.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
/** A break may make a program run forever. */
const runMsMax = 300_000;

/** What to remove when this process ends before its time. */
const folders = new Set<string>();
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
process.on('SIGINT', () => process.exit(130));

/** What found a break. */
export interface Found {
  readonly name: string;
  readonly seed: number | undefined;
  readonly invariant: string;
}

/** A copy of the project in a folder of its own, with the packages that are installed here. */
export class Copy {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(): Promise<Copy> {
    const folder = await mkdtemp(join(tmpdir(), 'rxmesh-breaks-'));
    folders.add(folder);
    const listed = ['ls-files', '--cached', '--others', '--exclude-standard'];
    const { stdout } = await run('git', listed, { cwd: root, maxBuffer: 2 ** 26 });
    for (const file of stdout.trim().split('\n')) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await cp(join(root, file), join(folder, file));
    }
    await mkdir(join(folder, 'node_modules'));
    for (const name of await readdir(join(root, 'node_modules'))) {
      if (name === '.cache') continue;
      await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
    }
    return new Copy(folder);
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true });
    folders.delete(this.#folder);
  }

  /** Does `work` with a broken source. */
  async broken<T>({ file, find, replace }: Break, work: () => Promise<T>): Promise<T> {
    const path = join(this.#folder, file);
    const source = await readFile(path, 'utf8');
    if (!source.includes(find)) throw new Error(`${file} does not have: ${find}`);
    await writeFile(
      path,
      source.replace(find, () => replace),
    );
    try {
      return await work();
    } finally {
      await writeFile(path, source);
    }
  }

  /** The first seed that finds something; undefined if none does. */
  async seek(): Promise<Found | undefined> {
    const args = ['--stack-trace-limit=0', 'scripts/bundled.mjs', 'scripts/breaks/seek.ts'];
    const { stdout, failure } = await this.#node(args);
    if (failure !== undefined) return { name: failure, seed: undefined, invariant: failure };
    return stdout === '' ? undefined : (JSON.parse(stdout) as Found);
  }

  /** Whether a spec passes. */
  async passes(spec: string): Promise<boolean> {
    const config = spec.endsWith('.slow.spec.ts') ? 'jest.slow.config.js' : 'jest.config.js';
    const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
    const args = [...jest, '--config', config, '--runTestsByPath', spec];
    const { failure } = await this.#node(args);
    return failure === undefined;
  }

  async #node(args: readonly string[]): Promise<{ stdout: string; failure?: string }> {
    const options = { cwd: this.#folder, timeout: runMsMax, maxBuffer: 2 ** 26 };
    try {
      return await run(process.execPath, [...args], options);
    } catch (thrown) {
      const wasKilled = (thrown as { killed?: boolean }).killed === true;
      return { stdout: '', failure: wasKilled ? 'it hangs' : 'it throws' };
    }
  }
}
