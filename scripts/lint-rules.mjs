/**
 * Lint rules specific to this repository:
 *
 * - `import-down`: imports point down the layers in docs/architecture.md
 * - `documented-exports`: every exported declaration has a doc comment
 * - `no-wall-clock`: nothing reads the system's date, which can be changed at any time
 */
import { dirname, join, relative, sep } from 'node:path';

/** The layers, lowest first. Directories on the same layer must not import each other. */
const floors = [
  ['lib/platform'],
  ['lib/model'],
  ['lib/flow', 'lib/codec'],
  ['lib/transport'],
  ['lib/secure', 'lib/peers'],
  ['lib/session'],
  ['lib/channel'],
  ['operators'],
  ['lib/exchange'],
  ['lib/router'],
  ['lib'],
  ['lib/frames'],
  ['lib/testing', 'lib/calls', 'lib/deliveries', 'lib/gossip', 'lib/metrics'],
  ['lib/inspect'],
  ['lib/cli'],
];

/** These stand on what users have, which proves that this suffices. */
const onPublic = ['lib/calls', 'lib/deliveries', 'lib/gossip', 'lib/metrics'];
/** What they may import besides their own directory. */
const publicOnly =
  /^(?:\.\/|\.\.\/frames\/|\.\.\/index\.ts$|\.\.\/\.\.\/operators\/index\.ts$|#platform\/)/;

/** What a concrete transport may import besides its own directory. */
const belowTransports = ['lib/platform', 'lib/model', 'lib/flow', 'lib/transport', 'lib/secure'];

const platformPackages = /^(?:node:|ws$)/;
const platformFile = /\.node\.ts$/;
/** An entry point for users; in the package, only the command line imports it. */
const wholeProtobufjs = 'lib/protobufjs.ts';

/** The `#imports` of package.json, and their directories. */
const aliases = [
  ['#platform/', 'lib/platform'],
  ['#websocket', 'transports/websocket'],
  ['#inspect-page', 'lib/inspect'],
  ['#inspect-overlay', 'lib/inspect'],
];

/**
 * The directory that determines the layer: `lib/peers`, `lib`, `operators`, `transports/memory`.
 */
function placeOf(path) {
  const [top, second] = path.split('/');
  if (top === 'operators') return 'operators';
  if (top !== 'lib' && top !== 'transports') return undefined;
  return second?.includes('.') ? top : `${top}/${second}`;
}

function targetOf(file, specifier) {
  if (specifier.startsWith('.')) {
    return placeOf(join(dirname(file), specifier).replaceAll(sep, '/'));
  }
  return aliases.find(([prefix]) => specifier.startsWith(prefix))?.[1];
}

const floorOf = (place) => floors.findIndex((floor) => floor.includes(place));

function mayImport(from, to) {
  if (from === to) return true;
  if (from.startsWith('transports/')) return belowTransports.includes(to);
  // The test kit, the inspector and the command line may import everything below.
  if (to.startsWith('transports')) return ['lib/testing', 'lib/inspect', 'lib/cli'].includes(from);
  if (floorOf(from) === -1 || floorOf(to) === -1) return false;
  return floorOf(to) < floorOf(from);
}

function problemOf(file, specifier) {
  if (platformPackages.test(specifier) && !platformFile.test(file)) return 'platform';
  if (specifier === 'rxmesh' || specifier.startsWith('rxmesh/')) return 'self';
  if (/^protobufjs(?!\/minimal\.js$)/.test(specifier) && file !== wholeProtobufjs)
    return 'protobufjs';
  const from = placeOf(file);
  const to = targetOf(file, specifier);
  if (onPublic.includes(from) && to !== undefined && !publicOnly.test(specifier)) return 'inside';
  if (specifier.startsWith('.') && to === undefined) return 'outside';
  return from === undefined || to === undefined || mayImport(from, to) ? undefined : 'up';
}

const importDown = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      up: '"{{specifier}}" is out of reach from here: an import points down, see docs/architecture.md',
      inside:
        '"{{specifier}}" is not public: only lib/index.ts and operators/index.ts may be imported here',
      outside: '"{{specifier}}" is not part of the package',
      self: 'import "{{specifier}}" by its relative path: only its users know the package by name',
      platform: '"{{specifier}}" is Node: only *.node.ts may import it',
      protobufjs: 'import "protobufjs/minimal.js": the full library generates code with eval',
    },
  },
  create(context) {
    const file = relative(context.cwd, context.filename).replaceAll(sep, '/');
    const check = (node) => {
      const specifier = node?.value ?? node?.literal?.value;
      if (typeof specifier !== 'string') return;
      const messageId = problemOf(file, specifier);
      if (messageId !== undefined) context.report({ node, messageId, data: { specifier } });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (node) => check(node.source ?? node.argument),
    };
  },
};

const documentedExports = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { missing: 'an export has a doc comment: shapes, units, defaults, errors' },
  },
  create(context) {
    const isDoc = (comment) => comment.type === 'Block' && comment.value.startsWith('*');
    return {
      ExportNamedDeclaration(node) {
        const { declaration } = node;
        if (declaration === null) return;
        const siblings = node.parent.body;
        const before = siblings[siblings.indexOf(node) - 1]?.declaration;
        // The first signature of an overloaded function documents all of them.
        if (before?.type === 'TSDeclareFunction' && before.id?.name === declaration.id?.name)
          return;
        if (!context.sourceCode.getCommentsBefore(node).some(isDoc)) {
          context.report({ node: declaration, messageId: 'missing' });
        }
      },
    };
  },
};

const globalNames = ['globalThis', 'window', 'self', 'global'];
/** RxJS schedulers (with their old names) and providers that use the date as their time. */
const dated =
  /^(?:Scheduler|(?:async|asap|queue|animationFrame)(?:Scheduler)?|dateTimestampProvider)$/;
/** RxJS operators that use the date, and the internal `dateTimestampProvider`. */
const datedImports = /^(?:timestamp|timeInterval|dateTimestampProvider)$/;

const noWallClock = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { wall: 'the date may be set at any moment: measure with the injected Clock' },
  },
  create(context) {
    const schedulers = new Set();
    const report = (node) => context.report({ node, messageId: 'wall' });
    return {
      ImportDeclaration({ source, specifiers }) {
        if (!/^rxjs(?:\/|$)/.test(source.value)) return;
        for (const specifier of specifiers) {
          const name = specifier.imported?.name ?? '';
          if (datedImports.test(name)) report(specifier);
          else if (dated.test(name)) schedulers.add(specifier.local.name);
        }
      },
      MemberExpression(node) {
        const name = node.computed ? node.property.value : node.property.name;
        if (name === 'timeOrigin') report(node);
        if (node.object.type !== 'Identifier') return;
        if (name === 'Date' && globalNames.includes(node.object.name)) report(node);
        if (name === 'now' && schedulers.has(node.object.name)) report(node);
      },
      'Program:exit'(program) {
        const scope = context.sourceCode.getScope(program);
        const known = scope.set.get('Date');
        const references = known?.defs.length === 0 ? known.references : scope.through;
        for (const { identifier, isTypeReference } of references) {
          if (identifier.name === 'Date' && isTypeReference !== true) report(identifier);
        }
      },
    };
  },
};

export default {
  meta: { name: 'rxmesh' },
  rules: {
    'import-down': importDown,
    'documented-exports': documentedExports,
    'no-wall-clock': noWallClock,
  },
};
