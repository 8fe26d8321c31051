import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fitting } from '../../lib/exchange/fitting.ts';
import { exchangeCodec, messageBytesMax } from '../../lib/exchange/messages.ts';

const bytesOf = (addresses: readonly string[]): number =>
  exchangeCodec.encode({ kind: 'answer', addresses }).length;

describe('the addresses of an answer', () => {
  it('fit a message, however long they are', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 1_400 }), { maxLength: 100 });
    fc.assert(
      fc.property(lengths, (each) => {
        const addresses = each.map((length) => 'x'.repeat(length));
        const fit = fitting(addresses, messageBytesMax);
        expect(bytesOf(fit)).toBeLessThanOrEqual(messageBytesMax);
        expect(fit).toEqual(addresses.slice(0, fit.length));
        if (fit.length === addresses.length) return;
        // No more than one in fifty is left out for nothing.
        const more = addresses.slice(0, fit.length + 2 + Math.ceil(fit.length / 50));
        expect(bytesOf(more)).toBeGreaterThan(messageBytesMax - 1_400);
      }),
    );
  });

  it('are all there if they have a usual length', () => {
    const addresses = Array.from({ length: 100 }, () => `ws://${'a'.repeat(40)}@192.0.2.1:4000`);
    expect(fitting(addresses, messageBytesMax)).toBe(addresses);
  });
});
