/**
 * Does what the recipe for Docker says, without Docker: the steps of its Dockerfile in a directory
 * that stands for the image, with the packed library. Then it runs the program of the recipe,
 * pings it, stops it as `docker stop` does, and starts it again.
 *
 *     node scripts/docker-recipe.mjs [tarball]
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { pack } from './pack.mjs';

const root = join(import.meta.dirname, '..');
const recipe = readFileSync(join(root, 'docs', 'recipes', 'docker.md'), 'utf8');

/** The text of the block that begins like this. */
function block(info) {
  const [, text] = new RegExp(`^\`\`\`${info}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(recipe) ?? [];
  assert(text !== undefined, `docs/recipes/docker.md has no block ${info}`);
  return text;
}

const steps = block('dockerfile')
  .trim()
  .split('\n')
  .map((line) => /^([A-Z]+) (.*)$/.exec(line)?.slice(1) ?? assert.fail(`not a step: ${line}`));
const compose = block('yaml');
const ignored = block('text .dockerignore').trim().split('\n');

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return String(port);
}

/** The project of a user: the program, and the library as its dependency. */
function makeProject(directory, tarball, program) {
  mkdirSync(directory);
  const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const dependencies = { rxmesh: `file:${tarball}`, rxjs: peerDependencies.rxjs };
  const manifest = { name: 'shop', private: true, type: 'module', dependencies };
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(directory, 'service.js'), program);
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--silent'];
  execFileSync('npm', ['install', ...quiet], { cwd: directory, stdio: 'inherit' });
  // What must not get into an image.
  writeFileSync(join(directory, 'node_key.json'), 'the key of the developer');
  writeFileSync(join(directory, 'node_modules', 'of-another-system'), '');
}

/** Builds the "image"; returns its working directory and its command. */
function build(project, image, inImage) {
  let directory = image;
  let command = [];
  const actions = {
    FROM: (name) => assert.match(name, /^node:\d+-slim$/),
    WORKDIR: (path) => mkdirSync((directory = join(image, path)), { recursive: true }),
    COPY: (paths) => {
      for (const path of paths.split(' ').slice(0, -1)) copy(path);
    },
    // There is no user `node` here.
    RUN: (line) =>
      execFileSync('sh', ['-ec', inImage(line).replace(/chown node \S+/, 'true')], {
        cwd: directory,
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    USER: (name) => assert.equal(name, 'node'),
    VOLUME: (path) => assert(statSync(join(image, path)).isDirectory()),
    EXPOSE: (port) => assert(compose.includes(`'${port}:${port}'`)),
    CMD: (text) => (command = JSON.parse(text)),
  };
  const copy = (path) => {
    const filter = (file) => !ignored.some((name) => file === join(project, name));
    const to = path === '.' ? directory : join(directory, path);
    cpSync(join(project, path), to, { recursive: true, filter });
  };
  for (const [name, rest] of steps) {
    assert(name in actions, `unknown step ${name}`);
    actions[name](rest);
  }
  return { directory, command };
}

async function listens(port) {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect(Number(port), '127.0.0.1');
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
    await setTimeout(50);
  }
  assert.fail(`nothing listens on port ${port}`);
}

/** Runs the container once; returns the ID of the node. */
async function run({ directory, command: [file, ...args] }, data, port) {
  const child = spawn(file, args, { cwd: directory, stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = once(child, 'exit');
  try {
    await listens(port);
    const rxmesh = (...words) =>
      execFileSync(process.execPath, ['node_modules/.bin/rxmesh', ...words], {
        cwd: directory,
        encoding: 'utf8',
        timeout: 30_000,
      }).trim();
    const id = rxmesh('id', join(data, 'node_key.json'));
    const address = `ws://${id}@127.0.0.1:${port}`;
    assert.match(rxmesh('ping', address, '--network', 'shop', '--count', '1'), /is up/);
    const from = performance.now();
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null], 'SIGTERM should end it in order');
    const graceMs = Number(/stop_grace_period: (\d+)s/.exec(compose)?.[1]) * 1_000;
    assert(performance.now() - from < graceMs, 'it should end before Docker kills it');
    return id;
  } finally {
    child.kill('SIGKILL');
  }
}

const directory = mkdtempSync(join(tmpdir(), 'docker-'));
try {
  const tarball = process.argv[2] === undefined ? pack(root, directory) : resolve(process.argv[2]);
  const [project, image] = [join(directory, 'project'), join(directory, 'image')];
  const port = await freePort();
  const inImage = (text) => text.replaceAll('/data', join(image, 'data'));
  makeProject(project, tarball, inImage(block('js service.js')).replaceAll('4000', port));
  const built = build(project, image, inImage);
  assert.throws(() => statSync(join(built.directory, 'node_key.json')), { code: 'ENOENT' });
  assert.throws(() => statSync(join(built.directory, 'node_modules', 'of-another-system')));
  const data = join(image, 'data');
  const id = await run(built, data, port);
  assert.equal(await run(built, data, port), id, 'a new container should be the same node');
  console.log('docker: the recipe builds, runs, stops in order and keeps its identity');
} finally {
  rmSync(directory, { recursive: true, force: true });
}
