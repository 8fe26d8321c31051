import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { notesOf, released } from '../../scripts/changelog.mjs';

const changelog = `# Changelog

## [Unreleased]

### Added

- Two things.

## [0.1.0] - 2026-11-28

- One thing.
`;

describe('CHANGELOG.md', () => {
  it('makes what is unreleased a version, and leaves room for more', () => {
    const text = released(changelog, '0.2.0', '2026-11-29');
    expect(text).toContain('## [Unreleased]\n\n## [0.2.0] - 2026-11-29\n\n### Added\n');
    expect(notesOf(text, '0.2.0')).toBe('### Added\n\n- Two things.');
    expect(notesOf(text, '0.1.0')).toBe('- One thing.');
  });

  it('is not a release when nothing is unreleased', () => {
    const text = released(changelog, '0.2.0', '2026-11-29');
    expect(() => released(text, '0.3.0', '2026-11-30')).toThrow('nothing under Unreleased');
  });

  it('has each version once', () => {
    expect(() => released(changelog, '0.1.0', '2026-11-29')).toThrow('has 0.1.0 already');
    expect(() => notesOf(changelog, '0.1')).toThrow('no notes for 0.1');
    expect(() => notesOf(changelog, '0.2.0')).toThrow('no notes for 0.2.0');
  });

  it('of this repository has something to release', () => {
    const text = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8');
    expect(notesOf(text, 'Unreleased')).toContain('### ');
  });
});
