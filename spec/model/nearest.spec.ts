import { describe, expect, it } from '@jest/globals';
import { nearest } from '../../lib/model/nearest.ts';

const known = ['handshakeMs', 'dialMs', 'ttlMs', 'port', 'path', 'max', 'ms'];

describe('nearest', () => {
  it.each([
    ['handshakMs', 'handshakeMs', 'a letter is missing'],
    ['handshakeeMs', 'handshakeMs', 'there is one too many'],
    ['handshaqeMs', 'handshakeMs', 'one is another'],
    ['prot', 'port', 'two are swapped'],
    ['Max', 'max', 'the case differs'],
    ['handshakems', 'handshakeMs', 'the case of the unit differs'],
    ['ttl', 'ttlMs', 'the unit is missing'],
    ['msx', 'max', 'two are equally near: the first one'],
    ['pats', 'path', 'the nearest of several'],
  ])('%s is meant to be %s: %s', (text, meant) => {
    expect(nearest(text, known)).toBe(meant);
  });

  it.each(['size', 'time', 'po', 'x', '', 'handshake'.repeat(100)])('%j is none', (text) => {
    expect(nearest(text, known)).toBeUndefined();
  });

  it('knows nothing among no names', () => {
    expect(nearest('max', [])).toBeUndefined();
  });
});
