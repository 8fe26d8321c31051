/**
 * Makes a release in two steps:
 *
 *     npm run release -- VERSION [--dry-run]     on the main branch, by hand
 *     node scripts/release.mjs --publish         in the workflow that the pushed tag starts
 *
 * VERSION is anything that `npm version` accepts: `minor`, `patch`, `1.2.3`. The first step moves
 * the unreleased changes in the changelog to the new version, commits and tags; it pushes nothing.
 * The second step publishes with provenance, which npm can sign only in a CI workflow it can
 * identify.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { notesOf, released } from './changelog.mjs';

const root = join(import.meta.dirname, '..');
const read = (file) => readFileSync(join(root, file), 'utf8');
const output = (command, ...args) =>
  execFileSync(command, args, { cwd: root, encoding: 'utf8' }).trim();
const run = (command, ...args) => execFileSync(command, args, { cwd: root, stdio: 'inherit' });

const { values, positionals } = parseArgs({
  options: { 'dry-run': { type: 'boolean' }, publish: { type: 'boolean' } },
  allowPositionals: true,
});
const isDry = values['dry-run'] === true;

/** Stops the release because of a problem. A dry run only prints a warning. */
function refuse(problem) {
  if (!isDry) throw new Error(problem);
  console.warn(`a release would be refused: ${problem}`);
}

function checkTree() {
  if (output('git', 'status', '--porcelain') !== '') refuse('there are uncommitted changes');
  const branch = output('git', 'branch', '--show-current');
  if (branch !== 'main') refuse(`releases are made on main, not on ${branch}`);
}

/**
 * npm compares the repository with that of the workflow before it accepts a provenance statement.
 */
function checkRepository() {
  const { repository } = JSON.parse(read('package.json'));
  if (/[/.]example\.com\//.test(repository.url)) {
    refuse(`"repository" in package.json is a placeholder: ${repository.url}`);
  }
}

function prepare(wanted) {
  checkTree();
  checkRepository();
  const before = ['package.json', 'package-lock.json'].map((file) => [file, read(file)]);
  run('npm', 'version', wanted, '--no-git-tag-version', '--allow-same-version');
  const { name, version } = JSON.parse(read('package.json'));
  const restore = () => {
    for (const [file, text] of before) writeFileSync(join(root, file), text);
  };
  try {
    const today = new Date().toISOString().slice(0, 10);
    const changelog = released(read('CHANGELOG.md'), version, today);
    console.log(`\n${name} ${version}\n\n${notesOf(changelog, version)}\n`);
    if (isDry) {
      run('npm', 'publish', '--dry-run', '--tag', 'dry-run');
      restore();
      return;
    }
    writeFileSync(join(root, 'CHANGELOG.md'), changelog);
  } catch (error) {
    restore();
    throw error;
  }
  run('git', 'commit', '-am', `Release ${version}`);
  run('git', 'tag', '-a', `v${version}`, '-m', `${name} ${version}`);
  console.log(`To publish it: git push --follow-tags`);
}

function publish() {
  checkRepository();
  const { version } = JSON.parse(read('package.json'));
  const tag = output('git', 'describe', '--tags', '--exact-match');
  if (tag !== `v${version}`) refuse(`the tag is ${tag}, package.json has ${version}`);
  notesOf(read('CHANGELOG.md'), version);
  run('npm', 'publish', '--provenance', '--access', 'public', ...(isDry ? ['--dry-run'] : []));
}

if (values.publish === true) publish();
else if (positionals.length === 1) prepare(positionals[0]);
else throw new Error('usage: npm run release -- minor|patch|VERSION [--dry-run]');
