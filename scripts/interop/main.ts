/**
 * Tries the CometBFT transport with released CometBFTs, with nothing mocked: for each version a
 * chain of a single validator and one of four, on loopback. They are installed through Go's module
 * tools, and kept in ~/.cache/rxmesh-interop.
 *
 *     npm run test:interop                          both versions, side by side
 *     npm run test:interop -- --version v0.38.26 --seconds 20 --megabytes 20
 *
 * Exits with code 1 if a check fails, or if there is no Go.
 */
import { commandLine } from '../command-line.ts';
import { type Check, inTurn, together, type World } from './checks.ts';
import { assertGo, installComet } from './install.ts';
import { Network } from './network.ts';
import { Validator } from './validator.ts';

/** The newest release of each line. */
const releases = ['v0.38.26', 'v1.0.1'];

const { numbers: amounts, values } = commandLine({
  usage: `npm run test:interop -- [options]

  --version v0.38.26   only this version; more than one may be given; default: ${releases.join(' and ')}
  --seconds 60         how long to listen to the validators
  --megabytes 100      how much to take from their blocks`,
  numbers: { seconds: 60, megabytes: 100 },
  options: { version: { type: 'string', multiple: true } },
});

/** Runs all checks with one version. Returns what it has said of those that failed. */
async function interop(version: string, program: string): Promise<readonly string[]> {
  const say = (line: string): void => console.log(`${version.padEnd(8)}  ${line}`);
  const [validator, network] = [await Validator.create(program), await Network.create(program)];
  const world: World = { program, validator, network };
  const failed: string[] = [];
  const tried = async (checks: readonly Check[]): Promise<void> => {
    for (const { name, run } of checks) {
      try {
        say(`ok      ${name}: ${await run(world)}`);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        say(`FAILED  ${name}: ${why}`);
        failed.push(`${version}: ${name}: ${why}`);
      }
    }
  };
  try {
    await Promise.all([validator.start(), network.start()]);
    say(`one validator of ${validator.chainId} and four of ${network.chainId} make blocks`);
    await Promise.all(together(amounts).map(tried));
    await tried(inTurn(amounts));
    if (failed.length > 0) say(`the log of the one validator:\n${validator.log.slice(-4_000)}`);
  } finally {
    await Promise.all([validator.dispose(), network.dispose()]);
  }
  return failed;
}

try {
  assertGo();
  const versions = values.version ?? releases;
  const programs: string[] = [];
  for (const version of versions) programs.push(await installComet(version));
  const beganMs = performance.now();
  const failures = await Promise.all(
    programs.map((program, nth) => interop(versions[nth] ?? '', program)),
  );
  const failed = failures.flat();
  const seconds = ((performance.now() - beganMs) / 1_000).toFixed(0);
  const outcome = failed.length === 0 ? 'all checks passed' : `${failed.length} checks failed`;
  console.log(`interop: ${outcome}, in ${seconds} s`);
  for (const line of failed) console.log(`failed: ${line}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} catch (error) {
  console.error(`interop: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
