import { describe, expect, it } from '@jest/globals';
import { RxmeshError, toRxmeshError } from '../../lib/model/error.ts';
import { printable, quote } from '../../lib/model/quote.ts';

describe('a text from outside', () => {
  it.each([
    ['an escape that sets the title of a terminal', '\u001b]0;own\u0007', '\\u001b]0;own\\u0007'],
    ['a control of the second set', '\u009b2J', '\\u009b2J'],
    ['a change of direction', 'a\u202eb', 'a\\u202eb'],
    ['line breaks', 'a\nb\u2028c', 'a\\u000ab\\u2028c'],
    ['a format character beyond the basic plane', '\u{e0041}', '\\udb40\\udc41'],
    ['what is harmless', 'Grüße, 世界 🎉', 'Grüße, 世界 🎉'],
  ])('is printed without %s', (_, text, printed) => {
    expect(printable(text)).toBe(printed);
  });

  it('is quoted, escaped, and cut after 80 characters', () => {
    expect(quote('say "hi"\u202e')).toBe('"say \\"hi\\"\\u202e"');
    expect(quote('x'.repeat(81))).toBe(`"${'x'.repeat(80)}…"`);
  });

  it('does not reach a log through the message of an error', () => {
    const thrown = new SyntaxError('Unexpected token \u001b');
    const { message } = toRxmeshError(thrown, 'RXMESH_DECODE_FAILED', 'a message');
    expect(message).toBe('a message: Unexpected token \\u001b');
    expect(
      toRxmeshError(new RxmeshError('RXMESH_OVERFLOW', 'own words'), 'RXMESH_DECODE_FAILED', ''),
    ).toMatchObject({ code: 'RXMESH_OVERFLOW', message: 'own words' });
  });
});
