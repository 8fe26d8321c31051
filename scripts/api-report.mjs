/**
 * Writes the public API, taken from the declarations in `dist`, to etc/rxmesh.api.md, so that
 * changes to it are visible in review.
 *
 *     node scripts/api-report.mjs [--check]
 *
 * `--check` writes nothing, and fails if the committed report differs.
 *
 * One report covers all entry points. Exports of `rxmesh` are marked `export`; the namespace
 * `operators` lists the exports of `rxmesh/operators`, and so on. A warning about a forgotten
 * export marks a type that the API uses but no entry point exports.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { format, resolveConfig } from 'prettier';

const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const committed = `etc/${manifest.name}.api.md`;

/**
 * Declares one module with the exports of all entry points, because API Extractor accepts only one.
 */
function declareAll(directory) {
  const lines = Object.entries(manifest.exports)
    .filter(([, target]) => target.types !== undefined)
    .map(([entry, { types }]) => {
      const file = join(root, types);
      if (!existsSync(file)) throw new Error(`${types} is missing: run "npm run build" first`);
      // `./transports/memory` becomes `transports_memory`.
      const namespace = entry.slice(2).replaceAll(/\W/g, '_');
      const as = namespace === '' ? '' : ` as ${namespace}`;
      return `export *${as} from ${JSON.stringify(file.replace(/\.d\.ts$/, '.js'))};\n`;
    });
  const path = join(directory, `${manifest.name}.d.ts`);
  writeFileSync(path, lines.join(''));
  return path;
}

/**
 * Only messages that belong in the report or would make it wrong. The doc comments are not TSDoc.
 */
const messages = {
  compilerMessageReporting: { default: { logLevel: 'error' } },
  extractorMessageReporting: {
    default: { logLevel: 'none' },
    'ae-forgotten-export': { logLevel: 'warning', addToApiReportFile: true },
    'ae-wrong-input-file-type': { logLevel: 'error' },
  },
  tsdocMessageReporting: { default: { logLevel: 'none' } },
};

/** Runs API Extractor in `directory`. @returns {string} the report */
function extract(directory) {
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: declareAll(directory),
      compiler: {
        overrideTsconfig: {
          extends: './tsconfig.build.json',
          // The condition `source` would resolve `#platform/...` to sources in lib/.
          compilerOptions: { customConditions: [] },
        },
      },
      newlineKind: 'lf',
      apiReport: {
        enabled: true,
        reportFileName: basename(committed),
        reportFolder: directory,
        reportTempFolder: directory,
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages,
    },
  });
  const { errorCount } = Extractor.invoke(config, {
    localBuild: true,
    messageCallback(message) {
      if (message.logLevel === 'error') console.error(message.formatMessageWithLocation(root));
      message.handled = true;
    },
  });
  if (errorCount > 0) throw new Error('the declarations have errors, see above');
  return readFileSync(join(directory, basename(committed)), 'utf8');
}

/**
 * Removes doc comments and remarks on them, which are not part of the API, and breaks long lines
 * for better diffs.
 */
async function tidy(report) {
  const bare = report
    .replaceAll(/\/\*\*.*?\*\/\s*/gs, '')
    .replaceAll(/^ *\/\/(?: @public)?(?: \(undocumented\))?\n/gm, '');
  return format(bare, { ...(await resolveConfig(join(root, committed))), parser: 'markdown' });
}

function check(report, directory) {
  if (existsSync(join(root, committed))) {
    if (report === readFileSync(join(root, committed), 'utf8')) return;
    const built = join(directory, 'built.api.md');
    writeFileSync(built, report);
    spawnSync('git', ['--no-pager', 'diff', '--no-index', committed, built], {
      cwd: root,
      stdio: 'inherit',
    });
  }
  console.error(`The public API is not as ${committed} has it.`);
  console.error('If the change is meant, run "npm run api" and commit the result.');
  process.exitCode = 1;
}

const { values } = parseArgs({ options: { check: { type: 'boolean' } } });
const directory = mkdtempSync(join(tmpdir(), 'api-'));
try {
  const report = await tidy(extract(directory));
  if (values.check === true) check(report, directory);
  else {
    mkdirSync(dirname(join(root, committed)), { recursive: true });
    writeFileSync(join(root, committed), report);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
