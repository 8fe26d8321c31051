import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseNodeId } from '../../lib/model/id.ts';
import { prefers } from '../../lib/peers/tie-break.ts';
import { id } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

const nodeId = fc.stringMatching(/^[0-9a-f]{40}$/).map(parseNodeId);

describe('prefers', () => {
  it('keeps the link dialed by the node with the lower id', () => {
    expect(prefers(id('1'), id('2'), 'outbound')).toBe(true);
    expect(prefers(id('1'), id('2'), 'inbound')).toBe(false);
    expect(prefers(id('2'), id('1'), 'inbound')).toBe(true);
    expect(prefers(id('2'), id('1'), 'outbound')).toBe(false);
  });

  it('orders ids by their first different digit, digits before letters', () => {
    const digitFirst = parseNodeId(`9${id('f').slice(1)}`);
    const letterFirst = parseNodeId(`a${id('0').slice(1)}`);
    expect(prefers(digitFirst, letterFirst, 'outbound')).toBe(true);
  });

  it('gives both ends the same answer for the same link, and keeps exactly one of two', () => {
    fc.assert(
      fc.property(nodeId, nodeId, (a, b) => {
        fc.pre(a !== b);
        expect(prefers(a, b, 'outbound')).toBe(prefers(b, a, 'inbound'));
        expect(prefers(a, b, 'outbound')).not.toBe(prefers(a, b, 'inbound'));
      }),
    );
  });
});

trackLeaks();
