/** The programs that the rows run: two nodes in one process exchange a protobufjs message. */
import { entries } from '../bare-project.mjs';
import { nodeOnly } from '../node-only.mjs';

/** A function that works in every module system, because the exports are passed in. */
const greet = `
async function greet({ createRouter, Identity, protobuf }, { MemoryNetwork }, { parse }) {
  const { root } = parse('syntax = "proto3"; message Note { string text = 1; }');
  const options = { id: 1, codec: protobuf(root.lookupType('Note')) };
  const memory = new MemoryNetwork();
  const node = async (...persistent) => {
    const identity = await Identity.generate();
    const transports = [memory.transport(identity.id)];
    return createRouter({ identity, network: 'matrix', transports, peers: { persistent } });
  };
  const ann = await node();
  const heard = new Promise((resolve) => {
    ann.openChannel(options).in$.subscribe(({ message }) => resolve(message.text));
  });
  await ann.start();
  const bob = await node('memory:' + ann.id);
  const said = bob.openChannel(options);
  bob.peers$.subscribe(() => said.out.next({ broadcast: true, message: { text: 'hello' } }));
  await bob.start();
  const text = await heard;
  await bob.stop();
  await ann.stop();
  return text;
}
const greeted = () => greet(rxmesh, memory, protobufjs);
`;

const imports = `
import * as rxmesh from 'rxmesh';
import * as memory from 'rxmesh/transports/memory';
import * as protobufjs from 'rxmesh/protobufjs';
`;

const requires = `
const rxmesh = require('rxmesh');
const memory = require('rxmesh/transports/memory');
const protobufjs = require('rxmesh/protobufjs');
`;

const demand = `
if ((await greeted()) !== 'hello') throw new Error('the message has not arrived');
`;

/** Loads entry points with `require`, and checks that each exports something. */
const requireEach = (names) =>
  names
    .map(
      (entry) => `if (Object.keys(require('${entry}')).length === 0) throw new Error('${entry}');`,
    )
    .join('\n');
const requireAll = requireEach(entries);
/**
 * The same in jsdom, where a runner may take the browser's bundle: what needs Node then says so.
 */
const requireWeb = `${requireEach(entries.filter((entry) => !isNodeOnly(entry)))}
for (const name of ${JSON.stringify(entries.filter(isNodeOnly))}) {
  try {
    if (Object.keys(require(name)).length === 0) throw new Error(name);
  } catch (error) {
    if (!error.message.includes('needs Node')) throw error;
  }
}`;

function isNodeOnly(entry) {
  return nodeOnly.some((name) => entry.endsWith(`/${name}`));
}

/** `require` and `import` must give the same copy, so that each class exists once. */
const sameCopy = `
const { createRouter } = await import('rxmesh');
if (rxmesh.createRouter !== createRouter) throw new Error('there are two copies of rxmesh');
`;

export const esm = imports + greet + demand;
export const cjs = `${requires}${greet}${requireAll}
(async () => {${demand}${sameCopy}})();
`;

/** For bundlers: a module that imports rxmesh, and one that requires it. */
export const mixed = `${imports}${greet}
import { createRouter } from './required.cjs';
if (rxmesh.createRouter !== createRouter) throw new Error('there are two copies of rxmesh');
greeted().then((text) => console.log(text));
`;
export const required = `exports.createRouter = require('rxmesh').createRouter;\n`;

const inTest = (test) => `
${test}('two nodes exchange a message', async () => {
  expect(await greeted()).toBe('hello');
});
`;

export const cjsTest = `${requires}${requireAll}${greet}${inTest('test')}`;
export const cjsWebTest = `${requires}${requireWeb}${greet}${inTest('test')}`;
export const esmTest = `${imports}${greet}${inTest('test')}`;
export const vitestTest = `import { expect, test } from 'vitest';${imports}${greet}${inTest('test')}`;
export const nodeTest = (isModule) => `
${isModule ? "import { test } from 'node:test';" : "const { test } = require('node:test');"}
${isModule ? imports : requires}${greet}
test('two nodes exchange a message', async () => {
  if ((await greeted()) !== 'hello') throw new Error('the message has not arrived');
});
`;

/** A TypeScript test for ts-jest, which checks the types and runs it. */
export const typedTest = `
import { createRouter, Identity, json, type Router } from 'rxmesh';
import { pipeTo } from 'rxmesh/operators';
import { MemoryNetwork } from 'rxmesh/transports/memory';

test('a router is made, and is typed', async () => {
  const identity = await Identity.generate();
  const transports = [new MemoryNetwork().transport(identity.id)];
  const router: Router = createRouter({ identity, network: 'matrix', transports });
  const channel = router.openChannel({ id: 1, codec: json<string>() });
  // @ts-expect-error the types are real, not any
  const wrong: number = channel.in$;
  expect([typeof wrong, typeof pipeTo]).toEqual(['object', 'function']);
});
`;

/** Imports every entry point, and checks that its types are not `any`. */
export const typed = `${entries.map((entry, i) => `import * as entry${i} from '${entry}';`).join('\n')}
import { RxmeshError, type ErrorCode } from 'rxmesh';
const all: object[] = [${entries.map((_, i) => `entry${i}`).join(', ')}];
const code: ErrorCode = new RxmeshError('RXMESH_STOPPED', 'stopped').code;
// @ts-expect-error the types are real, not any
const wrong: number = code;
console.log(all, wrong);
`;
