/**
 * Runs `npm start` and all of `npm test` on every major version of Node in use.
 *
 *     node scripts/test-nodes.mjs [--others] [--results DIRECTORY] [major ...]
 *
 * It also compares the log of a simulation with that of the version that runs this script.
 *
 * `--others` skips the version that runs this script; `--results` saves Jest's results, such as
 * `node-24.json`.
 */
import { spawnSync } from 'node:child_process';
import { delimiter, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { provideNode, testedMajors } from './node-versions.mjs';

const root = join(import.meta.dirname, '..');
const { values, positionals } = parseArgs({
  options: { others: { type: 'boolean' }, results: { type: 'string' } },
  allowPositionals: true,
});
const own = Number(process.versions.node.split('.')[0]);
const asked = positionals.length === 0 ? testedMajors : positionals.map(Number);
const majors = values.others === true ? asked.filter((major) => major !== own) : asked;

for (const major of majors) {
  const { PATH = '' } = process.env;
  const env = { ...process.env, PATH: `${provideNode(major)}${delimiter}${PATH}` };
  const run = (command, ...args) =>
    spawnSync(command, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] }).status;
  const json =
    values.results === undefined
      ? []
      : ['--json', `--outputFile=${join(resolve(values.results), `node-${major}.json`)}`];
  console.log(`\nNode ${major}`);
  const failed = [
    ['node', '--version'],
    ['npm', 'start', '--', '--seconds', '5'],
    ['npm', 'test', '--', '--silent', '--reporters=summary', ...json],
  ].filter((command) => run(...command) !== 0);
  const log = (node) =>
    spawnSync(
      node,
      ['--conditions=source', '--import', 'tsx', 'spec/support/play-network.ts', '7'],
      {
        cwd: root,
        env,
        encoding: 'utf8',
      },
    ).stdout;
  const ownLog = log(process.execPath);
  if (ownLog === '' || log('node') !== ownLog) failed.push(['the log of a simulation differs']);
  for (const command of failed) console.error(`Node ${major} failed: ${command.join(' ')}`);
  if (failed.length > 0) process.exitCode = 1;
}
