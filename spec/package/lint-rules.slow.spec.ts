import { describe, expect, it } from '@jest/globals';
import { ESLint, Linter } from 'eslint';
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
      rules: {
        'rxmesh/import-down': 'error',
        'rxmesh/documented-exports': 'error',
        'rxmesh/no-wall-clock': 'error',
      },
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
    ['lib/router/router.ts', '../exchange/options.ts', []],
    ['lib/exchange/options.ts', '../router/router.ts', ['up']],
    ['lib/session/session.ts', '../router.ts', ['up']],
    ['lib/session/session.ts', '#websocket', ['up']],
    ['lib/router/router.ts', '../session/session.ts', []],
    ['lib/router/router.ts', '../testing/index.ts', ['up']],
    ['lib/router/router.ts', '../../examples/mesh.ts', ['outside']],
    ['lib/testing/index.ts', '../router.ts', []],
    ['lib/calls/calls.ts', '../index.ts', []],
    ['lib/calls/calls.ts', './frame.ts', []],
    ['lib/calls/calls.ts', '../../operators/index.ts', []],
    ['lib/calls/calls.ts', '#platform/abort-controller', []],
    ['lib/calls/calls.ts', '../flow/lane.ts', ['inside']],
    ['lib/calls/calls.ts', '../../operators/pipe-to.ts', ['inside']],
    ['lib/deliveries/board.ts', '../index.ts', []],
    ['lib/deliveries/board.ts', '../calls/calls.ts', ['inside']],
    ['lib/index.ts', './calls/index.ts', ['up']],
    ['transports/memory/index.ts', '../../lib/secure/link.ts', []],
    ['transports/memory/index.ts', '../../lib/peers/score.ts', ['up']],
    ['transports/memory/index.ts', '../websocket/index.ts', ['up']],
    ['transports/websocket/index.ts', '#websocket', []],
    ['transports/websocket/socket.node.ts', 'ws', []],
    ['transports/websocket/socket.ts', 'ws', ['platform']],
    ['lib/platform/dns.web.ts', 'node:dns', ['platform']],
    ['lib/codec/protobuf.ts', 'protobufjs/minimal.js', []],
    ['lib/codec/protobuf.ts', 'protobufjs', ['protobufjs']],
    ['lib/protobufjs.ts', 'protobufjs', []],
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

describe('L-10 the lint rule no-wall-clock', () => {
  it.each([
    ['const now = Date.now();'],
    ['const now = new Date();'],
    ['const now = +Date();'],
    ['const { now } = Date;'],
    ['const now = globalThis.Date.now();'],
    ["const now = globalThis['Date'].now();"],
    ['const now = performance.timeOrigin + performance.now();'],
    ["import { asyncScheduler } from 'rxjs';\nconst now = asyncScheduler.now();"],
    ["import { asapScheduler as soon } from 'rxjs';\nconst { now } = { now: soon.now };"],
    ["import { Scheduler } from 'rxjs';\nconst now = Scheduler.now();"],
    ["import { timestamp } from 'rxjs';"],
    ["import { timeInterval } from 'rxjs/operators';"],
    ["import { dateTimestampProvider } from 'rxjs/internal/scheduler/dateTimestampProvider';"],
  ])('refuses %j', (code) => {
    for (const file of ['lib/flow/lane.ts', 'lib/platform/dns.ts', 'operators/dial.ts']) {
      expect(lint(file, code)).toEqual(['wall']);
    }
  });

  it.each([
    ['const now = performance.now();'],
    ['const now = clock.now();'],
    ["import { asyncScheduler } from 'rxjs';\nasyncScheduler.schedule(work, 1);"],
    ['let since: Date | undefined;'],
    ['function show(Date: { now(): number }) { return Date.now(); }'],
  ])('takes %j', (code) => {
    expect(lint('lib/flow/lane.ts', code)).toEqual([]);
  });

  it('stands guard over lib, operators and transports', async () => {
    const eslint = new ESLint();
    for (const file of [
      'lib/flow/lane.ts',
      'lib/platform/dns.ts',
      'operators/dial.ts',
      'transports/memory/courier.ts',
      'transports/websocket/socket.web.ts',
    ]) {
      const config: unknown = await eslint.calculateConfigForFile(file);
      expect(config).toMatchObject({ rules: { 'rxmesh/no-wall-clock': [2] } });
    }
  });
});
