/**
 * Tests the packed library with the oldest and newest versions of its dependencies and of
 * TypeScript: two nodes exchange a protobuf message over a WebSocket, and programs are
 * type-checked.
 *
 *     node scripts/check-versions.mjs [tarball]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { install, typecheck, typescriptMin } from './bare-project.mjs';
import { provideNode, testedMajors } from './node-versions.mjs';
import { pack } from './pack.mjs';

const root = join(import.meta.dirname, '..');

/**
 * `node` is the version that runs the exchange, `packages` are installed along with rxmesh, and
 * `types` says whether to type-check. The examples rely on inferred type predicates, which need
 * TypeScript 5.5.
 */
const cases = [
  { packages: ['rxjs@7.8.0', 'protobufjs@7.2.0', 'ws@8.23.0'], node: '20.19.0' },
  { packages: ['rxjs@7.8.0', `typescript@${typescriptMin}`], types: 'without examples' },
  { packages: ['rxjs@7', 'protobufjs@7', 'ws@8', 'typescript@5'], types: true },
  { packages: ['rxjs@7', 'protobufjs@8', 'ws@8', 'typescript@latest'], types: true },
  { packages: ['protobufjs@8'], node: testedMajors.at(-1) },
];

const program = `
import { firstValueFrom } from 'rxjs';
import protobufjs from 'protobufjs';
import { createRouter, Identity, protobuf } from 'rxmesh';
import { webSocket } from 'rxmesh/transports/websocket';

const Note = protobufjs.Type.fromJSON('Note', { fields: { text: { id: 1, type: 'string' } } });
new protobufjs.Root().add(Note);
const options = { id: 1, codec: protobuf(Note) };
const node = async (transport, ...persistent) =>
  createRouter({
    identity: await Identity.generate(),
    network: 'versions',
    transports: [transport],
    peers: { persistent },
  });

const ann = await node(webSocket({ listen: { host: '127.0.0.1', port: 0 } }));
const heard = firstValueFrom(ann.openChannel(options).in$);
await ann.start();
const bob = await node(webSocket(), ...ann.addresses);
const said = bob.openChannel(options);
const up = firstValueFrom(bob.peers$);
await bob.start();
await up;
await firstValueFrom(said.send({ to: ann.id, message: { text: 'hello' } }), { defaultValue: null });
const { message } = await heard;
if (message.text !== 'hello') throw new Error('got ' + JSON.stringify(message));
await bob.stop();
await ann.stop();
`;

function check(directory, tarball, { packages, node, types = false }) {
  const bare = packages.some((name) => name.startsWith('protobufjs@')) ? [] : ['protobufjs@8'];
  install(directory, tarball, [...packages, ...bare]);
  writeFileSync(join(directory, 'exchange.mjs'), program);
  const executable = node === undefined ? process.execPath : join(provideNode(node), 'node');
  const limits = { cwd: directory, stdio: 'inherit', timeout: 60_000 };
  execFileSync(executable, ['exchange.mjs'], limits);
  if (types) {
    const tsc = join(directory, 'node_modules', 'typescript', 'bin', 'tsc');
    typecheck(directory, tsc, types === true);
  }
}

const temporary = mkdtempSync(join(tmpdir(), 'versions-'));
try {
  const tarball = process.argv[2] === undefined ? pack(root, temporary) : resolve(process.argv[2]);
  for (const [index, each] of cases.entries()) {
    const directory = join(temporary, `case-${index}`);
    mkdirSync(directory);
    const names = [...each.packages, ...(each.node === undefined ? [] : [`node@${each.node}`])];
    let result = 'ok';
    try {
      check(directory, tarball, each);
    } catch (error) {
      result = `FAILED: ${error.message}`;
      process.exitCode = 1;
    }
    console.log(`${names.join(', ')}: ${result}`);
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
