import { describe, expect, it } from '@jest/globals';
import { Linter } from 'eslint';
import { parser } from 'typescript-eslint';
import rxmesh from '../../scripts/lint-rules.mjs';

const linter = new Linter();

/** Which rules `code` breaks, as the file at `filename`. */
function lint(filename: string, code: string): (string | null | undefined)[] {
  const messages = linter.verify(
    code,
    {
      files: ['**/*.ts'],
      plugins: { rxmesh },
      languageOptions: { parser },
      rules: { 'rxmesh/import-down': 'error', 'rxmesh/documented-exports': 'error' },
    },
    { filename },
  );
  return messages.map(({ messageId }) => messageId);
}

describe('the lint rule import-down', () => {
  it.each([
    ['lib/model/id.ts', '#platform/crypto', []],
    ['lib/model/id.ts', './hex.ts', []],
    ['lib/model/id.ts', '../flow/clock.ts', ['up']],
    ['lib/flow/lane.ts', '../codec/codec.ts', ['up']],
    ['lib/transport/link.ts', '../flow/clock.ts', []],
    ['lib/secure/link.ts', '../peers/score.ts', ['up']],
    ['lib/peers/score.ts', '../../operators/map.ts', ['up']],
    ['lib/peers/score.ts', '../index.ts', ['up']],
    ['lib/peers/score.ts', '../somewhere/else.ts', ['up']],
    ['operators/map.ts', '../lib/peers/score.ts', []],
    ['operators/map.ts', '../lib/router/router.ts', ['up']],
    ['operators/map.ts', '../transports/memory/index.ts', ['up']],
    ['operators/map.ts', '../lib/channel/channels.ts', []],
    ['lib/session/session.ts', '../../operators/map.ts', ['up']],
    ['lib/session/session.ts', '../channel/channels.ts', ['up']],
    ['lib/router/router.ts', '../../operators/map.ts', []],
    ['lib/session/session.ts', '../router.ts', ['up']],
    ['lib/session/session.ts', '#websocket', ['up']],
    ['lib/router/router.ts', '../session/session.ts', []],
    ['lib/router/router.ts', '../testing/index.ts', ['up']],
    ['lib/router/router.ts', '../../examples/mesh.ts', ['outside']],
    ['lib/testing/index.ts', '../router.ts', []],
    ['transports/memory/index.ts', '../../lib/secure/link.ts', []],
    ['transports/memory/index.ts', '../../lib/peers/score.ts', ['up']],
    ['transports/memory/index.ts', '../websocket/index.ts', ['up']],
    ['transports/websocket/index.ts', '#websocket', []],
    ['transports/websocket/socket.node.ts', 'ws', []],
    ['transports/websocket/socket.ts', 'ws', ['platform']],
    ['lib/platform/dns.web.ts', 'node:dns', ['platform']],
    ['lib/codec/protobuf.ts', 'protobufjs/minimal.js', []],
    ['lib/codec/protobuf.ts', 'protobufjs', ['protobufjs']],
    ['lib/codec/protobuf.ts', 'rxmesh/operators', ['self']],
  ])('says of %s importing %s: %j', (file, specifier, expected) => {
    expect(lint(file, `import { x } from '${specifier}';`)).toEqual(expected);
  });

  it.each([
    `import type { Router } from '../router.ts';`,
    `export { Router } from '../router.ts';`,
    `export * from '../router.ts';`,
    `const router = await import('../router.ts');`,
    `type Router = import('../router.ts').Router;`,
  ])('sees %s', (code) => {
    expect(lint('lib/model/id.ts', code)).toEqual(['up']);
  });
});

describe('the lint rule documented-exports', () => {
  it.each([
    ['export const a = 1;', ['missing']],
    ['// a comment\nexport type A = 1;', ['missing']],
    ['/* a comment */\nexport class A {}', ['missing']],
    ['/** One. */\nexport const a = 1;', []],
    ['/** One. */\n\nexport interface A {}', []],
    ['const a = 1;\nexport { a };', []],
    ['/** One. */\nexport function f(a: 1): 1;\nexport function f(a: 2): 2;', []],
    ['/** One. */\nexport function f(a: 1): 1;\nexport function g(a: 2): 2;', ['missing']],
  ])('judges %j: %j', (code, expected) => {
    expect(lint('lib/model/id.ts', code)).toEqual(expected);
  });
});
