/** Runs in a copy of the project: prints the first seed of `--troubles` that finds a fault. */
import { optionsFrom } from '../simulate/options.ts';
import { firstBroken } from '../simulate/seeds.ts';
import { troubles } from '../simulate/troubles.ts';

for (const { name, line } of troubles) {
  const options = optionsFrom(line.split(' '));
  const found = options && firstBroken(options);
  if (found === undefined) continue;
  const invariant = found.result.firstBroken?.invariant ?? 'stop';
  console.log(JSON.stringify({ name, seed: found.options.seed, invariant }));
  break;
}
