import { relative, sep } from 'node:path';
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';

/**
 * The site's navigation: the pages under each heading, in order. A page that is missing here fails
 * the build, so none can be forgotten.
 */
const pages = {
  Start: ['docs/start', 'docs/concepts', 'docs/guide', 'docs/faq'],
  Recipes: [
    'request-response',
    'worker-pool',
    'file-transfer',
    'batching',
    'windows',
    'dashboard',
    'relay',
    'dedupe',
    'protobuf',
    'reconnect',
    'stopping',
    'browser',
    'https',
    'reverse-proxy',
    'docker',
    'testing',
    'runtimes',
  ].map((name) => `docs/recipes/${name}`),
  Reference: [
    'docs/calls',
    'docs/deliveries',
    'docs/gossip',
    'docs/peers',
    'docs/cli',
    'docs/operating',
    'docs/inspector',
    'docs/testing',
    'docs/events',
    'docs/errors',
    'docs/limits',
    'docs/wire',
    'docs/comet',
    'docs/libp2p',
    'docs/farther',
  ],
  Design: [
    'docs/architecture',
    'docs/backpressure',
    'docs/security',
    'docs/performance',
    'bench/README',
    'bench/results/report',
  ],
};

/** Entry points with their module names. */
const modules = {
  lib: 'rxmesh',
  operators: 'rxmesh/operators',
  'transports/comet': 'rxmesh/transports/comet',
  'transports/libp2p': 'rxmesh/transports/libp2p',
  'transports/memory': 'rxmesh/transports/memory',
  'transports/websocket': 'rxmesh/transports/websocket',
  'lib/calls': 'rxmesh/calls',
  'lib/deliveries': 'rxmesh/deliveries',
  'lib/gossip': 'rxmesh/gossip',
  'lib/metrics': 'rxmesh/metrics',
  'lib/inspect': 'rxmesh/inspect',
  'lib/inspect/overlay/index.web': 'rxmesh/inspect/overlay',
  'lib/protobufjs': 'rxmesh/protobufjs',
  'lib/testing': 'rxmesh/testing',
  'lib/testing/tcp': 'rxmesh/testing/tcp',
};

const places = new Map(
  Object.entries(pages).flatMap(([group, names], at) =>
    names.map((name, order) => [name, { group, order: at * 100 + order }]),
  ),
);

/**
 * A TypeDoc plugin: groups the pages, titles each with its first heading, and gives modules the
 * names that programs import. The pages themselves stay plain Markdown.
 *
 * @param {import('typedoc').Application} app
 */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const documents = project.getReflectionsByKind(ReflectionKind.Document);
    for (const page of documents) place(page, project.files.getReflectionPath(page));
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      module.name = modules[module.name] ?? module.name;
      module.comment ??= new Comment();
      module.comment.blockTags.push(new CommentTag('@group', [{ kind: 'text', text: 'API' }]));
    }
    project.documents?.sort((one, other) => orderOf(one) - orderOf(other));
  });
}

/** @param {import('typedoc').DocumentReflection} page */
function place(page, file) {
  const name = relative('', file).split(sep).join('/').replace(/\.md$/, '');
  const found = places.get(name);
  if (found === undefined) throw new Error(`${name}.md has no place in scripts/typedoc.mjs`);
  page.frontmatter.group = found.group;
  page.frontmatter.order = found.order;
  const [first] = page.content;
  page.name = /^# (.*)$/m.exec(first.text)?.[1].replaceAll('`', '') ?? page.name;
}

const orderOf = (page) => page.frontmatter.order;
