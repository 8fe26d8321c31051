/** CHANGELOG.md, in the format of Keep a Changelog. */

const unreleased = '## [Unreleased]';

/** The text under a heading, up to the next version; undefined if there is no such heading. */
function sectionOf(text, heading) {
  const [, behind] = text.split(`\n${heading}`);
  return behind
    ?.split(/\n## |\n\[/)[0]
    .replace(/^[^\n]*/, '')
    .trim();
}

/** The release notes of a version. @throws if the changelog has none */
export function notesOf(text, version) {
  const notes = sectionOf(text, `## [${version}]`);
  if (!notes) throw new Error(`CHANGELOG.md has no notes for ${version}`);
  return notes;
}

/**
 * Moves the unreleased notes to a new version.
 *
 * @param date such as `2026-11-29`
 * @throws if there are no unreleased notes, or the version already exists
 */
export function released(text, version, date) {
  if (!sectionOf(text, unreleased)) throw new Error('CHANGELOG.md has nothing under Unreleased');
  if (sectionOf(text, `## [${version}]`) !== undefined) {
    throw new Error(`CHANGELOG.md has ${version} already`);
  }
  return text.replace(unreleased, () => `${unreleased}\n\n## [${version}] - ${date}`);
}
