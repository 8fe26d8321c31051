/** Packs the library into `directory`, as `npm publish` would: `prepack` builds it first. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** @returns {string} the path of the tarball */
export function pack(root, directory) {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', directory], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const listed = execFileSync('npm', ['pkg', 'get', 'name', 'version'], { cwd: root });
  const { name, version } = JSON.parse(listed.toString());
  return join(directory, `${name}-${version}.tgz`);
}
