import { posix } from 'node:path';
import ts from 'typescript';
import { fileNameOf, root, type Fence } from './documents.ts';

/** What an example without imports of its own may use. */
const packages = [
  'rxjs',
  'rxmesh',
  'rxmesh/operators',
  'rxmesh/calls',
  'rxmesh/deliveries',
  'rxmesh/gossip',
  'rxmesh/inspect',
  'rxmesh/inspect/overlay',
  'rxmesh/metrics',
  'rxmesh/protobufjs',
  'rxmesh/testing',
  'rxmesh/testing/tcp',
  'rxmesh/transports/comet',
  'rxmesh/transports/libp2p',
  'rxmesh/transports/memory',
  'rxmesh/transports/websocket',
  '../../lib/secure/index.ts',
  '../../lib/secure/merlin.ts',
];

/** What an example takes for granted. */
const context = `
import { createServer } from 'node:http';
import type { TestScheduler } from 'rxjs/testing';
declare const router: Router;
declare const channel: Channel<string>;
declare const chat: Channel<string>;
declare const switchboard: Switchboard;
declare const proven$: Observable<Proven>;
declare const transport: Transport;
declare const self: Self;
declare const identity: Identity;
declare const nodeInfo: NodeInfo;
declare const clock: Clock;
declare const socket: FrameSocket;
declare const receiver: LinkReceiver;
declare const key: Uint8Array;
declare const to: NodeId;
declare const bytes: Uint8Array;
declare const source$: Observable<string>;
declare const show: (...values: readonly unknown[]) => void;
declare const save: (text: string) => Promise<void>;
declare const onFailure: (error: RxmeshError) => void;
declare const httpServer: ReturnType<typeof createServer>;
declare const scheduler: TestScheduler;
declare const net: Simulation;
declare const meter: MeterLike;
declare const otel: typeof import('@opentelemetry/api');
declare const libp2pNode: Libp2pNode;
declare const multiaddr: (text: string) => Libp2pAddress;
declare const it: (name: string, run: () => Promise<void>) => void;
declare const open: () => TransportPair;
declare const node: () => Promise<TransportNode>;
declare const root: { lookupType(name: string): ReflectedType };
interface ChatMessage { text: string }
interface Move { x: number; y: number }
interface Resign { reason: string }
declare const ChatMessage: MessageType<ChatMessage>;
declare const GameMessage: MessageType;
declare const Move: MessageType<Move>;
declare const Resign: MessageType<Resign>;
declare const Envelope: MessageType<{ version: number; text: string }>;
`;

/** Packages that examples import and that are not installed here: as much of them as is used. */
const modules = `
declare module '@chainsafe/libp2p-noise' { export const noise: () => object; }
declare module '@chainsafe/libp2p-yamux' { export const yamux: () => object; }
declare module '@libp2p/crypto/keys' {
  export function generateKeyPairFromSeed(type: 'Ed25519', seed: Uint8Array): Promise<object>;
}
declare module '@libp2p/circuit-relay-v2' {
  export const circuitRelayServer: () => object;
  export const circuitRelayTransport: () => object;
}
declare module '@libp2p/identify' { export const identify: () => object; }
declare module '@libp2p/dcutr' { export const dcutr: () => object; }
declare module '@libp2p/webrtc' { export const webRTC: () => object; }
declare module '@libp2p/websockets' { export const webSockets: () => object; }
declare module '@libp2p/tcp' { export const tcp: () => object; }
declare module '@multiformats/multiaddr' {
  export function multiaddr(text: string): import('rxmesh/transports/libp2p').Libp2pAddress;
}
declare module 'libp2p' {
  export function createLibp2p(
    options: {
      readonly addresses?: {
        readonly listen: readonly string[];
        announceFilter?(all: { toString(): string }[]): object[];
      };
      readonly [name: string]: unknown;
    },
  ): Promise<import('rxmesh/transports/libp2p').Libp2pNode>;
}
`;

/** Names that the context has, and a package too. */
const own = new Set(['identity', 'clock', 'self', 'node', 'open', 'root', 'scheduler']);

/**
 * What the compiler has against examples, by their places. Those of `complete` pages import all
 * that they use, but for what the context names. The others need not: the compiler imports it.
 */
export function complaintsAbout(
  examples: readonly Fence[],
  complete: (place: string) => boolean,
): ReadonlyMap<string, readonly string[]> {
  const compiler = new Compiler();
  const prelude = preludeFrom(compiler);
  const files = new Map(examples.map((example, i) => [fileOf(example, i), example] as const));
  const texts = [...files].map(([file, { place, text }]) => {
    if (complete(place)) return [file, `${text}export {};\n`] as const;
    // In a block, an example may have names of its own for what the context names already.
    return [file, /^import /m.test(text) ? text : `${prelude}{\n${text}}\n`] as const;
  });
  const globals = [`${root}spec/docs/example-globals.ts`, globalsFrom(prelude)] as const;
  const ambient = [`${root}spec/docs/modules.d.ts`, modules] as const;
  const program = compiler.programOf(new Map([...texts, globals, ambient]));
  return new Map(
    [...files].map(([file, { place }]) => {
      const source = program.getSourceFile(file);
      const faults = [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ];
      return [place, faults.map((each) => ts.flattenDiagnosticMessageText(each.messageText, ' '))];
    }),
  );
}

/**
 * Where the compiler thinks that an example is. One that has a name is beside the others of its
 * page, so that it can import them.
 */
function fileOf({ place, info }: Fence, i: number): string {
  const name = fileNameOf(info);
  const page = place.replace(/:\d+$/, '');
  if (name === undefined) return `${root}spec/docs/example-${i}.ts`;
  return `${root}spec/docs/${page}/${name.replace(/\.(?:mjs|cjs|js)$/, '.ts')}`;
}

/** The context as names that stand everywhere, and that an example may take for others. */
function globalsFrom(prelude: string): string {
  const imports = prelude.slice(0, prelude.indexOf('declare '));
  const declared = prelude.slice(imports.length).replaceAll('declare ', '');
  return `${imports}declare global {\n${declared}}\n`;
}

/** Makes programs of texts that are no files; reads the files that they import once. */
class Compiler {
  readonly #options = compilerOptions();
  readonly #sources = new Map<string, ts.SourceFile | undefined>();

  programOf(texts: ReadonlyMap<string, string>): ts.Program {
    const files = ts.createCompilerHost(this.#options);
    const directories = new Set([...texts.keys()].map((file) => posix.dirname(file)));
    const host: ts.CompilerHost = {
      ...files,
      fileExists: (file) => texts.has(file) || files.fileExists(file),
      directoryExists: (path) => directories.has(path) || ts.sys.directoryExists(path),
      getSourceFile: (file, version, ...rest) => {
        const text = texts.get(file);
        if (text !== undefined) return ts.createSourceFile(file, text, version);
        if (!this.#sources.has(file)) {
          this.#sources.set(file, files.getSourceFile(file, version, ...rest));
        }
        return this.#sources.get(file);
      },
    };
    return ts.createProgram([...texts.keys()], this.#options, host);
  }
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(`${root}tsconfig.base.json`, (file) =>
    ts.sys.readFile(file),
  ) as { readonly config: object };
  const { options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  if (errors.length > 0) throw new Error('tsconfig.base.json cannot be read');
  return {
    ...options,
    types: ['node'],
    skipLibCheck: true,
    declaration: false,
    isolatedDeclarations: false,
    isolatedModules: false,
    // The prelude does not know which names are types.
    verbatimModuleSyntax: false,
    // An example shows what one gets, and need not use it.
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
}

/** Imports of all that the packages export, and the context. */
function preludeFrom(compiler: Compiler): string {
  const file = `${root}spec/docs/example-prelude.ts`;
  const text = packages.map((name, i) => `import * as p${i} from '${name}';`).join('\n');
  const program = compiler.programOf(new Map([[file, text]]));
  const checker = program.getTypeChecker();
  const taken = new Set(own);
  const imports = program.getSourceFile(file)?.statements.map((statement, i) => {
    if (!ts.isImportDeclaration(statement)) throw new TypeError('the prelude imports');
    const module = checker.getSymbolAtLocation(statement.moduleSpecifier);
    if (module === undefined) throw new Error(`${packages[i] ?? ''} is not found`);
    const names = checker.getExportsOfModule(module).map(({ name }) => name);
    const fresh = names.filter((name) => !taken.has(name));
    for (const name of fresh) taken.add(name);
    return `import { ${fresh.join(', ')} } from '${packages[i] ?? ''}';\n`;
  });
  return (imports ?? []).join('') + context;
}
