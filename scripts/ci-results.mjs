/**
 * Adds up jest's results, names what failed, and ends with `N passed, N failed`.
 *
 *     node scripts/ci-results.mjs DIRECTORY RUN...
 *
 * Each run should have left `RUN.json` in the directory; those of other versions of Node,
 * `node-*.json`, are found there.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const namedMax = 50;
const [directory, ...wanted] = process.argv.slice(2);
const nodes = readdirSync(directory)
  .filter((file) => file.startsWith('node-'))
  .map((file) => file.replace(/\.json$/, ''));

const firstLine = (text = '') => text.split('\n').find((line) => line.trim() !== '') ?? '';

/** A suite that could not run has no failed tests of its own, and counts as one. */
function failuresOf({ name, status, message, assertionResults }) {
  if (status !== 'failed') return [];
  const file = relative(process.cwd(), name);
  const tests = assertionResults.filter((test) => test.status === 'failed');
  if (tests.length === 0) return [`${file}: ${firstLine(message)}`];
  return tests.map((test) => `${file}: ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
}

const failures = [];
let [passed, failed, skipped] = [0, 0, 0];
for (const run of [...wanted, ...nodes]) {
  let results;
  try {
    results = JSON.parse(readFileSync(join(directory, `${run}.json`), 'utf8'));
  } catch (error) {
    // A run without results counts as one failure.
    failures.push(`${run}: left no results: ${error.message}`);
    failed += 1;
    continue;
  }
  passed += results.numPassedTests;
  failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
  skipped += results.numPendingTests + results.numTodoTests;
  for (const suite of results.testResults) {
    failures.push(...failuresOf(suite).map((line) => `${run}: ${line}`));
  }
}
for (const line of failures.slice(0, namedMax)) console.log(`failed: ${line}`);
if (failures.length > namedMax) console.log(`and ${failures.length - namedMax} more`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
