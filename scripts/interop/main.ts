/**
 * Tries the CometBFT transport with released CometBFTs, with nothing mocked. They are installed
 * through Go's module tools, and kept in ~/.cache/rxmesh-interop.
 *
 *     npm run test:interop                          both versions
 *     npm run test:interop -- --version v0.38.26 --seconds 60
 *
 * Exits with code 1 if a check fails, or if there is no Go.
 */
import { parseArgs } from 'node:util';
import { checks } from './checks.ts';
import { assertGo, installComet } from './install.ts';
import { Validator } from './validator.ts';

/** The newest release of each line. */
const releases = ['v0.38.26', 'v1.0.1'];

const { values } = parseArgs({
  options: {
    version: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '8' },
  },
});

/** Runs all checks with one version. Returns how many have failed. */
async function interop(version: string): Promise<number> {
  console.log(`CometBFT ${version}`);
  const validator = await Validator.create(await installComet(version));
  let failed = 0;
  try {
    await validator.start();
    console.log(`  a validator of ${validator.chainId} makes blocks`);
    for (const { name, run } of checks(Number(values.seconds))) {
      try {
        console.log(`  ok      ${name}: ${await run(validator)}`);
      } catch (error) {
        failed += 1;
        console.log(`  FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (failed > 0) console.log(`its log:\n${validator.log.slice(-4_000)}`);
  } finally {
    await validator.dispose();
  }
  return failed;
}

try {
  assertGo();
  let failed = 0;
  for (const version of values.version ?? releases) failed += await interop(version);
  console.log(failed === 0 ? 'interop: all checks passed' : `interop: ${failed} checks failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  console.error(`interop: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
